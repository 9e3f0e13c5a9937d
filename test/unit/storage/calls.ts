import { parseEntry, type Entry } from '../../../src/entry/Entry';
import type { HardState, LogStore, Membership } from '../../../src/storage/LogStore';

/** One call to a store, as data, so that it can be made in another process. */
export type Call =
  | { readonly name: 'setMembership'; readonly membership: Membership }
  | { readonly name: 'saveHardState'; readonly hardState: HardState }
  | { readonly name: 'append'; readonly entries: readonly string[]; readonly commitIndex: number };

export const asVoter: Call = { name: 'setMembership', membership: 'voter' };

export function saveTerm(term: number, votedFor: string | null = null): Call {
  return { name: 'saveHardState', hardState: { term, votedFor } };
}

export function append(entries: readonly Entry[], commitIndex: number): Call {
  return { name: 'append', entries: entries.map(({ bytes }) => bytes.toString('base64')), commitIndex };
}

export function make(store: LogStore, call: Call): void {
  if (call.name === 'setMembership') store.setMembership(call.membership);
  else if (call.name === 'saveHardState') store.saveHardState(call.hardState);
  else
    store.append(
      call.entries.map((bytes) => parseEntry(Buffer.from(bytes, 'base64'))),
      call.commitIndex,
    );
}
