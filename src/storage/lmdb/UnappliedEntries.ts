import type { Entry } from '../../entry/Entry';
import type { PositionRange } from './LmdbTables';

/**
 * The entries that are in the journal and not in lmdb yet: they stand for the log from their first position on, in
 * place of what lmdb holds there. JOURNAL_BYTES limit them.
 */
export class UnappliedEntries {
  private list: Entry[] = [];
  private from: number;

  /** @param appliedTo the last position in lmdb. */
  constructor(private appliedTo: number) {
    this.from = appliedTo + 1;
  }

  get entries(): readonly Entry[] {
    return this.list;
  }

  /** What lmdb holds in vain. */
  get replaced(): PositionRange {
    return { from: this.from, to: this.appliedTo };
  }

  /** Whether the log at this position is here, and not in lmdb. */
  covers(position: number): boolean {
    return position >= this.from;
  }

  /** The entry at a position that is covered. */
  at(position: number): Entry | undefined {
    return this.list[position - this.from];
  }

  /** Adds entries, in place of all from the first one's position on. */
  add(entries: readonly Entry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    this.from = Math.min(this.from, first.position);
    this.list.length = first.position - this.from;
    for (const entry of entries) this.list.push(entry);
  }

  /** lmdb has them all. */
  applied(): void {
    this.appliedTo = this.from + this.list.length - 1;
    this.from = this.appliedTo + 1;
    this.list = [];
  }
}
