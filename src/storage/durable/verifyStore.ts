import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StartError } from '../../errors';
import { VERIFY_STEP_BYTES } from '../../limits';
import { entryHash, type LogPoint } from '../../entry/Entry';
import { DirectoryDisk } from '../directory/DirectoryDisk';
import { readStoreOwner } from '../directory/MarkerFile';
import { KEEP_FORGOTTEN } from '../segments/ForgottenSegments';
import { lastIndex } from '../storeRules';
import { asStoreFailed } from '../unusable';
import { DurableLogStore } from './DurableLogStore';

/** What a whole store holds. */
export interface VerifiedStore {
  /** What the first entry follows on: all up to it is trimmed. */
  readonly floor: LogPoint;
  /** How many entries there are behind the floor, the empty ones of leaders too. */
  readonly entries: number;
  /** How many of them are logs. */
  readonly logs: number;
  /** The last entry's hash, which covers all before it; zeros when there is none. */
  readonly headHash: string;
  /** Bytes of the entries that were read. */
  readonly bytes: number;
}

/** How far a check is: how many entries of how many are read, and their bytes. */
export interface VerifyProgress {
  readonly read: number;
  readonly entries: number;
  readonly bytes: number;
}

/**
 * Checks every entry of a stopped node's store, from the first that is not trimmed to the last, and what the store says of them.
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
  const owner = readStoreOwner(new DirectoryDisk(directory));
  if (owner === null)
    throw new StartError('STORE_FAILED', `${directory} holds no node's data: name one, like data/node-0`);
  const store = await DurableLogStore.open({ directory, ...owner, archive: KEEP_FORGOTTEN });
  try {
    const bytes = await walk(store, onProgress);
    const { floor } = store;
    const last = store.last ?? floor;
    return {
      floor,
      entries: last.index - floor.index,
      logs: last.logNumber - floor.logNumber,
      headHash: entryHash(last).toString('hex'),
      bytes,
    };
  } finally {
    store.close();
  }
}

/** Reads every entry, which checks it, then the indexes by key, and returns how many bytes the entries have. */
async function walk(store: DurableLogStore, onProgress: (progress: VerifyProgress) => void): Promise<number> {
  const { floor } = store;
  const last = lastIndex(store);
  let bytes = 0;
  for (let index = floor.index; index < last;) {
    for (const entry of store.read(index + 1, VERIFY_STEP_BYTES, last)) {
      index = entry.index;
      bytes += entry.bytes.length;
    }
    onProgress({ read: index - floor.index, entries: last - floor.index, bytes });
    await nextTurn();
  }
  for (let next: number | null = floor.index + 1; next !== null; next = store.checkKeys(next))
    await nextTurn();
  return bytes;
}
