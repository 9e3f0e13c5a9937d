import { invariant } from '../../errors';
import { RECENT_BYTES_MAX } from '../../limits';
import type { LogLimits } from './LogLimits';
import type { Entry, EntryMemory } from '../../entry/Entry';
import { Deque } from './Deque';

/** Small entries share blocks of so many bytes. */
const BLOCK_BYTES = 8192;
const SMALL_BYTES_MAX = BLOCK_BYTES / 8;

/**
 * The last entries of a log, without a gap, kept in memory of their own: the bytes that an entry comes with are a piece
 * of a larger buffer, of Node's pool or of a read from a socket, which it would keep whole.
 */
export class RecentEntries implements EntryMemory {
  private readonly entries = new Deque<Entry>();
  /** Index of the first of them. */
  private first = 1;
  private block = Buffer.alloc(0);
  private blockUsed = 0;
  private bytes = 0;

  constructor(private readonly limits: LogLimits) {}

  /** Memory for the bytes of an entry that is then {@link add}ed. */
  allocate(length: number): Buffer {
    if (length > SMALL_BYTES_MAX) return Buffer.allocUnsafeSlow(length);
    if (this.blockUsed + length > this.block.length) {
      this.block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.blockUsed = 0;
    }
    const start = this.blockUsed;
    this.blockUsed += length;
    return this.block.subarray(start, this.blockUsed);
  }

  /** Adds the entry after the last one, whose bytes are from {@link allocate}. */
  add(entry: Entry): void {
    const { index } = entry;
    if (this.entries.length === 0) this.first = index;
    const next = this.first + this.entries.length;
    invariant(index === next, () => `recent entry ${index}, expected ${next}`);
    this.entries.push(entry);
    this.bytes += entry.bytes.length;
  }

  /** Adds a copy of the entry after the last one. Returns the copy: who goes on with it keeps nothing else alive. */
  addCopy({ kind, index, term, logNumber, createdAt, bytes }: Entry): Entry {
    const copy = { kind, index, term, logNumber, createdAt, bytes: this.ownBytes(bytes) };
    this.add(copy);
    return copy;
  }

  get(index: number): Entry | undefined {
    return this.entries.at(index - this.first);
  }

  /** Entries from an index on, within the limits but one at least; undefined when it does not hold that index. */
  read(from: number, maxBytes: number, maxCount: number): Entry[] | undefined {
    if (this.get(from) === undefined) return undefined;
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = from; found.length < maxCount; index++) {
      const entry = this.get(index);
      bytes += entry?.bytes.length ?? 0;
      if (entry === undefined || (bytes > maxBytes && found.length > 0)) break;
      found.push(entry);
    }
    return found;
  }

  /** Forgets the entries from an index on. */
  cut(from: number): void {
    while (this.entries.length > 0 && this.first + this.entries.length > from)
      this.bytes -= this.entries.pop()?.bytes.length ?? 0;
  }

  /** Forgets the entries up to an index. */
  forgetTo(index: number): void {
    for (; this.entries.length > 0 && this.first <= index; this.first++)
      this.bytes -= this.entries.shift()?.bytes.length ?? 0;
  }

  /** Forgets the oldest entries, up to `through` at most, until the rest is within the limits. */
  shrink(through: number): void {
    while (this.bytes > RECENT_BYTES_MAX || this.entries.length > this.limits.RECENT_ENTRIES_MAX) {
      if (this.first > through) break;
      this.first++;
      this.bytes -= this.entries.shift()?.bytes.length ?? 0;
    }
  }

  private ownBytes(bytes: Buffer): Buffer {
    if (bytes.length > SMALL_BYTES_MAX && bytes.buffer.byteLength <= 2 * bytes.length) return bytes;
    const own = this.allocate(bytes.length);
    own.set(bytes);
    return own;
  }
}
