import { entryBounds, LENGTH_BYTES } from '../../entry/entryFrames';
import { MalformedEntryError } from '../../entry/Entry';

/** Consecutive entries of a segment, read at once into memory that the next block read takes over. */
export class EntryBlock {
  private first = 0;
  /** Grows to the largest block; `bytes` is the part of it that is loaded. */
  private memory = Buffer.alloc(0);
  private bytes = Buffer.alloc(0);
  /** See {@link entryBounds}. */
  private bounds: number[] = [];

  /** The index of its first entry; 0 when nothing is loaded. */
  get firstIndex(): number {
    return this.first;
  }

  /** The index of its last entry; less than 0 when nothing is loaded. */
  get lastIndex(): number {
    return this.first + this.bounds.length - 2;
  }

  /** Reads so many bytes of entries, of which the first has this index. @throws MalformedEntryError; then nothing is loaded. */
  load(first: number, length: number, read: (into: Buffer) => number): void {
    this.first = 0;
    this.bounds = [];
    if (this.memory.length < length) this.memory = Buffer.allocUnsafeSlow(length);
    this.bytes = this.memory.subarray(0, length);
    if (read(this.bytes) < length) throw new MalformedEntryError('the file ends before');
    this.bounds = entryBounds(this.bytes);
    this.first = first;
  }

  /** A copy of an entry's bytes; undefined when the block ends before it. */
  bytesAt(index: number): Buffer | undefined {
    const start = this.bounds[index - this.first];
    const end = this.bounds[index - this.first + 1];
    if (start === undefined || end === undefined) return undefined;
    return Buffer.from(this.bytes.subarray(start + LENGTH_BYTES, end));
  }
}
