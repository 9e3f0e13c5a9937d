import type { StartError } from '../errors';
import { damaged } from './damage';
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
const POSITION_BYTES = 6;

interface Page {
  readonly number: number;
  readonly bytes: Buffer;
  readonly isLeaf: boolean;
  readonly count: number;
}

interface Leaf {
  readonly key: Buffer;
  readonly isTable: boolean;
  readonly value: () => Buffer;
}

/** A leaf of the entries' tree, and the positions in it. */
interface EntriesLeaf {
  /** As of its reading. */
  readonly meta: Meta;
  readonly page: Page;
  readonly from: number;
  readonly to: number;
}

/**
 * LMDB's trees, looked at from outside before LMDB follows them. One flipped bit in an offset or a length there makes
 * LMDB read past the file's end: a signal, which JavaScript cannot catch (HAZARDS, lmdb 2). What is checked is the
 * structure alone; an entry's content has its hash.
 */
export class DataTrees {
  /** The entries from this position on were checked at the start, or written by this process. */
  private soundFrom = 1;
  /** A bit for each position below that has been checked. */
  private checked = new Uint8Array(0);
  /** The leaf that was checked last: a read that goes on finds the next entries in it. */
  private leaf: EntriesLeaf | null = null;

  constructor(
    private readonly data: DataFile,
    /** The table of the entries, whose keys are positions; it alone is large. */
    private readonly entriesName: string,
  ) {}

  /**
   * Checks all that LMDB touches when it opens the file and when it appends: every tree but the entries', and of that
   * the way to the last one.
   *
   * @throws StartError DATA_DAMAGED
   */
  checkStart(): void {
    const meta = this.data.readMeta();
    for (const { value } of this.leaves(meta, meta.freeRoot)) this.checkFreePages(meta, value());
    for (const { key, isTable, value } of this.leaves(meta, meta.mainRoot)) {
      if (!isTable) continue;
      const root = this.tableRoot(meta, value());
      if (root === null) continue;
      if (key.equals(nameKey(this.entriesName))) this.checkEnd(meta, root);
      else for (const leaf of this.leaves(meta, root)) leaf.value();
    }
  }

  /**
   * Checks the way to the entry at a position, the first time that it is asked for.
   *
   * @throws StartError DATA_DAMAGED
   */
  checkEntry(position: number): void {
    const bit = 1 << (position & 7);
    if (position >= this.soundFrom || ((this.checked[position >>> 3] ?? 0) & bit) !== 0) return;
    this.checkPosition(position, false);
    this.checked[position >>> 3] = (this.checked[position >>> 3] ?? 0) | bit;
  }

  /**
   * Checks the pages that LMDB walks, and merges with those beside them, when it removes these positions.
   *
   * @throws StartError DATA_DAMAGED
   */
  checkRemoval(from: number, to: number): void {
    if (from > to) return;
    this.leaf = null;
    for (let position = to; position >= from; position -= 1) this.checkPosition(position, true);
    this.leaf = null;
    this.soundFrom = Math.min(this.soundFrom, from);
  }

  private checkEnd(meta: Meta, root: number): void {
    const { page, from } = this.descend(meta, root, Infinity, true);
    for (let at = 0; at < page.count; at += 1) this.checkValue(meta, page, at);
    this.soundFrom = from;
    this.checked = new Uint8Array((from >>> 3) + 1);
  }

  private checkPosition(position: number, siblings: boolean): void {
    if (this.leaf === null || position < this.leaf.from || position > this.leaf.to) {
      const meta = this.data.readMeta();
      this.leaf = this.descend(meta, this.entriesRoot(meta), position, siblings);
    }
    const { meta, page, from } = this.leaf;
    const at = position - from;
    if (at < 0 || at >= page.count || positionAt(page, at) !== position)
      throw damaged(this.data.path, `is damaged at position ${position}: it is missing`);
    this.checkValue(meta, page, at);
  }

  private entriesRoot(meta: Meta): number {
    const name = nameKey(this.entriesName);
    const table = this.leaves(meta, meta.mainRoot).find(({ key, isTable }) => isTable && key.equals(name));
    const root = table === undefined ? null : this.tableRoot(meta, table.value());
    if (root === null) throw damaged(this.data.path, 'is damaged: it has no entries');
    return root;
  }

  /** The leaf of a position. `siblings`: checks the pages beside each of the way, too. */
  private descend(meta: Meta, root: number, position: number, siblings: boolean): EntriesLeaf {
    let page = this.page(meta, root);
    for (let depth = 1; !page.isLeaf; depth += 1) {
      if (depth > DEPTH_MAX) throw this.bad(page.number);
      const at = childFor(page, position);
      if (siblings && at > 0) this.page(meta, child(page, at - 1));
      if (siblings && at + 1 < page.count) this.page(meta, child(page, at + 1));
      page = this.page(meta, child(page, at));
    }
    return { meta, page, from: positionAt(page, 0), to: positionAt(page, page.count - 1) };
  }

