import type { StartError } from '../../errors';
import { damaged } from '../damage';
import { rootAt, type DataFile, type Meta } from './DataFile';

/** A page of LMDB 3.5 (mdb.c): a header, offsets that count from its end, and nodes from the page's end downwards. */
const HEADER_BYTES = 24;
const NUMBER_AT = 0;
const TRANSACTION_AT = 8;
const FLAGS_AT = 18;
const LOWER_AT = 20;
const UPPER_AT = 22;
const PAGES_AT = 20;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;

/** A node: size or child, flags, the key's length, the key, the value. */
const NODE_HEADER_BYTES = 8;
const KEY_BYTES_MAX = 1978;
const VALUE_IN_PAGE = 0;
const VALUE_IN_OVERFLOW = 1;
const VALUE_IS_TABLE = 2;

/** What stands for a value in overflow pages: the first page, the transaction, how many pages. */
const OVERFLOW_RECORD_BYTES = 24;
const OVERFLOW_PAGES_AT = 16;

/** A table's record: its flags, depth and root page. */
const TABLE_BYTES = 48;
const TABLE_FLAGS_AT = 4;
const TABLE_ROOT_AT = 40;

/** LMDB's own limit for the depth of a tree. */
const DEPTH_MAX = 32;

const FIRST_PAGE = 2;

interface Page {
  readonly number: number;
  readonly bytes: Buffer;
  readonly isLeaf: boolean;
  readonly count: number;
}

/** A node of a leaf, whose value lies where it says. */
interface Leaf {
  readonly page: Page;
  readonly at: number;
}

/**
 * Checks LMDB's trees, looked at from outside before LMDB follows them. One flipped bit in an offset or a length there
 * makes LMDB read past the file's end: a signal, which JavaScript cannot catch (HAZARDS, lmdb 2). What is checked is
 * the structure alone, a few reads for each block of entries; an entry's content has its hash.
 *
 * @throws StartError DATA_DAMAGED
 */
export function checkTrees(data: DataFile): void {
  new DataTrees(data).check();
}

class DataTrees {
  private readonly meta: Meta;

  constructor(private readonly data: DataFile) {
    this.meta = data.readMeta();
  }

  check(): void {
    const { freeRoot, mainRoot } = this.meta;
    for (const leaf of this.leaves(freeRoot)) this.checkFreePages(this.valueOf(leaf));
    for (const leaf of this.leaves(mainRoot))
      if (nodeFlags(leaf.page, leaf.at) === VALUE_IS_TABLE) this.checkTable(this.valueOf(leaf));
  }

  private checkTable(table: Buffer): void {
    if (table.length !== TABLE_BYTES || table.readUInt16LE(TABLE_FLAGS_AT) !== 0)
      throw this.bad(this.meta.mainRoot ?? 0);
    const leaves = this.leaves(rootAt(table, TABLE_ROOT_AT));
    while (leaves.next().done !== true);
  }

  /** All leaf nodes of a tree, each checked. */
  private *leaves(root: number | null, depth = 1): Generator<Leaf> {
    if (root === null) return;
    const page = this.page(root);
    if (depth > DEPTH_MAX) throw this.bad(page.number);
    for (let at = 0; at < page.count; at += 1) {
      if (!page.isLeaf) yield* this.leaves(child(page, at), depth + 1);
      else {
        this.checkValue(page, at);
        yield { page, at };
      }
    }
  }

  /** A branch or leaf page whose nodes all lie within it. */
  private page(number: number): Page {
    const { meta } = this;
    if (number < FIRST_PAGE || number > meta.lastPage) throw this.bad(number);
    const bytes = this.data.readAt(number * meta.pageSize, meta.pageSize);
    if (bytes.length < meta.pageSize || bytes.readBigUInt64LE(NUMBER_AT) !== BigInt(number))
      throw this.bad(number);
    const flags = bytes.readUInt16LE(FLAGS_AT);
    const lower = bytes.readUInt16LE(LOWER_AT);
    const upper = bytes.readUInt16LE(UPPER_AT);
    const page = { number, bytes, isLeaf: flags === LEAF, count: lower / 2 };
    const sane =
      bytes.readBigUInt64LE(TRANSACTION_AT) <= meta.transaction &&
      (flags === BRANCH || flags === LEAF) &&
      lower >= 2 &&
      lower % 2 === 0 &&
      lower <= upper &&
      upper <= meta.pageSize - HEADER_BYTES;
    if (!sane) throw this.bad(number);
    for (let at = 0; at < page.count; at += 1) if (!isInside(page, at, upper)) throw this.bad(number);
    return page;
  }

