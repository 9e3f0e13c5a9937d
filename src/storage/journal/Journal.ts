import { join } from 'node:path';
import { invariant, StartError } from '../../errors';
import { MalformedEntryError, type Entry, type LogPoint } from '../../entry/Entry';
import { decodeEntries, encodeEntries, LENGTH_BYTES } from '../../entry/entryFrames';
import { decodePoint, encodePoint, POINT_BYTES } from '../../entry/LogPoint';
import { damaged } from '../damage';
import type { HardState } from '../LogStore';
import type { StoredExtent } from '../segments/StoredExtent';
import type { StoreDisk, StoreFile } from '../StoreDisk';
import type { StoreLimits } from '../StoreLimits';
import { JournalFile, type FoundGeneration, type NeededGeneration } from './JournalFile';
import type { FoundRecord } from './JournalRecord';

/** What a journal is told, and tells, of the store beside its entries. */
export interface JournalState {
  readonly hardState: HardState;
  readonly commitIndex: number;
  readonly floor: LogPoint;
  readonly stored: StoredExtent;
}

/** What a journal holds: its latest state, and the appends that led to it as far as segments do not hold them. */
export interface JournalContent extends JournalState {
  /** In order. Each follows on the one before, replaces its end, or follows on entries that a later one replaces. */
  readonly appends: readonly (readonly Entry[])[];
  /** Of the file that goes on. */
  readonly path: string;
}

/** A generation that is not the current one, and is still needed. */
interface EarlierGeneration {
  readonly file: JournalFile;
  /** The highest index of an entry in it that no later record has cut. */
  highest: number;
}

/** A file whose generation is not needed. */
interface SpareFile {
  readonly file: JournalFile;
  /** How many records the current generation had when it was known: the next one says so on disk. */
  readonly knownAt: number;
}

/** The names of a journal's files. */
export const JOURNAL_NAME = /^journal-\d+$/;

/**
 * Files that stay when none of them is needed: two are used in turn, and a third while the sync of segments is slow, since to
 * make one takes as long as a hundred records.
 */
const FILES_MIN = 3;

/**
 * The latest changes of a store's state, on disk until its segments hold the entries: term and vote, commitIndex, and
 * appends, in the order in which they were made. Each is one write and one sync.
 *
 * It stands in files of a fixed length that are used in turn. Each use is a generation. When one is full, the next begins
 * with the state and with which earlier ones are still needed: those with entries that are not in segments. Nothing is
 * copied from one to the next. A file is used again when its generation is needed no more, and a record on disk says so.
 *
 * The last record of the last generation may be torn by a crash: then its call had not returned. Every other damage is
 * told, also that of a whole file: the generation before names the one that goes on.
 */
export class Journal {
  private current: JournalFile | null = null;
  /** The highest index of an entry in the current generation. */
  private highest = 0;
  private earlier: EarlierGeneration[] = [];
  private spare: SpareFile[] = [];
  /** The generation before, until the current one is on disk. */
  private unclosed: JournalFile | null = null;
  /** Whether nothing stands behind the last record. */
  private isOpenEnded = false;
  private readonly scratch: Buffer;

