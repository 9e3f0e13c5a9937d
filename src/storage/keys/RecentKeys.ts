import { invariant } from '../../errors';
import { EntryKind, KEY_AT, keyEnd, type Entry } from '../../entry/Entry';
import { KEY_HASH_BITS, type KeyHash } from './KeyHash';

/** In the place of a hash: the entry has no key. */
export const NO_KEY = 2 ** KEY_HASH_BITS;

/** Entries for which there is room at first. */
const ROOM = 1024;

/**
 * Finds the entries of the end of a log by their keys: of all that no closed segment holds, a few ten thousand. Every
 * entry passes here, so it is one number each, and a search goes through all of them, in less time than to read from disk.
 */
export class RecentKeys {
  private hashes = new Int32Array(ROOM);
  private count = 0;

  /** @param from the index of the first entry, were there one */
  constructor(
    private from: number,
    readonly hash: KeyHash,
  ) {}

  /** The index of the first entry. */
  get first(): number {
    return this.from;
  }

  /** One more than the index of the last entry. */
  get end(): number {
    return this.from + this.count;
  }

  /** Takes notice of the entry behind the last one. */
  add({ kind, index, bytes }: Entry): void {
    const place = this.count++;
    invariant(index === this.from + place, () => `key of entry ${index} after ${this.end - 2}`);
    if (place === this.hashes.length) this.grow();
    this.hashes[place] = kind === EntryKind.Log ? this.hash.of(bytes, KEY_AT, keyEnd(bytes)) : NO_KEY;
  }

  /** Forgets the entries from an index on. */
  cutFrom(index: number): void {
    this.count = Math.min(this.count, Math.max(0, index - this.from));
  }

  /** Forgets all. The first one comes behind this index. */
  beginAt(index: number): void {
    this.from = index + 1;
    this.count = 0;
  }

  /** The hashes of the entries up to an index. */
  hashesTo(index: number): Int32Array {
    return this.hashes.slice(0, index + 1 - this.from);
  }

  /** Forgets the entries up to an index, which is one of theirs. */
  forgetTo(index: number): void {
    const forgotten = index + 1 - this.from;
    this.hashes.copyWithin(0, forgotten, this.count);
    this.from += forgotten;
    this.count -= forgotten;
  }

  /** The index of the last entry below an index whose key has this hash; 0 when there is none. */
  lastBelow(hash: number, below: number): number {
    const last = Math.min(below, this.end) - this.from - 1;
    const place = last < 0 ? -1 : this.hashes.lastIndexOf(hash, last);
    return place === -1 ? 0 : this.from + place;
  }

  private grow(): void {
    const { hashes } = this;
    this.hashes = new Int32Array(2 * hashes.length);
    this.hashes.set(hashes);
  }
}
