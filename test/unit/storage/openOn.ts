import { encodePoint } from '../../../src/entry/LogPoint';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import type { SegmentArchive } from '../../../src/storage/segments/ForgottenSegments';
import type { StoreDisk } from '../../../src/storage/StoreDisk';
import { STORE_LIMITS, type StoreLimits } from '../../../src/storage/StoreLimits';
import { indexesOfKey, KEYS } from './logFixture';
import { OWNER } from './owner';

/**
 * Steps so small that each store of a test takes many. A sync comes with each write: which part of its bytes a store draws
 * for itself changes nothing.
 */
export const SMALL_STEPS = { SEGMENT_SYNC_BYTES: 500, SEGMENT_WRITE_BYTES: 700, CLOSING_PACE: 2 };

/** Opens {@link OWNER}'s store on a disk that nobody else has. */
export function openOn(
  disk: StoreDisk,
  limits: StoreLimits = STORE_LIMITS,
  archive: SegmentArchive | null = null,
): DurableLogStore {
  return DurableLogStore.openOn(disk, OWNER, { release: () => undefined }, limits, archive);
}

/** All that a store on this disk answers. @throws what opening and reading throw. */
export function answersOn(disk: StoreDisk, limits: StoreLimits): string {
  const store = openOn(disk, limits);
  const { membership, identity, hardState, commitIndex, floor } = store;
  const entries = store
    .read(floor.index + 1, Infinity, Infinity)
    .map(({ bytes }) => bytes.toString('base64'));
  const numbers = entries.map((_, at) => store.indexOfLog(floor.logNumber + at + 1));
  const keys = KEYS.map((key) => indexesOfKey(store, key));
  store.close();
  return JSON.stringify({
    membership,
    identity,
    hardState,
    commitIndex,
    floor: encodePoint(floor).toString('hex'),
    entries,
    numbers,
    keys,
  });
}
