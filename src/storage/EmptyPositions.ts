import { invariant } from '../errors';
import { countLeading } from './countLeading';

/**
 * The positions of the empty entries of a log, ascending: one per change of leader, so a short list. It turns the
 * index that people see, which counts logs alone, into a position, which counts all entries (src/README.md, Words).
 */
export class EmptyPositions {
  private readonly positions: number[] = [];

  constructor(positions: Iterable<number> = []) {
    for (const position of positions) this.append(position);
  }

  get count(): number {
    return this.positions.length;
  }

  /** Adds a position that is higher than all before it. */
  append(position: number): void {
    const last = this.positions.at(-1) ?? 0;
    invariant(position > last, () => `empty position ${position} after ${last}`);
    this.positions.push(position);
  }

  /** Forgets this position and all after it. */
  cutFrom(position: number): void {
    this.positions.length = countLeading(this.positions, (at) => at < position);
  }

  /** The position of the log with this index, in a log that is long enough to hold it. */
  positionOfIndex(index: number): number {
    return index + countLeading(this.positions, (at, emptiesBefore) => at - emptiesBefore <= index);
  }
}
