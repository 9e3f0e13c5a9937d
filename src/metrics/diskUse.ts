import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { toError } from '../errors';

/** What a store takes of its disk and what is left, bytes; null where it has no directory. */
export interface DiskUse {
  readonly storeBytes: number | null;
  readonly freeBytes: number | null;
}

/** Looks at the directory of a store; null is a store in memory. */
export async function diskUse(directory: string | null): Promise<DiskUse> {
  if (directory === null) return { storeBytes: null, freeBytes: null };
  const [storeBytes, disk] = await Promise.all([bytesIn(directory), statfs(directory)]);
  // What is free for root alone is none for a node.
  return { storeBytes, freeBytes: disk.bavail * disk.bsize };
}

/** The length of all files in a directory. */
async function bytesIn(directory: string): Promise<number> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  const lengths = await Promise.all(files.map(({ parentPath, name }) => bytesOf(join(parentPath, name))));
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** A file may be removed while it is looked for. */
async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    const { code }: NodeJS.ErrnoException = toError(thrown);
    if (code === 'ENOENT') return 0;
    throw thrown;
  }
}
