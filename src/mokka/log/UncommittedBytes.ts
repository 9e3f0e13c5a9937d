import { Deque } from './Deque';

/** How many bytes of the entries that a leader has made are not committed. */
export class UncommittedBytes {
  /** Of each such entry, in order. */
  private readonly sizes = new Deque<number>();
  /** The index of the first of them. */
  private first = 1;
  private sum = 0;

  get bytes(): number {
    return this.sum;
  }

  /** Takes notice of the leader's next entry. */
  add(index: number, bytes: number): void {
    if (this.sizes.length === 0) this.first = index;
    this.sizes.push(bytes);
    this.sum += bytes;
  }

  /** Entries up to this index are committed. */
  commitTo(index: number): void {
    for (; this.sizes.length > 0 && this.first <= index; this.first++) this.sum -= this.sizes.shift() ?? 0;
  }

  /** Whoever made them leads no more. */
  clear(): void {
    this.commitTo(Infinity);
  }
}
