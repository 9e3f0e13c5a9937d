import { invariant } from '../../errors';
import {
  EntryKind,
  entryHashHex,
  MalformedEntryError,
  parseEntry,
  type Entry,
  type LogPoint,
} from '../../entry/Entry';
import { encodeEntries, LENGTH_BYTES, readEntryLength } from '../../entry/entryFrames';
import { countLeading } from '../countLeading';
import { keyPagesBytes, type KeyPagesInfo } from '../keys/KeyPages';
import type { RecentKeys } from '../keys/RecentKeys';
import { knownFault } from '../storeRules';
import { damagedSegment } from './damagedSegment';
import type { ReadableFile, StoreFile } from '../StoreDisk';
import type { StoredExtent } from './StoredExtent';
import { decodeFooter, encodeFooter, footerBytes, TRAILER_BYTES, type SegmentFooter } from './SegmentFooter';

/** Where a block of entries stands in a segment: it is read for one of them. */
export interface BlockPlace {
  readonly first: number;
  readonly start: number;
  readonly end: number;
}

/** Of a segment that is closed, or as far as one that is open has come. */
type Content = { -readonly [Field in keyof SegmentFooter]: SegmentFooter[Field] };

/**
 * A file of committed entries, one behind the other as {@link encodeEntries} has them, under its first index. It is
 * written at its end alone; closed, with an index by key and a footer, it never changes.
 */
export class Segment {
  /** Where the last block begins; at first such that any entry begins one. */
  private blockStart = -Infinity;

  private constructor(
    readonly name: string,
    private readonly content: Content,
    private readonly blockBytes: number,
  ) {}

  /** An empty one that begins with this index. */
  static begin(first: number, blockBytes: number): Segment {
    const nothing = { logNumber: 0, hash: '', bytes: 0, blockFirsts: [], blockStarts: [], empties: [] };
    const content = { first, last: first - 1, ...nothing, keySeed: '', keyCount: 0, keyFirsts: [] };
    return new Segment(segmentName(first), content, blockBytes);
  }

  /**
   * A closed one, by its footer.
   *
   * @param damagedAs makes the error that is thrown
   * @throws StartError DATA_DAMAGED
   */
  static readClosed(
    name: string,
    file: ReadableFile,
    blockBytes: number,
    damagedAs = damagedSegment,
  ): Segment {
    const { size } = file;
    const trailer = Buffer.alloc(TRAILER_BYTES);
    if (size >= TRAILER_BYTES) file.read(trailer, size - TRAILER_BYTES);
    const jsonBytes = footerBytes(trailer);
    const jsonAt = size - TRAILER_BYTES - (jsonBytes ?? size);
    if (jsonBytes === null || jsonAt < 0)
      throw damagedAs(
        file.path,
        `is damaged at byte ${Math.max(0, size - TRAILER_BYTES)}: its footer is cut or altered`,
      );
    const json = Buffer.alloc(jsonBytes);
    file.read(json, jsonAt);
    const footer = decodeFooter(json, trailer);
    if (footer === null) throw damagedAs(file.path, `is damaged at byte ${jsonAt}: its footer is altered`);
    const bytes = footer.bytes + keyPagesBytes(footer.keyCount);
    if (bytes !== jsonAt || segmentName(footer.first) !== name)
      throw damagedAs(
        file.path,
        `is damaged: its footer is of ${segmentName(footer.first)} with ${bytes} bytes`,
      );
    return new Segment(name, footer, blockBytes);
  }

  /**
   * One that is open, of which so many bytes count: walks through them, and tells the keys of each entry, which are those
   * that were written.
   *
   * @param previous what the first one follows on; null: that is forgotten
   * @throws StartError DATA_DAMAGED
   */
  static readOpen(
    { first, bytes }: Pick<StoredExtent, 'first' | 'bytes'>,
    previous: LogPoint | null,
    file: StoreFile,
    keys: RecentKeys,
    blockBytes: number,
  ): Segment {
    const segment = Segment.begin(first, blockBytes);
    if (file.size < bytes) throw damagedSegment(file.path, `is cut: it has ${file.size} of ${bytes} bytes`);
    const content = Buffer.alloc(bytes);
    file.read(content, 0);
    let last = previous;
    try {
      while (segment.bytes < bytes) {
        const start = segment.bytes + LENGTH_BYTES;
        const end = start + readEntryLength(content, segment.bytes);
        if (end > bytes) throw new MalformedEntryError('an entry is cut short');
        const entry = parseEntry(content.subarray(start, end));
        const fault = knownFault(entry, segment.last + 1, last);
        if (fault !== null)
          throw damagedSegment(file.path, `is damaged at position ${segment.last + 1}: ${fault}`);
        segment.count(entry.kind !== EntryKind.Log, entry.bytes.length);
        keys.add(entry);
        last = entry;
      }
      if (last !== null && bytes > 0) segment.describe(last);
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damagedSegment(file.path, `is damaged at byte ${segment.bytes}: ${error.message}`, error);
    }
    return segment;
  }

  get first(): number {
    return this.content.first;
  }

  /** The index of its last entry; one before the first when it is empty. */
  get last(): number {
    return this.content.last;
  }

  get logNumber(): number {
    return this.content.logNumber;
  }

  /** The hash of its last entry, in hex. */
  get hash(): string {
    return this.content.hash;
  }

  /** Bytes of its entries. */
  get bytes(): number {
    return this.content.bytes;
  }

  get empties(): readonly number[] {
    return this.content.empties;
  }

  /** Of one that is closed. */
  get keys(): KeyPagesInfo {
    return this.content;
  }

  /** Writes entries behind the last one. */
  append(entries: readonly Entry[], file: StoreFile): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    invariant(entries[0]?.index === this.last + 1, () => `${String(entries[0]?.index)} after ${this.last}`);
    const bytes = encodeEntries(entries);
    file.write(bytes, this.bytes, bytes.length);
    for (const entry of entries) this.count(entry.kind !== EntryKind.Log, entry.bytes.length);
    this.describe(last);
  }

  /** Writes the index of its entries' keys, and its footer: nothing is appended any more. */
  close(file: StoreFile, keyPages: Buffer, info: KeyPagesInfo): void {
    Object.assign(this.content, info);
    const bytes = Buffer.concat([keyPages, encodeFooter(this.content)]);
    file.write(bytes, this.bytes, bytes.length);
  }

  /** The block with the entry at an index, which it holds. */
  blockOf(index: number): BlockPlace {
    const { blockFirsts, blockStarts, bytes } = this.content;
    const at = countLeading(blockFirsts, (first) => first <= index) - 1;
    const first = blockFirsts[at];
    const start = blockStarts[at];
    invariant(first !== undefined && start !== undefined, () => `${this.name} has no block for ${index}`);
    return { first, start, end: blockStarts[at + 1] ?? bytes };
  }

  /** Takes notice of the entry behind the last one. */
  private count(isNoLog: boolean, entryBytes: number): void {
    const { content } = this;
    const end = content.bytes + LENGTH_BYTES + entryBytes;
    content.last++;
    if (end - this.blockStart > this.blockBytes) {
      this.blockStart = content.bytes;
      content.blockFirsts.push(content.last);
      content.blockStarts.push(content.bytes);
    }
    if (isNoLog) content.empties.push(content.last);
    content.bytes = end;
  }

  private describe(last: LogPoint): void {
    this.content.logNumber = last.logNumber;
    this.content.hash = entryHashHex(last);
  }
}

/** The name of the segment that begins with this index, in the folder of segments. */
export function segmentName(first: number): string {
  return `${String(first).padStart(20, '0')}.seg`;
}
