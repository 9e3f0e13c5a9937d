import type { Entry, LogPoint } from '../../../src/entry/Entry';
import type { HardState, LogStore, Membership } from '../../../src/storage/LogStore';

/** One write, as it stands in the journal. */
export type DiskWrite =
  | { readonly kind: 'membership'; readonly membership: Membership }
  | { readonly kind: 'identity'; readonly identity: string }
  | { readonly kind: 'hardState'; readonly hardState: HardState }
  | { readonly kind: 'append'; readonly entries: readonly Entry[]; readonly commitIndex: number }
  | { readonly kind: 'seal' }
  | { readonly kind: 'trim'; readonly floor: LogPoint }
  | { readonly kind: 'begin'; readonly floor: LogPoint; readonly entries: readonly Entry[] };

/** Does one of the writes to a store. */
export function applyWrite(store: LogStore, write: DiskWrite): void {
  if (write.kind === 'membership') store.setMembership(write.membership);
  else if (write.kind === 'identity') store.setIdentity(write.identity);
  else if (write.kind === 'hardState') store.saveHardState(write.hardState);
  else if (write.kind === 'seal') store.seal();
  else if (write.kind === 'trim') store.trimTo(write.floor);
  else if (write.kind === 'begin') store.beginAt(write.floor, write.entries);
  else store.append(write.entries, write.commitIndex);
}
