import { invariant } from '../../errors';
import { RECENT_BYTES_MAX, RECENT_ENTRIES_MAX } from '../../limits';
import type { Entry } from '../../storage/Entry';

/** Small entries share blocks of so many bytes. */
const BLOCK_BYTES = 8192;
const SMALL_BYTES_MAX = BLOCK_BYTES / 8;

/**
 * The last entries of a log, without a gap, kept in memory of their own: the bytes that an entry comes with are a piece
 * of a larger buffer, of Node's pool or of a read from a socket, which it would keep whole.
 */
export class RecentEntries {
  private readonly entries = new Map<number, Entry>();
  private block = Buffer.alloc(0);
  private blockUsed = 0;
  private bytes = 0;
  private next = 0;

  /** Adds the entry after the last one. */
  push(entry: Entry): void {
    invariant(
      this.entries.size === 0 || entry.position === this.next,
      () => `recent entry ${entry.position}, expected ${this.next}`,
    );
    const { kind, position, term, index, createdAt } = entry;
    this.entries.set(position, { kind, position, term, index, createdAt, bytes: this.ownBytes(entry.bytes) });
    this.bytes += entry.bytes.length;
    this.next = entry.position + 1;
  }

  get(position: number): Entry | undefined {
    return this.entries.get(position);
  }

  /** Entries from a position on, within the limits but one at least; undefined when it does not hold that position. */
  read(from: number, maxBytes: number, maxCount: number): Entry[] | undefined {
    if (!this.entries.has(from)) return undefined;
    const found: Entry[] = [];
    let bytes = 0;
    for (let position = from; found.length < maxCount; position++) {
      const entry = this.entries.get(position);
      bytes += entry?.bytes.length ?? 0;
      if (entry === undefined || (bytes > maxBytes && found.length > 0)) break;
      found.push(entry);
    }
    return found;
  }

  /** Forgets the entries from a position on. */
  cut(from: number): void {
    while (this.entries.size > 0 && this.next > from) this.forget(--this.next);
  }

  /** Forgets the oldest entries, up to `through` at most, until the rest is within the limits. */
  shrink(through: number): void {
    while (this.bytes > RECENT_BYTES_MAX || this.entries.size > RECENT_ENTRIES_MAX) {
      const oldest = this.next - this.entries.size;
      if (oldest > through) break;
      this.forget(oldest);
    }
  }

  private ownBytes(bytes: Buffer): Buffer {
    if (bytes.length > SMALL_BYTES_MAX) {
      if (bytes.buffer.byteLength <= 2 * bytes.length) return bytes;
      const own = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(own);
      return own;
    }
    if (this.blockUsed + bytes.length > this.block.length) {
      this.block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.blockUsed = 0;
    }
    const start = this.blockUsed;
    this.blockUsed += bytes.copy(this.block, start);
    return this.block.subarray(start, this.blockUsed);
  }

  private forget(position: number): void {
    this.bytes -= this.entries.get(position)?.bytes.length ?? 0;
    this.entries.delete(position);
  }
}
