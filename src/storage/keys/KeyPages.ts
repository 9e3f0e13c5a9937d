import { createHash } from 'node:crypto';
import { HASH_BYTES } from '../../entry/Entry';
import { countLeading } from '../countLeading';
import { KEY_HASH_BITS } from './KeyHash';

/**
 * The index of a segment by key, as it stands behind the entries: for each log a pair of its key's hash and its ordinal,
 * which counts the segment's entries from 0. Pairs are sorted, in pages with a SHA-256 each, so that a start reads none of
 * them and a search one. A pair is a whole number of five bytes: the hash above, the ordinal below.
 */

/** A segment has no more entries: the smallest takes 61 bytes of its 16 MiB. */
export const ORDINAL_BITS = 19;
export const ORDINALS = 2 ** ORDINAL_BITS;

export const PAIR_BYTES = (KEY_HASH_BITS + ORDINAL_BITS) / 8;

/** As many as fit in what a disk reads at once, 4 KiB. */
export const PAGE_PAIRS = Math.floor((4096 - HASH_BYTES) / PAIR_BYTES);
export const PAGE_BYTES = PAGE_PAIRS * PAIR_BYTES + HASH_BYTES;

/** What a segment's footer says of its index. */
export interface KeyPagesInfo {
  /** Of the keys' hashes, see KeyHash; in each page's SHA-256 too, so that no page of another index counts. */
  readonly keySeed: string;
  /** How many logs there are. */
  readonly keyCount: number;
  /** The first pair of each page. */
  readonly keyFirsts: readonly number[];
}

/** The bytes that an index of so many logs has. */
export function keyPagesBytes(count: number): number {
  return count * PAIR_BYTES + Math.ceil(count / PAGE_PAIRS) * HASH_BYTES;
}

/** Where a page stands in the index, and its length. */
export function keyPagePlace({ keyCount }: KeyPagesInfo, page: number): { start: number; length: number } {
  const pairs = Math.min(PAGE_PAIRS, keyCount - page * PAGE_PAIRS);
  return { start: page * PAGE_BYTES, length: pairs * PAIR_BYTES + HASH_BYTES };
}

/** Whether a page is what was written. */
export function isKeyPageWhole({ keySeed, keyFirsts }: KeyPagesInfo, page: number, bytes: Buffer): boolean {
  const pairs = bytes.subarray(0, bytes.length - HASH_BYTES);
  return (
    pageHash(keySeed, page, pairs).equals(bytes.subarray(pairs.length)) &&
    pairAt(bytes, 0) === keyFirsts[page]
  );
}

/** In which page the last pair of a hash with an ordinal below this one is, if there is one; -1 when there is none. */
export function keyPageOf({ keyFirsts }: KeyPagesInfo, hash: number, below: number): number {
  const bound = hash * ORDINALS + Math.min(below, ORDINALS);
  return countLeading(keyFirsts, (first) => first < bound) - 1;
}

/** The last ordinal below this one of a hash that a page has; -1 when there is none. */
export function lastInKeyPage(bytes: Buffer, hash: number, below: number): number {
  const bound = hash * ORDINALS + Math.min(below, ORDINALS);
  let low = 0;
  let high = (bytes.length - HASH_BYTES) / PAIR_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pairAt(bytes, middle * PAIR_BYTES) < bound) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return -1;
  const pair = pairAt(bytes, (low - 1) * PAIR_BYTES);
  return Math.floor(pair / ORDINALS) === hash ? pair % ORDINALS : -1;
}

/** The pair that stands at an offset, as a number. */
export function pairAt(bytes: Buffer, at: number): number {
  return bytes.readUIntBE(at, PAIR_BYTES);
}

/** What a page ends with. */
export function pageHash(seed: string, page: number, pairs: Buffer): Buffer {
  return createHash('sha256').update(`${seed} ${page} `).update(pairs).digest();
}
