import { invariant } from '../../errors';
import type { Entry } from '../../entry/Entry';

/**
 * The entries of a log that are in the journal and not in segments, in memory: those that are not committed, and those
 * that were committed since the journal's last turn. They are without a gap, and were checked before they came here.
 */
export class LogTail {
  private list: Entry[] = [];
  private sum = 0;

  /** @param from the index of the first one, were there one. */
  constructor(private from: number) {}

  get last(): Entry | null {
    return this.list.at(-1) ?? null;
  }

  /** Of its entries, together. */
  get bytes(): number {
    return this.sum;
  }

  get entries(): readonly Entry[] {
    return this.list;
  }

  at(index: number): Entry | undefined {
    // A negative place in an array is looked up by name, which takes many times as long.
    return index < this.from ? undefined : this.list[index - this.from];
  }

  /** Adds entries, in place of all from the first one's index on. */
  append(entries: readonly Entry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    const kept = first.index - this.from;
    invariant(
      kept >= 0 && kept <= this.list.length,
      () => `entry ${first.index} in a tail from ${this.from}`,
    );
    this.dropped(this.list.splice(kept));
    for (const entry of entries) {
      this.list.push(entry);
      this.sum += entry.bytes.length;
    }
  }

  /** Drops all. The first one comes behind this index. */
  beginAt(index: number): void {
    this.list = [];
    this.sum = 0;
    this.from = index + 1;
  }

  /** Takes those up to an index, and holds them no more. */
  takeTo(index: number): readonly Entry[] {
    const taken = this.list.slice(0, Math.max(0, index - this.from + 1));
    this.list = this.list.slice(taken.length);
    this.from += taken.length;
    this.dropped(taken);
    return taken;
  }

  private dropped(entries: readonly Entry[]): void {
    for (const { bytes } of entries) this.sum -= bytes.length;
  }
}
