import type { Entry } from '../../../../src/entry/Entry';
import type { LogStore } from '../../../../src/storage/LogStore';
import { MemoryLogStore, type StoreSnapshot } from '../../../../src/storage/MemoryLogStore';
import { applyWrite, type DiskWrite } from '../DiskWrite';

/**
 * What a store holds after a crash: what it held before the write that the crash came in, or what that write was to leave,
 * or a beginning of the entries that it brings. Null when it is none of these.
 */
export function foundAfterCrash(
  store: LogStore,
  before: StoreSnapshot,
  next: DiskWrite | undefined,
): StoreSnapshot | null {
  const entries = store.read(store.floor.index + 1, Infinity, Infinity);
  const { hardState, membership, identity, commitIndex, floor } = store;
  const found = { hardState, membership, identity, commitIndex, floor, entries };
  for (const outcome of outcomes(before, next)) if (isSame(found, outcome)) return outcome;
  return null;
}

function* outcomes(before: StoreSnapshot, next: DiskWrite | undefined): Generator<StoreSnapshot> {
  yield before;
  if (next === undefined) return;
  if (next.kind === 'append' && next.entries[0] !== undefined) {
    const kept = before.entries.slice(0, next.entries[0].index - 1 - before.floor.index);
    for (let count = 1; count <= next.entries.length; count++)
      yield { ...before, entries: [...kept, ...next.entries.slice(0, count)] };
  }
  if (next.kind === 'begin') {
    const { floor, entries } = next;
    for (let count = 1; count < entries.length; count++)
      yield { ...before, floor, commitIndex: floor.index, entries: entries.slice(0, count) };
  }
  const after = MemoryLogStore.from(before);
  applyWrite(after, next);
  yield after.snapshot();
}

function isSame(one: StoreSnapshot, other: StoreSnapshot): boolean {
  return (
    one.membership === other.membership &&
    one.identity === other.identity &&
    one.commitIndex === other.commitIndex &&
    one.floor.index === other.floor.index &&
    one.floor.bytes.equals(other.floor.bytes) &&
    one.hardState.term === other.hardState.term &&
    one.hardState.votedFor === other.hardState.votedFor &&
    isSameLog(one.entries, other.entries)
  );
}

function isSameLog(one: readonly Entry[], other: readonly Entry[]): boolean {
  return one.length === other.length && one.every(({ bytes }, at) => other[at]?.bytes.equals(bytes) === true);
}
