/** Places of taken values that are kept before the array is copied without them. */
const TAKEN_MAX = 1024;

/**
 * Values in order, which mostly come at the end and go at the start: an array whose start moves. Places count from 0.
 *
 * Not a Map, which is slow where thousands of entries a second come and go. A Map makes a larger or cleaner table now and
 * then, and V8 keeps a link from the old table to the new one. If the collector has moved an old table to the old space,
 * that link keeps all later tables alive, with what they held, until the next full collection. Half of what the collector
 * copied was dead.
 */
export class Deque<Value> {
  private values: (Value | undefined)[] = [];
  private start = 0;

  get length(): number {
    return this.values.length - this.start;
  }

  at(place: number): Value | undefined {
    return place < 0 ? undefined : this.values[this.start + place];
  }

  push(value: Value): void {
    this.values.push(value);
  }

  /** Puts a value before the one at a place, or at the end. */
  insert(place: number, value: Value): void {
    if (place === this.length) this.push(value);
    else this.values.splice(this.start + place, 0, value);
  }

  /** Takes the value at a place away. */
  remove(place: number): void {
    if (place === 0) this.shift();
    else this.values.splice(this.start + place, 1);
  }

  /** Takes the first value; undefined when there is none. */
  shift(): Value | undefined {
    if (this.length === 0) return undefined;
    const value = this.values[this.start];
    this.values[this.start++] = undefined;
    if (this.start > TAKEN_MAX && this.start > this.length) {
      this.values = this.values.slice(this.start);
      this.start = 0;
    }
    return value;
  }

  /** All values, as an array of its own. */
  list(): Value[] {
    // Before the start are the places of taken values.
    return this.values.slice(this.start) as Value[];
  }

  /** Takes the last value; undefined when there is none. */
  pop(): Value | undefined {
    return this.length === 0 ? undefined : this.values.pop();
  }
}
