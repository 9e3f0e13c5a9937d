import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, fstatSync, fsyncSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { JOURNAL_BYTES } from '../../limits';
import { damaged } from '../damage';
import { FILE_MODE, syncPath, writeWhole } from '../directory/durableFile';
import { HASH_BYTES, MalformedEntryError, type Entry } from '../../entry/Entry';
import { decodeEntries, framedBytes, writeEntries } from '../../entry/entryFrames';
import { sha256 } from '../../entry/sha256';
import type { JournalGenerations } from './StoredState';

/** One append, as it was written. */
export interface JournalRecord {
  readonly entries: readonly Entry[];
  readonly commitIndex: number;
}

/** Records begin at multiples of this, bytes: what a disk writes whole, so that none can harm the one before it. */
const SECTOR_BYTES = 512;

/** A record: generation, number in it, bytes of its body, commitIndex, SHA-256 over all but itself; then the body, the entries. */
const GENERATION_BYTES = 16;
const NUMBER_AT = 16;
const BODY_BYTES_AT = 20;
const COMMIT_INDEX_AT = 24;
const COMMIT_INDEX_BYTES = 6;
const HASH_AT = COMMIT_INDEX_AT + COMMIT_INDEX_BYTES;
const BODY_AT = HASH_AT + HASH_BYTES;

/**
 * The latest appends on disk until lmdb has them: a file whose length and blocks never change, so that an append is
 * one write and one flush. A commit of lmdb is two, one after the other, of five pages and more.
 *
 * Records are of a generation: 16 random bytes that lmdb's state names, so that what is left of earlier ones, or
 * stands in a user's value, is never taken for a record. The last record may be torn by a crash: then its append had
 * not returned. One that is damaged and has another behind it was on disk once.
 *
 * A generation ends when lmdb has its records. They stay in the file until the next one's first record takes their
 * place; so the file begins with a record of the generation that the state names, or of the one before it, or with one
 * that was torn there. A whole record of any other says that state and journal are not of the same moment.
 */
export class Journal {
  private readonly file: number;
  private generations: JournalGenerations | null;
  private generation: Buffer | null;
  private number = 0;
  private end = 0;
  private scratch = Buffer.alloc(0);

  /**
   * Opens the journal that lmdb's state names; null, when there is no state, makes an empty one that takes no records
   * until {@link restart}.
   *
   * @throws StartError DATA_DAMAGED when it is missing or was cut.
   */
  constructor(
    readonly path: string,
    generations: JournalGenerations | null,
  ) {
    this.generations = generations;
    this.generation = currentOf(generations);
    this.file = generations === null ? make(path) : openMade(path);
  }

  /** Whether its generation has no record that {@link read} found or {@link append} wrote. */
  get isEmpty(): boolean {
    return this.number === 0;
  }

  /** What a state is to name that has taken in all records: a generation without records goes on. */
  nextGenerations(): JournalGenerations {
    if (this.generations !== null && this.isEmpty) return this.generations;
    const current = randomBytes(GENERATION_BYTES).toString('hex');
    return { current, previous: this.generations?.current ?? null };
  }

  /**
   * The records of the generation, in order.
   *
   * @throws StartError DATA_DAMAGED when one is damaged that is not the last, or the first is of a generation that the
   * state does not name.
   */
  read(): JournalRecord[] {
    if (this.generation === null) return [];
    const content = Buffer.alloc(JOURNAL_BYTES);
    readSync(this.file, content, 0, JOURNAL_BYTES, 0);
    this.checkBeginning(content);
    const records: JournalRecord[] = [];
    let at = 0;
    for (;;) {
      const found = this.recordIn(content, at, records.length);
      if (found === null) break;
      records.push(found.record);
      at = found.end;
    }
    for (let later = at + SECTOR_BYTES; later < JOURNAL_BYTES; later += SECTOR_BYTES)
      if (this.generation.equals(content.subarray(later, later + GENERATION_BYTES)))
        throw damaged(this.path, `is damaged at byte ${at}`);
    this.number = records.length;
    this.end = at;
    return records;
  }

