import { EntryKind, KEY_AT, keyEnd } from '../../entry/Entry';
import { isKeyPageWhole, keyPageOf, keyPagePlace, keyPagesBytes, lastInKeyPage } from '../keys/KeyPages';
import { KeyHash } from '../keys/KeyHash';
import { KeyPagesWriter } from '../keys/KeyPagesWriter';
import { NO_KEY } from '../keys/RecentKeys';
import type { ReadableFile } from '../StoreDisk';
import { damagedSegment, type DamagedAs } from './damagedSegment';
import type { Segment } from './Segment';

/** Seeds whose factors are kept, 4 KiB each: a process has one for all segments that it closes. */
const HASHES_KEPT_MAX = 16;

/** Looks into the indexes by key of closed segments, a page at a time, of which it keeps the last one. */
export class SegmentKeys {
  private readonly hashes = new Map<string, KeyHash>();
  private kept: { readonly segment: Segment; readonly page: number; readonly bytes: Buffer } | null = null;

  /** @param damagedAs makes the errors that are thrown */
  constructor(private readonly damagedAs: DamagedAs = damagedSegment) {}

  /**
   * The index of the last entry of a segment, below an index, whose key has the hash of this one; 0 when there is none.
   *
   * @throws StartError DATA_DAMAGED
   */
  lastBelow(segment: Segment, file: ReadableFile, key: Buffer, below: number): number {
    const { first, keys } = segment;
    const hash = this.hashOf(keys.keySeed).of(key, 0, key.length);
    const page = keyPageOf(keys, hash, below - first);
    if (page === -1) return 0;
    const ordinal = lastInKeyPage(this.read(segment, file, page), hash, below - first);
    return ordinal === -1 ? 0 : first + ordinal;
  }

  /**
   * Checks that an index is that of a segment's entries.
   *
   * @param bytesAt the bytes of an entry, whose hash was checked
   * @throws StartError DATA_DAMAGED
   */
  check(segment: Segment, file: ReadableFile, bytesAt: (index: number) => Buffer | undefined): void {
    const { first, last, keys } = segment;
    const hash = this.hashOf(keys.keySeed);
    const hashes = Int32Array.from({ length: last - first + 1 }, (_, ordinal) => {
      const bytes = bytesAt(first + ordinal);
      return bytes?.[0] === EntryKind.Log ? hash.of(bytes, KEY_AT, keyEnd(bytes)) : NO_KEY;
    });
    const made = new KeyPagesWriter(hashes, keys.keySeed).end().bytes;
    for (const page of keys.keyFirsts.keys()) {
      const { start, length } = keyPagePlace(keys, page);
      if (!this.read(segment, file, page).equals(made.subarray(start, start + length)))
        throw this.damagedAs(file.path, 'is damaged: its index by key is not that of its entries');
    }
    if (made.length !== keyPagesBytes(keys.keyCount))
      throw this.damagedAs(file.path, 'is damaged: its index by key is not that of its entries');
  }

  private hashOf(seed: string): KeyHash {
    const hash = this.hashes.get(seed) ?? new KeyHash(seed);
    this.hashes.set(seed, hash);
    const [oldest] = this.hashes.keys();
    if (this.hashes.size > HASHES_KEPT_MAX && oldest !== undefined) this.hashes.delete(oldest);
    return hash;
  }

  private read(segment: Segment, file: ReadableFile, page: number): Buffer {
    if (this.kept?.segment === segment && this.kept.page === page) return this.kept.bytes;
    const { start, length } = keyPagePlace(segment.keys, page);
    const bytes = Buffer.allocUnsafeSlow(length);
    const at = segment.bytes + start;
    if (file.read(bytes, at) < length || !isKeyPageWhole(segment.keys, page, bytes))
      throw this.damagedAs(file.path, `is damaged at byte ${at}: a page of its index by key is altered`);
    this.kept = { segment, page, bytes };
    return bytes;
  }
}
