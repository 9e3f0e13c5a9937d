import { BLOCK_BYTES_MAX } from '../../limits';
import type { Entry } from '../../entry/Entry';
import { encodeEntries, entryBounds, LENGTH_BYTES } from '../../entry/entryFrames';

/**
 * Consecutive entries that stand together in lmdb, under the index of the first: a value for each would cost lmdb
 * many times the work. It is read into memory that the next one read takes over.
 */
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

  /** The index of its last entry, when a block is loaded. */
  get lastIndex(): number {
    return this.first + this.bounds.length - 2;
  }

  /** Takes a copy of a block's bytes. @throws MalformedEntryError; then nothing is loaded. */
  load(first: number, source: Buffer): void {
    this.first = 0;
    if (this.memory.length < source.length) this.memory = Buffer.allocUnsafeSlow(source.length);
    this.memory.set(source);
    this.bytes = this.memory.subarray(0, source.length);
    this.bounds = entryBounds(this.bytes);
    this.first = first;
  }

  /** Forgets what was loaded: it changes on disk. */
  unload(): void {
    this.first = 0;
  }

  /** A copy of an entry's bytes; undefined when the block ends before it. */
  bytesAt(index: number): Buffer | undefined {
    const start = this.bounds[index - this.first];
    const end = this.bounds[index - this.first + 1];
    if (start === undefined || end === undefined) return undefined;
    return Buffer.from(this.bytes.subarray(start + LENGTH_BYTES, end));
  }
}

interface PackedBlock {
  readonly first: number;
  readonly bytes: Buffer;
}

/** Packs consecutive entries into blocks of at most BLOCK_BYTES_MAX, or of one entry that is larger. */
export function* packBlocks(entries: readonly Entry[]): Generator<PackedBlock> {
  let from = 0;
  let bytes = 0;
  for (const [at, entry] of entries.entries()) {
    const framed = LENGTH_BYTES + entry.bytes.length;
    if (at > from && bytes + framed > BLOCK_BYTES_MAX) {
      yield pack(entries.slice(from, at));
      from = at;
      bytes = 0;
    }
    bytes += framed;
  }
  if (from < entries.length) yield pack(entries.slice(from));
}

function pack(entries: readonly Entry[]): PackedBlock {
  return { first: entries[0]?.index ?? 0, bytes: encodeEntries(entries) };
}
