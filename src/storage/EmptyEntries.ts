import { invariant } from '../errors';
import { countLeading } from './countLeading';

/**
 * The indexes of the empty entries of a log, ascending: one per change of leader, so a short list. It turns a
 * log number, which counts logs alone, into an index, which counts all entries (src/README.md, Words).
 */
export class EmptyEntries {
  private readonly indexes: number[] = [];

  constructor(indexes: Iterable<number> = []) {
    for (const index of indexes) this.append(index);
  }

  get count(): number {
    return this.indexes.length;
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

  /** The index of the log with this number, in a log that is long enough to hold it. */
  indexOfLog(logNumber: number): number {
    return logNumber + countLeading(this.indexes, (at, emptiesBefore) => at - emptiesBefore <= logNumber);
  }
}
