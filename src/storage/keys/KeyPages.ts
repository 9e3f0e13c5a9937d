import { createHash } from 'node:crypto';
import { invariant } from '../../errors';
import { HASH_BYTES } from '../../entry/Entry';
import { countLeading } from '../countLeading';
import { KEY_HASH_BITS } from './KeyHash';
import { NO_KEY } from './RecentKeys';

/**
 * The index of a segment by key, as it stands behind the entries: for each log a pair of its key's hash and its ordinal,
 * which counts the segment's entries from 0. Pairs are sorted, in pages with a SHA-256 each, so that a start reads none of
 * them and a search one. A pair is a whole number of five bytes: the hash above, the ordinal below.
 */

/** A segment has no more entries: the smallest takes 61 bytes of its 16 MiB. */
const ORDINAL_BITS = 19;
const ORDINALS = 2 ** ORDINAL_BITS;
const PAIR_BYTES = (KEY_HASH_BITS + ORDINAL_BITS) / 8;

/** As many as fit in what a disk reads at once, 4 KiB. */
const PAGE_PAIRS = Math.floor((4096 - HASH_BYTES) / PAIR_BYTES);
const PAGE_BYTES = PAGE_PAIRS * PAIR_BYTES + HASH_BYTES;

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

/** Makes an index of the hashes of a segment's entries, in their order. */
export function encodeKeyPages(
  hashes: Int32Array,
  keySeed: string,
): { readonly bytes: Buffer; readonly info: KeyPagesInfo } {
  invariant(hashes.length <= ORDINALS, () => `${hashes.length} entries in a segment`);
  const { pages: bytes, count: keyCount } = sortedPages(hashes);
  const keyFirsts: number[] = [];
  for (let start = 0; start < bytes.length; start += PAGE_BYTES) {
    const page = bytes.subarray(start, start + PAGE_BYTES);
    const pairs = page.subarray(0, page.length - HASH_BYTES);
    page.set(pageHash(keySeed, keyFirsts.length, pairs), pairs.length);
    keyFirsts.push(pairAt(page, 0));
  }
  return { bytes, info: { keySeed, keyCount, keyFirsts } };
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

function pairAt(bytes: Buffer, at: number): number {
  return bytes.readUIntBE(at, PAIR_BYTES);
}

function pageHash(seed: string, page: number, pairs: Buffer): Buffer {
  return createHash('sha256').update(`${seed} ${page} `).update(pairs).digest();
}

/** Of a hash, by which pairs are sorted first: half of its bits. */
const LOWER_BITS = Math.ceil(KEY_HASH_BITS / 2);
const LOWER_MASK = 2 ** LOWER_BITS - 1;

/**
 * The pairs, sorted, in their pages. By halves of the hash, the lower one first, so that those with the same one stay in
 * the order of their ordinals: in a tenth of the time that it takes to sort by comparing. Each entry of the log passes
 * these loops once.
 */
function sortedPages(hashes: Int32Array): { pages: Buffer; count: number } {
  const { length } = hashes;
  // Where the next pair of each half goes.
  const lower = new Int32Array(LOWER_MASK + 2);
  const upper = new Int32Array(LOWER_MASK + 2);
  let count = 0;
  for (let ordinal = 0; ordinal < length; ordinal++) {
    const hash = hashes[ordinal] ?? NO_KEY;
    if (hash === NO_KEY) continue;
    count++;
    const low = (hash & LOWER_MASK) + 1;
    const high = (hash >>> LOWER_BITS) + 1;
    lower[low] = (lower[low] ?? 0) + 1;
    upper[high] = (upper[high] ?? 0) + 1;
  }
  for (let half = 1; half < lower.length; half++) {
    lower[half] = (lower[half] ?? 0) + (lower[half - 1] ?? 0);
    upper[half] = (upper[half] ?? 0) + (upper[half - 1] ?? 0);
  }
  const halfSorted = new Int32Array(count);
  const itsHashes = new Int32Array(count);
  for (let ordinal = 0; ordinal < length; ordinal++) {
    const hash = hashes[ordinal] ?? NO_KEY;
    if (hash === NO_KEY) continue;
    const low = hash & LOWER_MASK;
    const place = lower[low] ?? 0;
    lower[low] = place + 1;
    halfSorted[place] = ordinal;
    itsHashes[place] = hash;
  }
  const pages = Buffer.allocUnsafeSlow(keyPagesBytes(count));
  for (let from = 0; from < count; from++) {
    const hash = itsHashes[from] ?? 0;
    const high = hash >>> LOWER_BITS;
    const place = upper[high] ?? 0;
    upper[high] = place + 1;
    const at = place * PAIR_BYTES + Math.floor(place / PAGE_PAIRS) * HASH_BYTES;
    const lowerBytes = (hash << ORDINAL_BITS) | (halfSorted[from] ?? 0);
    pages[at] = hash >>> (32 - ORDINAL_BITS);
    pages[at + 1] = lowerBytes >>> 24;
    pages[at + 2] = lowerBytes >>> 16;
    pages[at + 3] = lowerBytes >>> 8;
    pages[at + 4] = lowerBytes;
  }
  return { pages, count };
}
