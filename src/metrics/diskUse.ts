import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { toError } from '../errors';
import { DATA_NAME, JOURNAL_NAME } from '../storage/lmdb/LmdbLogStore';

/** What a store takes of its disk and what is left, bytes; null where it has no directory. */
export interface DiskUse {
  readonly storeBytes: number | null;
  readonly freeBytes: number | null;
}

/** Looks at the directory of a store; null is a store in memory. */
export async function diskUse(directory: string | null): Promise<DiskUse> {
  if (directory === null) return { storeBytes: null, freeBytes: null };
  const [data, journal, disk] = await Promise.all([
    bytesOf(join(directory, DATA_NAME)),
    bytesOf(join(directory, JOURNAL_NAME)),
    statfs(directory),
  ]);
  // What is free for root alone is none for a node.
  return { storeBytes: data + journal, freeBytes: disk.bavail * disk.bsize };
}

/** A store that holds nothing yet has no files. */
async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    const { code }: NodeJS.ErrnoException = toError(thrown);
    if (code === 'ENOENT') return 0;
    throw thrown;
  }
}
