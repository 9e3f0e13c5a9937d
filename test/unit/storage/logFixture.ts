import fc from 'fast-check';
import { buildEntry, encodePayload, type Entry } from '../../../src/entry/Entry';

/** What one entry of a test's log is: empty, or a log with a value of so many bytes. */
export interface EntrySpec {
  readonly term: number;
  readonly empty?: boolean;
  readonly valueBytes?: number;
}

/** The entries of these specs, chained to `after` (null: the log's start). */
export function buildLog(specs: readonly EntrySpec[], after: Entry | null = null): Entry[] {
  const entries: Entry[] = [];
  let previous = after;
  for (const { term, empty = false, valueBytes = 5 } of specs) {
    const index = (previous?.index ?? 0) + 1;
    const logNumber = (previous?.logNumber ?? 0) + (empty ? 0 : 1);
    const id = { session: '00000000000000aa', nonce: index };
    previous = buildEntry(
      { index, term, logNumber, createdAt: 1_700_000_000_000 + index },
      empty ? null : encodePayload(id, 'key', 'v'.repeat(valueBytes)),
      previous,
    );
    entries.push(previous);
  }
  return entries;
}

/** So many logs of one term. */
export function logs(count: number, term = 1, valueBytes = 5): EntrySpec[] {
  return Array.from({ length: count }, () => ({ term, valueBytes }));
}

/** Any entries, at most so many; a value has at most as many bytes as one of these says. */
export function someSpecs(
  maxLength: number,
  valueBytes: readonly number[],
): fc.Arbitrary<Omit<EntrySpec, 'term'>[]> {
  const spec = fc.record<Omit<EntrySpec, 'term'>>({
    empty: fc.boolean(),
    valueBytes: fc.oneof(...valueBytes.map((max) => fc.nat(max))),
  });
  return fc.array(spec, { maxLength });
}

/** The one empty entry of a new leader. */
export function empty(term: number): EntrySpec {
  return { term, empty: true };
}
