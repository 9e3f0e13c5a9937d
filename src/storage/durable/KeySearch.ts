import { hasKey, type Entry, type LogPoint } from '../../entry/Entry';
import type { Segments } from '../segments/Segments';
import type { CheckedEntries } from './CheckedEntries';

/** Finds logs by their key, from the end of a store on. */
export class KeySearch {
  constructor(
    private readonly segments: Segments,
    private readonly entries: CheckedEntries,
    /** Where the log begins. */
    private readonly start: { readonly floor: LogPoint },
  ) {}

  /** See {@link LogStore.lastOfKey}: looks into all that no closed segment holds, or into one that is closed. */
  step(key: Buffer, below: number): Entry | number {
    const { index, searchedTo } = this.segments.lastOfKey(key, below);
    const first = this.start.floor.index + 1;
    if (index < first) return Math.max(searchedTo, first);
    const entry = this.entries.entryAt(index);
    // Else it is another key with the same hash.
    return hasKey(entry, key) ? entry : index;
  }
}
