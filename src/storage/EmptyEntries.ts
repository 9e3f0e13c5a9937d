import { invariant } from '../errors';
import type { LogPoint } from '../entry/LogPoint';
import { countLeading } from './countLeading';

/**
 * The indexes of the entries of a log that are no logs, ascending: one per change of leader or trim, so a short list. It
 * turns a log number, which counts logs alone, into an index, which counts all entries (src/README.md, Words).
 */
export class EmptyEntries {
  private readonly indexes: number[] = [];
  /** How many are forgotten. */
  private before = 0;

  constructor(indexes: Iterable<number> = []) {
    for (const index of indexes) this.append(index);
  }

  get count(): number {
    return this.before + this.indexes.length;
  }

  /** Adds an index that is higher than all before it. */
  append(index: number): void {
    const last = this.indexes.at(-1) ?? 0;
    invariant(index > last, () => `empty position ${index} after ${last}`);
    this.indexes.push(index);
  }

  /** Forgets this index and all after it. */
  cutFrom(index: number): void {
    this.indexes.length = countLeading(this.indexes, (at) => at < index);
  }

  /** The log begins behind this entry: of those before it only their number counts. */
  trimTo({ index, logNumber }: LogPoint): void {
    this.indexes.splice(
      0,
      countLeading(this.indexes, (at) => at <= index),
    );
    this.before = index - logNumber;
  }

  /** The index of the log with this number, in a log that is long enough to hold it, and holds it still. */
  indexOfLog(logNumber: number): number {
    const { before, indexes } = this;
    return (
      logNumber +
      before +
      countLeading(indexes, (at, emptiesBefore) => at - before - emptiesBefore <= logNumber)
    );
  }
}