  /** All leaf nodes of a tree, each checked. */
  private leaves(meta: Meta, root: number | null, depth = 1): Leaf[] {
    if (root === null) return [];
    const page = this.page(meta, root);
    if (depth > DEPTH_MAX) throw this.bad(page.number);
    const numbers = Array.from({ length: page.count }, (_, at) => at);
    if (!page.isLeaf) return numbers.flatMap((at) => this.leaves(meta, child(page, at), depth + 1));
    return numbers.map((at) => ({
      key: keyAt(page, at),
      isTable: nodeFlags(page, at) === VALUE_IS_TABLE,
      value: () => this.checkValue(meta, page, at, true),
    }));
  }

  /** A branch or leaf page whose nodes all lie within it. */
  private page(meta: Meta, number: number): Page {
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

  /** Checks that a leaf's value lies where its node says, and reads it when asked to. */
  private checkValue(meta: Meta, page: Page, at: number, read = false): Buffer {
    const start = nodeAt(page, at);
    const size = page.bytes.readUInt32LE(start);
    const valueAt = start + NODE_HEADER_BYTES + page.bytes.readUInt16LE(start + 6);
    if (nodeFlags(page, at) !== VALUE_IN_OVERFLOW) return page.bytes.subarray(valueAt, valueAt + size);
    const first = Number(page.bytes.readBigUInt64LE(valueAt));
    const pages = Number(page.bytes.readBigUInt64LE(valueAt + OVERFLOW_PAGES_AT));
    const { pageSize, lastPage } = meta;
    if (first < FIRST_PAGE || pages < 1 || first + pages - 1 > lastPage) throw this.bad(page.number);
    if (HEADER_BYTES + size > pages * pageSize) throw this.bad(page.number);
    const header = this.data.readAt(first * pageSize, HEADER_BYTES);
    const sane =
      header.length === HEADER_BYTES &&
      header.readBigUInt64LE(NUMBER_AT) === BigInt(first) &&
      header.readBigUInt64LE(TRANSACTION_AT) <= meta.transaction &&
      header.readUInt16LE(FLAGS_AT) === OVERFLOW &&
      header.readUInt32LE(PAGES_AT) === pages;
    if (!sane) throw this.bad(first);
    return read ? this.data.readAt(first * pageSize + HEADER_BYTES, size) : header;
  }

  /** The root of a table with these 48 bytes; null when it is empty. */
  private tableRoot(meta: Meta, table: Buffer): number | null {
    if (table.length !== TABLE_BYTES || table.readUInt16LE(TABLE_FLAGS_AT) !== 0)
      throw this.bad(meta.mainRoot ?? 0);
    return rootAt(table, TABLE_ROOT_AT);
  }

  /** A list of free pages: how many numbers follow, which are pages, or with a minus the length of a run from the next one on. */
  private checkFreePages(meta: Meta, list: Buffer): void {
    const end = list.length < 8 ? Infinity : 8 * (Number(list.readBigUInt64LE(0)) + 1);
    if (end > list.length) throw this.bad(meta.freeRoot ?? 0);
    let run = 1;
    for (let at = 8; at < end; at += 8) {
      const number = Number(list.readBigInt64LE(at));
      if (number + run - 1 > meta.lastPage || -number > meta.lastPage) throw this.bad(meta.freeRoot ?? 0);
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

function keyAt(page: Page, at: number): Buffer {
  const start = nodeAt(page, at);
  const keyStart = start + NODE_HEADER_BYTES;
  return page.bytes.subarray(keyStart, keyStart + page.bytes.readUInt16LE(start + 6));
}

/** The position that is a node's key; a branch's first node has none, and stands for all that is lower. */
function positionAt(page: Page, at: number): number {
  const key = keyAt(page, at);
  return key.length === POSITION_BYTES ? key.readUIntBE(0, POSITION_BYTES) : 0;
}

function child(page: Page, at: number): number {
  const start = nodeAt(page, at);
  return page.bytes.readUInt32LE(start) + page.bytes.readUInt16LE(start + 4) * 2 ** 32;
}

/** Which child of a branch holds a position. */
function childFor(page: Page, position: number): number {
  let low = 0;
  let high = page.count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (positionAt(page, middle) <= position) low = middle;
    else high = middle;
  }
  return low;
}

function isInside(page: Page, at: number, upper: number): boolean {
  const { bytes, isLeaf } = page;
  const start = nodeAt(page, at);
  if (start < HEADER_BYTES + upper || start + NODE_HEADER_BYTES > bytes.length) return false;
  const keyLength = bytes.readUInt16LE(start + 6);
  const valueStart = start + NODE_HEADER_BYTES + keyLength;
  if (keyLength > KEY_BYTES_MAX || valueStart > bytes.length) return false;
  if (!isLeaf) return true;
  const flags = bytes.readUInt16LE(start + 4);
  if (flags === VALUE_IN_OVERFLOW) return valueStart + OVERFLOW_RECORD_BYTES <= bytes.length;
  if (flags !== VALUE_IN_PAGE && flags !== VALUE_IS_TABLE) return false;
  return valueStart + bytes.readUInt32LE(start) <= bytes.length;
}

/** A table's name as lmdb writes it: with the C string's end. */
function nameKey(name: string): Buffer {
  return Buffer.from(`${name}\0`);
}
