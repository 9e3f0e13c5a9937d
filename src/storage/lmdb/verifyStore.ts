import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError } from '../../errors';
import { VERIFY_STEP_BYTES } from '../../limits';
import { CheckedEntries } from './CheckedEntries';
import { damaged } from '../damage';
import { DataFile } from './DataFile';
import { DirectoryLock } from '../directory/DirectoryLock';
import { entryHash, GENESIS_HASH } from '../../entry/Entry';
import { DATA_NAME, LmdbLogStore } from './LmdbLogStore';
import { LmdbTables } from './LmdbTables';
import { readStoreOwner } from '../directory/MarkerFile';
import { asStoreFailed } from '../unusable';

/** What a whole store holds. */
export interface VerifiedStore {
  /** Entries, the empty ones of leaders too. */
  readonly entries: number;
  /** Logs, as people count them. */
  readonly logs: number;
  /** The last entry's hash, which covers all before it; zeros when there is none. */
  readonly headHash: string;
  /** Bytes of the entries that were read. */
  readonly bytes: number;
}

/** How far a check is. */
export interface VerifyProgress {
  readonly index: number;
  readonly last: number;
  readonly bytes: number;
}

/**
 * Checks every entry of a stopped node's store, from the first to the last, and what the store says of them.
 * Synchronous for as long as it reads; what a crash left in the journal goes to LMDB then. LMDB may end the process by
 * a signal on a damaged file (HAZARDS, lmdb 2): run it in a process of its own.
 *
 * @throws StartError DATA_LOCKED (its node runs), DATA_DAMAGED (names the first bad entry), DATA_FOREIGN (another
 * version's), STORE_FAILED (there is no store, or it cannot be opened, for which it must be writable).
 */
export async function verifyStore(
  given: string,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifiedStore> {
  const directory = resolve(given);
  try {
    return await verify(directory, onProgress);
  } catch (error) {
    throw asStoreFailed(error, `cannot check ${directory}, which needs to be locked and written to`);
  }
}

async function verify(
  directory: string,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifiedStore> {
  const owner = readStoreOwner(directory);
  if (owner === null)
    throw new StartError('STORE_FAILED', `${directory} holds no node's data: name one, like data/node-0`);
  const lock = await DirectoryLock.acquire(directory);
  let bytes: number;
  try {
    bytes = verifyEntries(join(directory, DATA_NAME), onProgress);
  } finally {
    lock.release();
  }
  // A start checks the rest: the journal, and that term, vote and commitIndex are there and fit the entries.
  const store = await LmdbLogStore.open({ directory, ...owner });
  const { last } = store;
  store.close();
  const headHash = last === null ? GENESIS_HASH : entryHash(last);
  return {
    entries: last?.index ?? 0,
    logs: last?.logNumber ?? 0,
    headHash: headHash.toString('hex'),
    bytes,
  };
}

/** Checks lmdb's part, and returns how many bytes of entries it holds. */
function verifyEntries(path: string, onProgress: (progress: VerifyProgress) => void): number {
  if (!existsSync(path)) throw damaged(path, 'is missing');
  const data = new DataFile(path);
  try {
    data.check();
    const tables = new LmdbTables(data);
    try {
      return walk(path, tables, onProgress);
    } finally {
      tables.close();
    }
  } finally {
    data.close();
  }
}

function walk(path: string, tables: LmdbTables, onProgress: (progress: VerifyProgress) => void): number {
  const checked = new CheckedEntries(path, (index) => tables.bytesAt(index));
  const last = tables.readLastIndex();
  let index = 0;
  let bytes = 0;
  while (index < last) {
    for (const entry of checked.read(index + 1, last, VERIFY_STEP_BYTES, last)) {
      index = entry.index;
      bytes += entry.bytes.length;
    }
    onProgress({ index, last, bytes });
  }
  return bytes;
}
