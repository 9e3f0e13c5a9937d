import { closeSync, fstatSync, fsyncSync, openSync, readSync } from 'node:fs';
import { STORE_GROWTH_BYTES } from '../../limits';
import type { StartError } from '../../errors';
import { damaged } from '../damage';
import { FILE_MODE, writeWhole } from '../directory/durableFile';

/**
 * LMDB's meta pages, as mdb.c of lmdb 3.5 lays them out (little-endian, 64 bit). The file's first two pages each hold
 * one; a commit writes them in turn.
 */
const META_BYTES = 168;
const PAGE_SIZES = new Set([4096, 8192, 16_384, 32_768, 65_536]);
const PAGE_NUMBER_AT = 0;
const PAGE_FLAGS_AT = 18;
const MAGIC_AT = 24;
const VERSION_AT = 28;
const PAGE_SIZE_AT = 48;
const FREE_ROOT_AT = 88;
const MAIN_FLAGS_AT = 100;
const MAIN_ROOT_AT = 136;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;

const PAGE_IS_META = 0x08;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Free pages that a transaction may take besides what its entries need: the paths of its trees, and the list of free pages. */
const SPARE_PAGES = 16;

/** Bytes of file per byte of entry, at most: a value of just over half a page takes a whole one. */
const SPACE_PER_BYTE = 2;

/** One read that holds both meta pages of the usual page size. */
const HEADER_BYTES = 4096 + META_BYTES;

/** What LMDB goes by: the meta page of the last commit. */
export interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
  /** The page where the tree of free pages begins; null when there is none. */
  readonly freeRoot: number | null;
  /** The page where the tree of tables begins; null when there is none. */
  readonly mainRoot: number | null;
}

/**
 * LMDB's file, looked at from outside: LMDB has no checksums, and a file that was cut or whose first pages are not its
 * own ends the process by a signal that JavaScript cannot catch (HAZARDS, lmdb 2).
 */
export class DataFile {
  private readonly file: number;
  private size: number;
  private pageSize = 0;
  /** Bytes at the file's end that no transaction has used or claimed. */
  private room = -1;

  /** Opens the file, and makes it, empty, when it does not exist. */
  constructor(readonly path: string) {
    this.file = openSync(path, 'a+', FILE_MODE);
    this.size = fstatSync(this.file).size;
  }

  /** Whether the file has no content: LMDB then starts a store in it. */
  get isEmpty(): boolean {
    return this.size === 0;
  }

  /**
   * Checks both meta pages and the length; the trees are for {@link DataTrees}.
   *
   * @throws StartError DATA_DAMAGED
   */
  check(): void {
    if (this.isEmpty) throw damaged(this.path, 'is empty');
    const { pageSize, lastPage } = this.readMeta();
    const needed = (lastPage + 1) * pageSize;
    if (this.size < needed) throw damaged(this.path, `is cut: it has ${this.size} of ${needed} bytes`);
  }

  /** Puts content and length on disk. */
  sync(): void {
    fsyncSync(this.file);
  }

  /**
   * Makes sure that the file has room for a transaction that writes so many bytes of entries, so that a full disk is
   * met here, and named: LMDB reports it as an I/O error, and may crash after it (HAZARDS, lmdb 3).
   */
  reserve(bytes: number): void {
    if (this.claim(bytes)) return;
    // LMDB used fewer pages than were claimed for it, or none that are new: what it left is counted anew.
    const { pageSize, lastPage } = this.readMeta();
    this.pageSize = pageSize;
    this.size = fstatSync(this.file).size;
    this.room = this.size - (lastPage + 1) * pageSize;
    if (this.claim(bytes)) return;
    this.grow(this.claimFor(bytes) - this.room);
    this.claim(bytes);
  }

  close(): void {
    closeSync(this.file);
  }

  /** Takes a transaction's share of the room that is known to be left; returns false when that is too little. */
  private claim(bytes: number): boolean {
    const claimed = this.claimFor(bytes);
    if (this.room < claimed) return false;
    this.room -= claimed;
    return true;
  }

  private claimFor(bytes: number): number {
    return SPARE_PAGES * this.pageSize + bytes * SPACE_PER_BYTE;
  }

  private grow(missing: number): void {
    const growth = Buffer.alloc(Math.ceil(missing / STORE_GROWTH_BYTES) * STORE_GROWTH_BYTES);
    writeWhole(this.file, growth, null);
    this.size += growth.length;
    this.room += growth.length;
  }

  /** The meta page that LMDB goes by: the one of the later transaction. @throws StartError DATA_DAMAGED */
  readMeta(): Meta {
    const start = this.readAt(0, HEADER_BYTES);
    const first = this.parseMeta(start, 0);
    const second = this.parseMeta(
      first.pageSize + META_BYTES <= start.length
        ? start.subarray(first.pageSize)
        : this.readAt(first.pageSize, META_BYTES),
      1,
    );
    if (first.pageSize !== second.pageSize) throw this.notOurs('its first pages disagree');
    return first.transaction >= second.transaction ? first : second;
  }

  private parseMeta(page: Buffer, number: number): Meta {
    if (page.length < META_BYTES) throw damaged(this.path, `is cut: it has ${this.size} bytes`);
    const pageSize = page.readUInt32LE(PAGE_SIZE_AT);
    const lastPage = Number(page.readBigUInt64LE(LAST_PAGE_AT));
    const sane =
      page.readBigUInt64LE(PAGE_NUMBER_AT) === BigInt(number) &&
      page.readUInt16LE(PAGE_FLAGS_AT) === PAGE_IS_META &&
      page.readUInt16LE(MAIN_FLAGS_AT) === 0 &&
      page.readUInt32LE(MAGIC_AT) === MAGIC &&
      (page.readUInt32LE(VERSION_AT) & 0xffff) === DATA_VERSION &&
      PAGE_SIZES.has(pageSize) &&
      lastPage >= 1 &&
      Number.isSafeInteger(lastPage * pageSize);
    if (!sane) throw this.notOurs(`page ${number} is not LMDB's`);
    return {
      pageSize,
      lastPage,
      transaction: page.readBigUInt64LE(TRANSACTION_AT),
      freeRoot: rootAt(page, FREE_ROOT_AT),
      mainRoot: rootAt(page, MAIN_ROOT_AT),
    };
  }

  /** Bytes of the file; fewer where it ends. */
  readAt(index: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.file, bytes, 0, length, index));
  }

  private notOurs(why: string): StartError {
    return damaged(this.path, `is damaged: ${why}`);
  }
}

/** The page that a tree begins with, as LMDB writes it; null when there is none. */
export function rootAt(page: Buffer, at: number): number | null {
  const root = page.readBigUInt64LE(at);
  return root === NO_PAGE ? null : Number(root);
}