  /** Writes a record and flushes it; returns false, with nothing done, when there is no room for it. */
  append(entries: readonly Entry[], commitIndex: number): boolean {
    const { generation } = this;
    if (generation === null) return false;
    const bodyBytes = framedBytes(entries);
    const written = sectors(BODY_AT + bodyBytes);
    if (this.end + written > roomOf(generation)) return false;
    const record = this.scratchOf(written);
    generation.copy(record);
    record.writeUInt32BE(this.number, NUMBER_AT);
    record.writeUInt32BE(bodyBytes, BODY_BYTES_AT);
    record.writeUIntBE(commitIndex, COMMIT_INDEX_AT, COMMIT_INDEX_BYTES);
    const bodyEnd = writeEntries(entries, record, BODY_AT);
    record.write(hashOf(record, bodyEnd), HASH_AT, 'latin1');
    record.fill(0, bodyEnd, written);
    writeWhole(this.file, record, this.end, written);
    fdatasyncSync(this.file);
    this.end += written;
    this.number++;
    return true;
  }

  /** Goes on as the state says that lmdb holds now: it names {@link nextGenerations}, and has taken in all records. */
  restart(generations: JournalGenerations): void {
    this.generations = generations;
    this.generation = currentOf(generations);
    this.number = 0;
    this.end = 0;
  }

  close(): void {
    closeSync(this.file);
  }

  private checkBeginning(content: Buffer): void {
    const { generations } = this;
    const bodyEnd = bodyEndOf(content);
    if (generations === null || bodyEnd === null) return;
    const generation = content.toString('hex', 0, GENERATION_BYTES);
    if (generation !== generations.current && generation !== generations.previous)
      throw damaged(
        this.path,
        `begins with a record of generation ${generation}, and the state names ${generations.current}`,
      );
  }

  /** The whole record at an offset, and where the next one begins; null when there is none. */
  private recordIn(
    content: Buffer,
    start: number,
    number: number,
  ): { record: JournalRecord; end: number } | null {
    const bytes = content.subarray(start);
    const bodyEnd = bodyEndOf(bytes);
    if (bodyEnd === null || this.generation?.equals(bytes.subarray(0, GENERATION_BYTES)) !== true)
      return null;
    if (bytes.readUInt32BE(NUMBER_AT) !== number) return null;
    const record: JournalRecord = {
      commitIndex: bytes.readUIntBE(COMMIT_INDEX_AT, COMMIT_INDEX_BYTES),
      entries: this.entriesIn(bytes.subarray(BODY_AT, bodyEnd), start),
    };
    return { record, end: start + sectors(bodyEnd) };
  }

  private entriesIn(body: Buffer, start: number): Entry[] {
    try {
      return decodeEntries(body);
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damaged(this.path, `is damaged at byte ${start}: ${error.message}`, error);
    }
  }

  private scratchOf(bytes: number): Buffer {
    if (this.scratch.length < bytes)
      this.scratch = Buffer.allocUnsafeSlow(Math.min(2 * bytes, JOURNAL_BYTES));
    return this.scratch;
  }
}

/**
 * How much of the journal a generation uses: half of it at least, by chance. The nodes of a cluster append the same at
 * the same time; so they do not all go to lmdb at once, and a majority goes on meanwhile.
 */
function roomOf(generation: Buffer): number {
  return JOURNAL_BYTES / 2 + (generation.readUInt16BE() / 0xffff) * (JOURNAL_BYTES / 2);
}

function currentOf(generations: JournalGenerations | null): Buffer | null {
  return generations === null ? null : Buffer.from(generations.current, 'hex');
}

/** Where the body of the record that these bytes begin with ends; null when there is no whole one. */
function bodyEndOf(bytes: Buffer): number | null {
  if (bytes.length < BODY_AT) return null;
  const end = BODY_AT + bytes.readUInt32BE(BODY_BYTES_AT);
  if (end > bytes.length) return null;
  return hashOf(bytes, end) === bytes.toString('latin1', HASH_AT, BODY_AT) ? end : null;
}

function hashOf(record: Buffer, end: number): string {
  return sha256(record.subarray(0, HASH_AT), 0, record.subarray(BODY_AT, end), end - BODY_AT);
}

function sectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

function make(path: string): number {
  const file = openSync(path, 'w+', FILE_MODE);
  writeWhole(file, Buffer.alloc(JOURNAL_BYTES), 0);
  fsyncSync(file);
  syncPath(dirname(path));
  return file;
}

function openMade(path: string): number {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw damaged(path, 'is missing', error);
    throw error;
  }
  const { size } = fstatSync(file);
  if (size === JOURNAL_BYTES) return file;
  closeSync(file);
  throw damaged(path, `is cut: it has ${size} of ${JOURNAL_BYTES} bytes`);
}
