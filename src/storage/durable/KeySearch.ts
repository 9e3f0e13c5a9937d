import { hasKey, type Entry } from '../../entry/Entry';
import type { Segments } from '../segments/Segments';
import type { CheckedEntries } from './CheckedEntries';

/** Finds logs by their key, from the end of a store on. */
export class KeySearch {
  constructor(
    private readonly segments: Segments,
    private readonly entries: CheckedEntries,
  ) {}

  /** See {@link LogStore.lastOfKey}: looks into all that no closed segment holds, or into one that is closed. */
  step(key: Buffer, below: number): Entry | number {
    const { index, searchedTo } = this.segments.lastOfKey(key, below);
    if (index === 0) return searchedTo;
    const entry = this.entries.entryAt(index);
    // Else it is another key with the same hash.
    return hasKey(entry, key) ? entry : index;
  }
}
