import type { Entry } from '../../entry/Entry';
import type { IndexRange } from './LmdbTables';

/**
 * The entries that are in the journal and not in lmdb yet. From their first index on they are the log, whatever lmdb
 * holds there. Example: lmdb holds 1 to 10, and a leader replaced 8 to 10 by 8 and 9: here are 8 and 9, and 8 to 10 of lmdb
 * are no longer valid. JOURNAL_BYTES limit them.
 */
export class UnappliedEntries {
  private list: Entry[] = [];
  private from: number;

  /** @param appliedTo the last index in lmdb. */
  constructor(private appliedTo: number) {
    this.from = appliedTo + 1;
  }

  get entries(): readonly Entry[] {
    return this.list;
  }

  /** The entries in lmdb that are replaced, and no longer valid. */
  get replaced(): IndexRange {
    return { from: this.from, to: this.appliedTo };
  }

  /** Whether the log at this index is here, and not in lmdb. */
  covers(index: number): boolean {
    return index >= this.from;
  }

  /** The entry at an index that is covered. */
  at(index: number): Entry | undefined {
    return this.list[index - this.from];
  }

  /** Adds entries, in place of all from the first one's index on. */
  add(entries: readonly Entry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    this.from = Math.min(this.from, first.index);
    this.list.length = first.index - this.from;
    for (const entry of entries) this.list.push(entry);
  }

  /** lmdb has them all. */
  applied(): void {
    this.appliedTo = this.from + this.list.length - 1;
    this.from = this.appliedTo + 1;
    this.list = [];
  }
}