  /** Checks that a leaf's value lies where its node says. */
  private checkValue(page: Page, at: number): void {
    if (nodeFlags(page, at) !== VALUE_IN_OVERFLOW) return;
    const { pageSize, lastPage, transaction } = this.meta;
    const { first, pages } = overflowOf(page, at);
    if (first < FIRST_PAGE || pages < 1 || first + pages - 1 > lastPage) throw this.bad(page.number);
    if (HEADER_BYTES + sizeOf(page, at) > pages * pageSize) throw this.bad(page.number);
    const header = this.data.readAt(first * pageSize, HEADER_BYTES);
    const sane =
      header.length === HEADER_BYTES &&
      header.readBigUInt64LE(NUMBER_AT) === BigInt(first) &&
      header.readBigUInt64LE(TRANSACTION_AT) <= transaction &&
      header.readUInt16LE(FLAGS_AT) === OVERFLOW &&
      header.readUInt32LE(PAGES_AT) === pages;
    if (!sane) throw this.bad(first);
  }

  private valueOf({ page, at }: Leaf): Buffer {
    const size = sizeOf(page, at);
    if (nodeFlags(page, at) !== VALUE_IN_OVERFLOW) {
      const start = valueStart(page, at);
      return page.bytes.subarray(start, start + size);
    }
    return this.data.readAt(overflowOf(page, at).first * this.meta.pageSize + HEADER_BYTES, size);
  }

  /** A list of free pages: how many numbers follow, which are pages, or with a minus the length of a run from the next one on. */
  private checkFreePages(list: Buffer): void {
    const { freeRoot, lastPage } = this.meta;
    const end = list.length < 8 ? Infinity : 8 * (Number(list.readBigUInt64LE(0)) + 1);
    if (end > list.length) throw this.bad(freeRoot ?? 0);
    let run = 1;
    for (let at = 8; at < end; at += 8) {
      const number = Number(list.readBigInt64LE(at));
      if (number + run - 1 > lastPage || -number > lastPage) throw this.bad(freeRoot ?? 0);
      run = Math.max(1, -number);
    }
  }

  private bad(page: number): StartError {
    return damaged(this.data.path, `is damaged: page ${page} is not as LMDB wrote it`);
  }
}

function nodeAt(page: Page, at: number): number {
  return HEADER_BYTES + page.bytes.readUInt16LE(HEADER_BYTES + 2 * at);
}

function nodeFlags(page: Page, at: number): number {
  return page.bytes.readUInt16LE(nodeAt(page, at) + 4);
}

function sizeOf(page: Page, at: number): number {
  return page.bytes.readUInt32LE(nodeAt(page, at));
}

function valueStart(page: Page, at: number): number {
  const start = nodeAt(page, at);
  return start + NODE_HEADER_BYTES + page.bytes.readUInt16LE(start + 6);
}

function overflowOf(page: Page, at: number): { first: number; pages: number } {
  const start = valueStart(page, at);
  return {
    first: Number(page.bytes.readBigUInt64LE(start)),
    pages: Number(page.bytes.readBigUInt64LE(start + OVERFLOW_PAGES_AT)),
  };
}

function child(page: Page, at: number): number {
  const start = nodeAt(page, at);
  return page.bytes.readUInt32LE(start) + page.bytes.readUInt16LE(start + 4) * 2 ** 32;
}

function isInside(page: Page, at: number, upper: number): boolean {
  const { bytes, isLeaf } = page;
  const start = nodeAt(page, at);
  if (start < HEADER_BYTES + upper || start + NODE_HEADER_BYTES > bytes.length) return false;
  const keyLength = bytes.readUInt16LE(start + 6);
  const valueAt = start + NODE_HEADER_BYTES + keyLength;
  if (keyLength > KEY_BYTES_MAX || valueAt > bytes.length) return false;
  if (!isLeaf) return true;
  const flags = bytes.readUInt16LE(start + 4);
  if (flags === VALUE_IN_OVERFLOW) return valueAt + OVERFLOW_RECORD_BYTES <= bytes.length;
  if (flags !== VALUE_IN_PAGE && flags !== VALUE_IS_TABLE) return false;
  return valueAt + bytes.readUInt32LE(start) <= bytes.length;
}
