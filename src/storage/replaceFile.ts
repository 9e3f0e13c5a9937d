import type { StoreDisk } from './StoreDisk';

/** Replaces the content of a file beside the marker: after a crash at any moment it has the old or the new content, whole. */
export function replaceFile(disk: StoreDisk, name: string, content: string): void {
  const bytes = Buffer.from(content);
  const temporary = `${name}.new`;
  const file = disk.create(temporary);
  try {
    file.write(bytes, 0, bytes.length);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, name);
  disk.syncNames('');
}
