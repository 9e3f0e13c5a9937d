import { invariant } from '../errors';
import { EntryKind, entryHash, followsHash, GENESIS, type Entry, type LogPoint } from '../entry/Entry';
import type { HardState, LogStore, Membership } from './LogStore';

/** What every LogStore asserts before it writes: a caller that breaks its contract is a bug, and nothing is written. */

/** A node never becomes one again that holds nothing. */
export function checkMembership(
  store: LogStore,
  next: Membership,
): asserts next is Exclude<Membership, 'none'> {
  invariant(next !== 'none', () => `membership from '${store.membership}' back to 'none'`);
}

/** A node belongs to one cluster for as long as it has its data. */
export function checkIdentity(store: LogStore, next: string): void {
  checkMarked(store);
  invariant(
    /^[0-9a-f]{32}$/.test(next) && (store.identity === null || store.identity === next),
    () => `identity from ${String(store.identity)} to ${next}`,
  );
}

/** Term and vote: only in a marked store, and the term never goes back (Raft 5.1). */
export function checkHardState(store: LogStore, next: HardState): void {
  checkMarked(store);
  const { term } = store.hardState;
  invariant(
    Number.isSafeInteger(next.term) && next.term >= term,
    () => `hard state from term ${term} to ${next.term}`,
  );
}

/** An append: no gap in indexes and log numbers, terms in order, nothing committed removed (Raft 5.3, 5.4). */
export function checkAppend(store: LogStore, entries: readonly Entry[], commitIndex: number): void {
  checkMarked(store);
  const { commitIndex: committed } = store;
  const end = lastIndex(store);
  const first = entries[0]?.index ?? end + 1;
  invariant(
    first > committed && first <= end + 1,
    () => `append at ${first}; committed ${committed}, last ${end}`,
  );
  checkOrder(entries, first === end + 1 ? store.last : pointAt(store, first - 1));
  const last = first + entries.length - 1;
  invariant(
    Number.isSafeInteger(commitIndex) && commitIndex >= committed && commitIndex <= last,
    () => `commitIndex from ${committed} to ${commitIndex}; last ${last}`,
  );
}

/** A trim: to an entry of the log that is committed, and never back. */
export function checkTrim(store: LogStore, floor: LogPoint): void {
  checkMarked(store);
  const { commitIndex, floor: before } = store;
  const end = lastIndex(store);
  invariant(
    floor.index > before.index && floor.index <= commitIndex && floor.index < end,
    () => `trim to ${floor.index}; floor ${before.index}, committed ${commitIndex}, last ${end}`,
  );
  const own = store.entryAt(floor.index);
  invariant(
    own !== null && own.logNumber === floor.logNumber && entryHash(own).equals(entryHash(floor)),
    () => `trim to another entry at ${floor.index} than the log has`,
  );
}

/** A log that begins anew: behind a floor above all that is committed in it. */
export function checkBegin(store: LogStore, floor: LogPoint, entries: readonly Entry[]): void {
  checkMarked(store);
  const { commitIndex } = store;
  invariant(
    floor.index > commitIndex && entries.length > 0,
    () => `begin at ${floor.index} with ${entries.length} entries; committed ${commitIndex}`,
  );
  checkOrder(entries, floor);
}

/** What an entry behind this index follows on; null when the log does not reach there. */
export function pointAt(store: LogStore, index: number): LogPoint | null {
  return index === store.floor.index ? store.floor : store.entryAt(index);
}

/** Why an entry cannot follow on another (null: it is the log's first), its hash aside; null when it can. */
export function orderFault(entry: Entry, previous: LogPoint | null): string | null {
  const { index, logNumber, term } = previous ?? GENESIS;
  if (entry.index !== index + 1) return `position ${entry.index} follows on ${index}`;
  if (entry.term < term) return `term ${entry.term} follows on ${term}`;
  if (entry.logNumber !== logNumber + (entry.kind === EntryKind.Log ? 1 : 0))
    return `index ${entry.logNumber} follows on ${logNumber}`;
  return null;
}

/** As {@link orderFault}, its hash included. */
export function chainFault(entry: Entry, previous: LogPoint | null): string | null {
  const fault = orderFault(entry, previous);
  if (fault !== null) return fault;
  return followsHash(entry, previous) ? null : 'the hash is wrong';
}

/** As {@link chainFault}, for the entry at an index; null for what is before it: that is forgotten, and what it says. */
export function knownFault(entry: Entry, index: number, previous: LogPoint | null): string | null {
  return previous === null && entry.index === index ? null : chainFault(entry, previous);
}

/** The index of a store's last entry, 0 when it is empty. */
export function lastIndex(store: LogStore): number {
  return store.last?.index ?? 0;
}

function checkOrder(entries: readonly Entry[], after: LogPoint | null): void {
  let previous = after;
  for (const entry of entries) {
    const fault = orderFault(entry, previous);
    invariant(fault === null, () => String(fault));
    previous = entry;
  }
}

function checkMarked(store: LogStore): void {
  invariant(store.membership !== 'none', () => 'write in a store that is not marked');
}
