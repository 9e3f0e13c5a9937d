import { invariant } from '../../errors';

/** Places of forgotten values that are kept before the array is copied without them. */
const FORGOTTEN_MAX = 1024;

/**
 * Values by position, of a range that moves up the log: an array that grows at its end and is forgotten from its
 * start.
 *
 * Not a Map: V8 links the table that a Map has outgrown to the next one, so that a dead table which was taken for
 * long-lived keeps alive all that later tables held. With thousands of entries a second, half of what the collector
 * copied was dead.
 */
export class PositionWindow<Value> {
  private values: (Value | undefined)[] = [];
  private start = 0;

  /** Begins empty at a position. */
  constructor(private nextPosition: number) {}

  get count(): number {
    return this.values.length - this.start;
  }

  get first(): number {
    return this.nextPosition - this.count;
  }

  /** The position after the last one. */
  get next(): number {
    return this.nextPosition;
  }

  /** Begins anew, empty, at a position. */
  restart(position: number): void {
    this.values = [];
    this.start = 0;
    this.nextPosition = position;
  }

  /** The value at a position; undefined where there is none. */
  get(position: number): Value | undefined {
    const place = this.placeOf(position);
    return place < this.start ? undefined : this.values[place];
  }

  /** Puts a value at a position that is not before the first one. */
  set(position: number, value: Value): void {
    invariant(position >= this.first, () => `position ${position} is before ${this.first}`);
    for (; this.nextPosition <= position; this.nextPosition++) this.values.push(undefined);
    this.values[this.placeOf(position)] = value;
  }

  /** Takes the first position out of the range, and returns the value there. */
  shift(): Value | undefined {
    if (this.count === 0) {
      this.nextPosition++;
      return undefined;
    }
    const value = this.values[this.start];
    this.values[this.start++] = undefined;
    if (this.start > FORGOTTEN_MAX && this.start > this.count) {
      this.values = this.values.slice(this.start);
      this.start = 0;
    }
    return value;
  }

  /** Takes the last position out of the range, and returns the value there. */
  pop(): Value | undefined {
    invariant(this.count > 0, () => 'an empty window has no last position');
    this.nextPosition--;
    return this.values.pop();
  }

  private placeOf(position: number): number {
    return this.values.length - (this.nextPosition - position);
  }
}
