import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from '../storage/directory/durableFile';

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
  const lengths = await Promise.all(files.map(({ parentPath, name }) => sizeOf(join(parentPath, name))));
  // A file may be removed while it is looked for.
  return lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0);
}
