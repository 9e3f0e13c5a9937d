import fc from 'fast-check';
import { KEY_BYTES_MAX } from '../../../src/limits';
import { buildEntry, encodePayload, type Entry, type LogPoint } from '../../../src/entry/Entry';
import type { LogStore } from '../../../src/storage/LogStore';

/** What one entry of a test's log is: empty, or a log of a key, 'key' by default, with a value of so many bytes. */
export interface EntrySpec {
  readonly term: number;
  readonly empty?: boolean;
  readonly key?: string;
  readonly valueBytes?: number;
}

/** The entries of these specs, chained to `after` (null: the log's start). */
export function buildLog(specs: readonly EntrySpec[], after: LogPoint | null = null): Entry[] {
  const entries: Entry[] = [];
  let previous: LogPoint | null = after;
  for (const { term, empty = false, key = 'key', valueBytes = 5 } of specs) {
    const index = (previous?.index ?? 0) + 1;
    const logNumber = (previous?.logNumber ?? 0) + (empty ? 0 : 1);
    const id = { session: '00000000000000aa', nonce: index };
    const entry = buildEntry(
      { index, term, logNumber, createdAt: 1_700_000_000_000 + index },
      empty ? null : encodePayload(id, key, 'v'.repeat(valueBytes)),
      previous,
    );
    entries.push(entry);
    previous = entry;
  }
  return entries;
}

/** So many logs of one term. */
export function logs(count: number, term = 1, valueBytes = 5): EntrySpec[] {
  return Array.from({ length: count }, () => ({ term, valueBytes }));
}

/** Some keys, the odd ones among them: of one byte, of a NUL, of many bytes a character, of the longest. */
export const KEYS = ['key', 'k', '\0', '\0\0', 'ключ', '🗝', 'a/b?c#d%20 "e"\n', 'k'.repeat(KEY_BYTES_MAX)];

/** The last log of a key below an index, by as many steps as that takes, of which each leads further. */
export function lastOfKey(store: LogStore, key: string, below: number): Entry | null {
  const bytes = Buffer.from(key);
  for (let at = below; at > store.floor.index + 1;) {
    const found = store.lastOfKey(bytes, at);
    if (typeof found !== 'number') return found;
    if (found >= at) throw new Error(`a step below ${at} leads to ${found}`);
    at = found;
  }
  return null;
}

/** The indexes of all logs of a key, the latest first. */
export function indexesOfKey(store: LogStore, key: string): number[] {
  const indexes: number[] = [];
  for (let found = lastOfKey(store, key, Infinity); found !== null;) {
    indexes.push(found.index);
    found = lastOfKey(store, key, found.index);
  }
  return indexes;
}

/** Any entries, at most so many; a value has at most as many bytes as one of these says. */
export function someSpecs(
  maxLength: number,
  valueBytes: readonly number[],
): fc.Arbitrary<Omit<EntrySpec, 'term'>[]> {
  const spec = fc.record<Omit<EntrySpec, 'term'>>({
    empty: fc.boolean(),
    key: fc.constantFrom(...KEYS.slice(0, -1)),
    valueBytes: fc.oneof(...valueBytes.map((max) => fc.nat(max))),
  });
  return fc.array(spec, { maxLength });
}

/** The one empty entry of a new leader. */
export function empty(term: number): EntrySpec {
  return { term, empty: true };
}