  constructor(
    private readonly disk: StoreDisk,
    private readonly limits: StoreLimits,
  ) {
    this.scratch = Buffer.alloc(limits.JOURNAL_BYTES);
    const names = disk.names('').filter((name) => JOURNAL_NAME.test(name));
    try {
      for (const name of names.sort()) this.addFile(name, openListed(disk, name));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether it has a generation, so that records can be written. */
  get hasBegun(): boolean {
    return this.current !== null;
  }

  /**
   * What it holds; null when it has never begun. To be called once, first.
   *
   * @throws StartError DATA_DAMAGED
   */
  read(): JournalContent | null {
    const begun = this.spare.map(({ file }) => file).filter((file) => file.readOpening());
    let newest: JournalFile | null = null;
    for (const file of begun) if (newest === null || file.sequence > newest.sequence) newest = file;
    return newest === null ? null : this.goOn(newest, begun);
  }

  /** Makes the files that a store begins with, so that a disk without room for them is told at its start. */
  makeFiles(): void {
    for (const { file } of this.spare) if (file.records === 0) file.clear();
    while (this.files().length < FILES_MIN) this.makeFile();
  }

  /** Begins the first generation; on disk on return. */
  begin(state: JournalState): void {
    invariant(this.current === null, () => 'a journal begins twice');
    this.turn(state);
    this.sync(state);
  }

  /** What its files take of the disk. */
  get bytes(): number {
    const files = this.earlier.length + this.spare.length + (this.current === null ? 0 : 1);
    return files * this.limits.JOURNAL_BYTES;
  }

  /** Whether it has so many files that no sync of segments is to be under way at the next {@link turn}. */
  get isLong(): boolean {
    return this.files().length >= this.limits.JOURNAL_FILES_MAX;
  }

  /** Whether a record of these entries fits the current generation; else comes a {@link turn} first. */
  hasRoomFor(entries: readonly Entry[]): boolean {
    return this.currentFile().hasRoomFor(entries);
  }

  /** Puts entries and commitIndex on disk. */
  append(entries: readonly Entry[], state: JournalState): void {
    this.currentFile().write('append', entries, state);
    this.holds(entries);
    this.sync(state);
  }

  /** Puts on disk that the log begins behind the state's floor, with these entries, in place of all. */
  beginAt(entries: readonly Entry[], state: JournalState): void {
    const body = Buffer.concat([encodePoint(state.floor), encodeEntries(entries)]);
    this.currentFile().write('begin', body, state);
    this.holds(entries);
    this.sync(state);
  }

  /** Puts the state's term and vote on disk. */
  saveHardState(state: JournalState): void {
    this.save(state, (file) => file.writeHardState(state.hardState, state));
  }

  /** Puts the state's floor on disk. */
  saveFloor(state: JournalState): void {
    this.save(state, (file) => file.writeFloor(state.floor, state));
  }

  /** Puts a seal behind the last record, unless one stands there: from then on damage to that record is told. */
  seal(state: JournalState): void {
    if (!this.isOpenEnded) return;
    this.currentFile().seal(state);
    this.isOpenEnded = false;
  }

  /** Begins the next generation, with this state. It is on disk with the next record. */
  turn(state: JournalState): void {
    const { current } = this;
    this.retire(state.stored.index);
    if (current !== null) this.tellSpares(current, state);
    const next = this.takeSpare();
    // Whoever reads this sees by `stored` whether the current one is needed too.
    if (current !== null) this.earlier.push({ file: current, highest: this.highest });
    next.begin(
      {
        sequence: (current?.sequence ?? 0) + 1,
        previous: current?.generation ?? null,
        needed: this.earlier.map(neededOf),
        hardState: state.hardState,
        floor: encodePoint(state.floor).toString('hex'),
      },
      state,
    );
    this.current = next;
    this.highest = 0;
    this.unclosed = current;
    this.spare = this.spare.map(({ file }) => ({ file, knownAt: 0 }));
  }

  /** Segments hold all entries up to an index for certain: generations without later ones are needed no more. */
  retire(storedIndex: number): void {
    const isNeeded = ({ highest }: EarlierGeneration): boolean => highest > storedIndex;
    for (const { file } of this.earlier.filter((generation) => !isNeeded(generation)))
      this.spare.push({ file, knownAt: this.current?.records ?? 0 });
    this.earlier = this.earlier.filter(isNeeded);
  }

  close(): void {
    for (const file of this.files()) file.release();
  }

  private goOn(newest: JournalFile, files: readonly JournalFile[]): JournalContent {
    const { opening, records, next, damagedAt } = newest.read();
    if (damagedAt !== null) throw damaged(newest.path, `is damaged at byte ${damagedAt}`);
    if (next !== null)
      throw damaged(newest.path, `says that generation ${next} goes on, and no journal beside it holds that`);
    newest.rewriteLast();
    const { commitIndex, stored } = records.at(-1) ?? records[0];
    const hardState = records.reduce<HardState>(
      (last, record) => (record.kind === 'hardState' ? newest.hardStateOf(record) : last),
      opening.hardState,
    );
    const floor = records.reduce<LogPoint>(
      (last, record) => floorIn(newest, record) ?? last,
      decoding(newest, () => decodePoint(Buffer.from(opening.floor, 'hex'))),
    );
    const own = records.map((record) => entriesIn(newest, record)).filter(({ length }) => length > 0);
    const firstIndex = Math.min(...own.map(([first]) => first?.index ?? Infinity));
    const appends: (readonly Entry[])[] = [];
    const found = new Map<JournalFile, FoundGeneration>();
    for (const needed of opening.needed) {
      const highest = Math.min(needed.highest, firstIndex - 1);
      if (highest <= stored.index) continue;
      const file = this.neededFile(needed, files);
      this.earlier.push({ file, highest });
      const generation = readNeeded(file, needed);
      found.set(file, generation);
      for (const record of generation.records) appends.push(entriesIn(file, record));
    }
    this.current = newest;
    this.isOpenEnded = true;
    this.highest = Math.max(0, ...own.map((entries) => entries.at(-1)?.index ?? 0));
    this.spare = this.spare.filter(
      ({ file }) => file !== newest && !this.earlier.some((generation) => generation.file === file),
    );
    const state = { hardState, commitIndex, floor, stored };
    // A crash may have come between the first record of a generation and the closing of the one before.
    const previous = files.find(({ generation }) => generation === opening.previous);
    if (previous !== undefined && (found.get(previous) ?? previous.read()).next === null)
      previous.close(newest.generation, state);
    return { ...state, appends: [...appends, ...own].filter(({ length }) => length > 0), path: newest.path };
  }

  /** These entries are in the current generation, in place of all from the first one's index on. */
  private holds(entries: readonly Entry[]): void {
    const [first] = entries;
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return;
    for (const generation of this.earlier) generation.highest = Math.min(generation.highest, first.index - 1);
    this.highest = last.index;
  }

  private neededFile({ name, generation }: NeededGeneration, files: readonly JournalFile[]): JournalFile {
    const file = files.find((candidate) => candidate.generation === generation);
    if (file !== undefined) return file;
    throw damaged(
      join(this.disk.place, name),
      `is damaged at byte 0, or missing: generation ${generation} began there`,
    );
  }

  /** Puts a short record on disk, or a generation's opening, which says all of the state. */
  private save(state: JournalState, write: (file: JournalFile) => void): void {
    if (!this.currentFile().hasRoomFor([])) this.turn(state);
    else write(this.currentFile());
    this.sync(state);
  }

  private sync(state: JournalState): void {
    const current = this.currentFile();
    current.sync();
    this.isOpenEnded = true;
    this.unclosed?.close(current.generation, state);
    this.unclosed = null;
  }

  /** Before a file is used again, or removed, a record on disk says that its generation is needed no more. */
  private tellSpares(current: JournalFile, state: JournalState): void {
    if (this.spare.some(({ knownAt }) => current.records <= knownAt)) {
      current.writeHardState(state.hardState, state);
      current.sync();
    }
    while (this.spare.length > 1 && this.files().length > FILES_MIN) {
      const removed = this.spare.pop();
      removed?.file.release();
      if (removed !== undefined) this.disk.remove(removed.file.name);
    }
  }

  private takeSpare(): JournalFile {
    if (this.spare.length === 0) this.makeFile();
    const taken = this.spare.shift();
    invariant(taken !== undefined, () => 'a file was made and is not there');
    return taken.file;
  }

  private makeFile(): void {
    const taken = new Set(this.files().map(({ name }) => name));
    let number = 0;
    while (taken.has(`journal-${number}`)) number++;
    const name = `journal-${number}`;
    this.addFile(name, this.disk.create(name)).allocate();
    this.disk.syncNames('');
  }

  private addFile(name: string, file: StoreFile): JournalFile {
    const added = new JournalFile(name, file, this.limits.JOURNAL_BYTES, this.scratch);
    this.spare.push({ file: added, knownAt: 0 });
    return added;
  }

  /** Each once: where reading fails, a file that is in use is among the spare ones still. */
  private files(): JournalFile[] {
    const files = new Set([...this.earlier, ...this.spare].map(({ file }) => file));
    if (this.current !== null) files.add(this.current);
    return [...files];
  }

  private currentFile(): JournalFile {
    invariant(this.current !== null, () => 'a record before the journal has begun');
    return this.current;
  }
}

/** Bytes of entries that one record may hold, of a journal of this length: the opening, a floor and what ends it aside. */
export function entryRoomOf(journalBytes: number): number {
  return Math.floor(journalBytes / 2) - LENGTH_BYTES;
}

/** @throws StartError STORE_FAILED */
function openListed(disk: StoreDisk, name: string): StoreFile {
  const file = disk.open(name);
  if (file !== null) return file;
  throw new StartError(
    'STORE_FAILED',
    `${join(disk.place, name)} is a link that leads nowhere: remove it, then start again`,
  );
}

function neededOf({ file, highest }: EarlierGeneration): NeededGeneration {
  return { name: file.name, generation: file.generation, hash: file.hash, highest };
}

function readNeeded(file: JournalFile, { hash }: NeededGeneration): FoundGeneration {
  const generation = file.read();
  const { damagedAt } = generation;
  if (file.hash === hash) return generation;
  throw damaged(
    file.path,
    damagedAt === null ? 'ends before its last record' : `is damaged at byte ${damagedAt}`,
  );
}

function entriesIn(file: JournalFile, { kind, body }: FoundRecord): Entry[] {
  if (kind === 'append') return decoding(file, () => decodeEntries(body));
  return kind === 'begin' ? decoding(file, () => decodeEntries(body.subarray(POINT_BYTES))) : [];
}

function floorIn(file: JournalFile, { kind, body }: FoundRecord): LogPoint | null {
  return kind === 'floor' || kind === 'begin' ? decoding(file, () => decodePoint(body)) : null;
}

function decoding<Content>({ path }: JournalFile, decode: () => Content): Content {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof MalformedEntryError)) throw error;
    throw damaged(path, `is damaged: ${error.message}`, error);
  }
}
