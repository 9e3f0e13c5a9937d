import { invariant } from '../../errors';
import { Deque } from './Deque';

/** Values by position, of a range that moves up the log: it grows at its end and is forgotten from its start. */
export class PositionWindow<Value> {
  private readonly values = new Deque<Value | undefined>();

  /** Begins empty at a position. */
  constructor(private nextPosition: number) {}

  get count(): number {
    return this.values.length;
  }

  get first(): number {
    return this.nextPosition - this.count;
  }

  /** The position after the last one. */
  get next(): number {
    return this.nextPosition;
  }

  /** Moves an empty range to a position. */
  moveTo(position: number): void {
    invariant(this.count === 0, () => `${this.count} positions from ${this.first} on are held`);
    this.nextPosition = position;
  }

  /** The value at a position; undefined where there is none. */
  get(position: number): Value | undefined {
    return this.values.at(position - this.first);
  }

  /** Puts a value at a position that is not before the first one. */
  set(position: number, value: Value): void {
    invariant(position >= this.first, () => `position ${position} is before ${this.first}`);
    for (; this.nextPosition <= position; this.nextPosition++) this.values.push(undefined);
    this.values.replace(position - this.first, value);
  }

  /** Takes the first position out of the range, and returns the value there. */
  shift(): Value | undefined {
    if (this.count === 0) this.nextPosition++;
    return this.values.shift();
  }

  /** Takes the last position out of the range, and returns the value there. */
  pop(): Value | undefined {
    invariant(this.count > 0, () => 'an empty window has no last position');
    this.nextPosition--;
    return this.values.pop();
  }
}
