import { invariant } from '../../errors';
import type { Entry } from '../../entry/Entry';

/**
 * The entries of a log that are in the journal and not in segments, in memory: those that are not committed, and the last
 * of those that are. They are without a gap, and were checked before they came here.
 */
export class LogTail {
  private list: Entry[] = [];
  private sum = 0;
  /** How many of them are committed, and their bytes. */
  private committed = 0;
  private committedSum = 0;

  /** @param from the index of the first one, were there one. */
  constructor(private from: number) {}

  get last(): Entry | null {
    return this.list.at(-1) ?? null;
  }

  /** Of its entries, together. */
  get bytes(): number {
    return this.sum;
  }

  /** Of those that are committed, together. */
  get committedBytes(): number {
    return this.committedSum;
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
      kept >= this.committed && kept <= this.list.length,
      () => `entry ${first.index} in a tail from ${this.from}, of which ${this.committed} are committed`,
    );
    for (const { bytes } of this.list.splice(kept)) this.sum -= bytes.length;
    for (const entry of entries) {
      this.list.push(entry);
      this.sum += entry.bytes.length;
    }
  }

  /** The entries up to an index are committed. */
  commitTo(index: number): void {
    const count = Math.min(index - this.from + 1, this.list.length);
    for (; this.committed < count; this.committed++)
      this.committedSum += this.list[this.committed]?.bytes.length ?? 0;
  }

  /** Takes those that are committed, and holds them no more. */
  takeCommitted(): readonly Entry[] {
    const taken = this.list.slice(0, this.committed);
    this.list = this.list.slice(this.committed);
    this.from += this.committed;
    this.sum -= this.committedSum;
    this.committed = 0;
    this.committedSum = 0;
    return taken;
  }

  /** Drops all. The first one comes behind this index. */
  beginAt(index: number): void {
    this.list = [];
    this.sum = 0;
    this.committed = 0;
    this.committedSum = 0;
    this.from = index + 1;
  }
}
