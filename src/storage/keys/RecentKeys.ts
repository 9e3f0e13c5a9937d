import { invariant } from '../../errors';
import { EntryKind, KEY_AT, keyEnd, type Entry } from '../../entry/Entry';
import { KEY_HASH_BITS, type KeyHash } from './KeyHash';

/** In the place of a hash: the entry has no key. */
export const NO_KEY = 2 ** KEY_HASH_BITS;

/** Entries for which there is room at first, as a power of 2. */
const ROOM_BITS = 10;

/**
 * Finds the entries of the end of a log by their keys: of all that no closed segment holds. Every entry passes here, so
 * it is plain numbers: each entry's hash, and a list for all whose hashes begin alike, the latest first.
 */
export class RecentKeys {
  private roomBits = ROOM_BITS;
  private hashes = new Int32Array(2 ** ROOM_BITS);
  /** For each list the place of its first entry, plus one; 0 where it is empty. Places count from 0, in the order of the log. */
  private heads = new Int32Array(2 ** ROOM_BITS);
  /** For each entry the place of the next one of its list, plus one; 0 ends it. */
  private next = new Int32Array(2 ** ROOM_BITS);
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
    invariant(index === this.end, () => `key of entry ${index} after ${this.end - 1}`);
    if (this.count === this.hashes.length) this.grow();
    this.put(this.count++, kind === EntryKind.Log ? this.hash.of(bytes, KEY_AT, keyEnd(bytes)) : NO_KEY);
  }

  /** Forgets the entries from an index on. */
  cutFrom(index: number): void {
    while (this.end > Math.max(index, this.from)) {
      const place = --this.count;
      const hash = this.hashes[place] ?? NO_KEY;
      if (hash !== NO_KEY) this.heads[this.headOf(hash)] = this.next[place] ?? 0;
    }
  }

  /** The hashes of the entries up to an index, which it forgets. */
  takeTo(index: number): Int32Array {
    const taken = this.hashes.slice(0, index + 1 - this.from);
    this.hashes.copyWithin(0, taken.length, this.count);
    this.from += taken.length;
    this.count -= taken.length;
    this.listAll();
    return taken;
  }

  /** The index of the last entry below an index whose key has this hash; 0 when there is none. */
  lastBelow(hash: number, below: number): number {
    const end = Math.max(0, Math.min(below, this.end) - this.from);
    // Who goes on below an entry of this very hash needs no list that begins with the latest one.
    let place =
      (this.hashes[end] === hash && end < this.count ? this.next[end] : this.heads[this.headOf(hash)]) ?? 0;
    while (place > end || (place > 0 && this.hashes[place - 1] !== hash)) place = this.next[place - 1] ?? 0;
    return place === 0 ? 0 : this.from + place - 1;
  }

  private put(place: number, hash: number): void {
    this.hashes[place] = hash;
    if (hash === NO_KEY) return;
    const head = this.headOf(hash);
    this.next[place] = this.heads[head] ?? 0;
    this.heads[head] = place + 1;
  }

  private grow(): void {
    const { hashes } = this;
    this.roomBits++;
    this.hashes = new Int32Array(2 ** this.roomBits);
    this.hashes.set(hashes);
    this.heads = new Int32Array(2 ** this.roomBits);
    this.next = new Int32Array(2 ** this.roomBits);
    this.listAll();
  }

  private listAll(): void {
    this.heads.fill(0);
    for (let place = 0; place < this.count; place++) this.put(place, this.hashes[place] ?? NO_KEY);
  }

  private headOf(hash: number): number {
    const shift = KEY_HASH_BITS - this.roomBits;
    return shift > 0 ? hash >>> shift : hash;
  }
}
