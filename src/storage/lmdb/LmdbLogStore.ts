import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { invariant, InvariantError, StartError, toError } from '../../errors';
import { CheckedEntries } from './CheckedEntries';
import { damaged } from '../damage';
import { DataFile } from './DataFile';
import { DirectoryLock } from '../directory/DirectoryLock';
import { makeDirectory, syncPath } from '../directory/durableFile';
import { EmptyEntries } from '../EmptyEntries';
import { EntryKind, type Entry } from '../../entry/Entry';
import { Journal } from './Journal';
import { LmdbTables } from './LmdbTables';
import type { HardState, LogStore, Membership } from '../LogStore';
import { MarkerFile, type Marked, type StoreOwner } from '../directory/MarkerFile';
import {
  chainFault,
  checkAppend,
  checkHardState,
  checkIdentity,
  checkMembership,
  lastIndex,
} from '../storeRules';
import type { StoredState } from './StoredState';
import { UnappliedEntries } from './UnappliedEntries';
import { asStoreFailed } from '../unusable';

/** The name of lmdb's file in a data directory. */
export const DATA_NAME = 'data.mdb';

/** The name of the journal in a data directory. */
export const JOURNAL_NAME = 'journal';

/** Where a node keeps its data, and whose they are. */
export interface LmdbLogStoreOptions extends StoreOwner {
  /** Made when it does not exist, for its owner alone. Not shared with anything else. */
  readonly directory: string;
}

/** What a store holds in memory: what is read at its start, and changed only after it was changed on disk. */
interface Loaded {
  membership: Membership;
  identity: string | null;
  hardState: HardState;
  commitIndex: number;
  last: Entry | null;
  readonly empties: EmptyEntries;
  readonly unapplied: UnappliedEntries;
}

/** What a store holds open. */
interface Files {
  readonly marker: MarkerFile;
  readonly data: DataFile;
  readonly tables: LmdbTables;
  readonly journal: Journal;
}

/**
 * The LogStore that users run. An append is one record of the {@link Journal}, flushed when the call returns; when the
 * journal is full, term or vote change, or the store closes, what it holds goes to lmdb in one transaction. A start
 * after a crash does that first.
 *
 * A directory holds the marker ({@link MarkerFile}), lmdb's file ({@link DataFile}), the journal and the socket of the
 * {@link DirectoryLock}.
 */
export class LmdbLogStore implements LogStore {
  private readonly entries: CheckedEntries;
  private failure: StartError | null = null;
  private closed = false;

  private constructor(
    private readonly directory: string,
    private readonly lock: DirectoryLock,
    private readonly files: Files,
    private readonly loaded: Loaded,
  ) {
    this.entries = checkedEntries(files, loaded.unapplied);
  }

  /**
   * Opens a node's store, and makes it when the directory is empty or missing.
   *
   * @throws StartError DATA_LOCKED (another process has it), DATA_FOREIGN (another node's or cluster's),
   * DATA_DAMAGED, or STORE_FAILED when the directory cannot be used.
   */
  static async open({ directory: given, ...owner }: LmdbLogStoreOptions): Promise<LmdbLogStore> {
    const directory = resolve(given);
    try {
      makeDirectory(directory);
      const lock = await DirectoryLock.acquire(directory);
      try {
        const { files, loaded } = openFiles(directory, owner);
        const store = new LmdbLogStore(directory, lock, files, loaded);
        try {
          store.replay();
          return store;
        } catch (error) {
          closeFiles(files);
          throw error;
        }
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw asStoreFailed(error, `cannot open the store in ${directory}`);
    }
  }

  get place(): string {
    return this.directory;
  }

  get hardState(): HardState {
    return this.loaded.hardState;
  }

  get membership(): Membership {
    return this.loaded.membership;
  }

  get identity(): string | null {
    return this.loaded.identity;
  }

  get commitIndex(): number {
    return this.loaded.commitIndex;
  }

  get last(): Entry | null {
    return this.loaded.last;
  }

  setMembership(membership: Membership): void {
    this.checkUsable();
    checkMembership(this, membership);
    this.writing(() => {
      if (this.membership === 'none') this.beginData();
      this.files.marker.write({ membership, identity: this.identity });
    });
    this.loaded.membership = membership;
  }

  setIdentity(identity: string): void {
    this.checkUsable();
    checkIdentity(this, identity);
    if (identity === this.identity) return;
    this.writing(() => this.files.marker.write({ membership: this.membership, identity }));
    this.loaded.identity = identity;
  }

  saveHardState(hardState: HardState): void {
    this.checkUsable();
    checkHardState(this, hardState);
    this.writing(() => this.applyAll(hardState, this.commitIndex));
    this.loaded.hardState = hardState;
  }

  append(entries: readonly Entry[], commitIndex: number): void {
    this.checkUsable();
    checkAppend(this, entries, commitIndex);
    if (entries.length === 0 && commitIndex === this.commitIndex) return;
    this.writing(() => {
      const written = this.files.journal.append(entries, commitIndex);
      this.loaded.unapplied.add(entries);
      if (!written) this.applyAll(this.hardState, commitIndex);
    });
    this.remember(entries, commitIndex);
  }

  entryAt(index: number): Entry | null {
    this.checkUsable();
    if (index < 1 || index > lastIndex(this)) return null;
    return this.entries.entryAt(index);
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    this.checkUsable();
    invariant(from >= 1, () => `read from position ${from}`);
    if (from > lastIndex(this)) return [];
    return this.entries.read(from, lastIndex(this), maxBytes, maxCount);
  }

  indexOfLog(logNumber: number): number | null {
    this.checkUsable();
    if (logNumber < 1 || logNumber > (this.last?.logNumber ?? 0)) return null;
    return this.loaded.empties.indexOfLog(logNumber);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      if (this.failure !== null) return;
      if (!this.files.journal.isEmpty) this.writing(() => this.applyAll(this.hardState, this.commitIndex));
      closeFiles(this.files);
    } finally {
      this.lock.release();
    }
  }

  /** Takes what the journal holds from before a crash, and puts it into lmdb. */
  private replay(): void {
    const { journal } = this.files;
    const records = journal.read();
    for (const { entries, commitIndex } of records) {
      this.checkReplayed(entries, commitIndex);
      this.loaded.unapplied.add(entries);
      this.remember(entries, commitIndex);
    }
    if (records.length > 0) this.applyAll(this.hardState, this.commitIndex);
  }

  private checkReplayed(entries: readonly Entry[], commitIndex: number): void {
    const { path } = this.files.journal;
    try {
      checkAppend(this, entries, commitIndex);
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      throw damaged(path, `is damaged: ${error.message}`, error);
    }
    let previous = entries[0] === undefined ? null : this.entryAt(entries[0].index - 1);
    for (const entry of entries) {
      const fault = chainFault(entry, previous);
      if (fault !== null) throw damaged(path, `is damaged at position ${entry.index}: ${fault}`);
      previous = entry;
    }
  }

  /** Puts everything that is not in lmdb there, in one transaction, with this state; the journal begins anew. */
  private applyAll(hardState: HardState, commitIndex: number): void {
    const { data, tables, journal } = this.files;
    const { unapplied } = this.loaded;
    const generations = journal.nextGenerations();
    data.reserve(unapplied.entries.reduce((bytes, entry) => bytes + entry.bytes.length, 0));
    tables.write({ hardState, commitIndex, journal: generations }, unapplied.entries, unapplied.replaced);
    unapplied.applied();
    journal.restart(generations);
  }

  private remember(entries: readonly Entry[], commitIndex: number): void {
    const { empties } = this.loaded;
    this.loaded.commitIndex = commitIndex;
    const [first] = entries;
    if (first === undefined) return;
    if (first.index <= lastIndex(this)) empties.cutFrom(first.index);
    for (const { kind, index } of entries) if (kind === EntryKind.Empty) empties.append(index);
    this.loaded.last = entries.at(-1) ?? null;
  }

  /** What the marker vouches for is on disk before the marker is: a state, so that one that is missing is damage. */
  private beginData(): void {
    this.applyAll(this.hardState, this.commitIndex);
    this.files.data.sync();
    syncPath(this.directory);
  }

  /** The first write that fails is the last: nobody can tell what of it is on disk (HAZARDS, lmdb 3). */
  private writing(write: () => void): void {
    try {
      write();
    } catch (thrown) {
      const { message } = toError(thrown);
      this.failure = new StartError(
        'STORE_FAILED',
        `cannot write to ${this.directory}: ${message}; see that the disk works and has space, then start again`,
        { cause: thrown },
      );
      closeFiles(this.files);
      throw this.failure;
    }
  }

  private checkUsable(): void {
    if (this.failure !== null) throw this.failure;
    invariant(!this.closed, () => 'call to a closed store');
  }
}

function openFiles(directory: string, owner: StoreOwner): { files: Files; loaded: Loaded } {
  const marker = new MarkerFile(directory, owner);
  const marked = marker.read();
  const path = join(directory, DATA_NAME);
  if (marked.membership !== 'none' && !existsSync(path)) throw damaged(path, 'is missing');
  const data = new DataFile(path);
  try {
    if (marked.membership !== 'none' || !data.isEmpty) data.check();
    const tables = new LmdbTables(data);
    try {
      const { state, loaded } = load({ marker, data, tables }, marked);
      const journal = new Journal(join(directory, JOURNAL_NAME), state?.journal ?? null);
      return { files: { marker, data, tables, journal }, loaded };
    } catch (error) {
      tables.close();
      throw error;
    }
  } catch (error) {
    data.close();
    throw error;
  }
}

/** Reads what a store keeps in memory, and checks that its parts agree; the journal's content is yet to come. */
function load(
  { marker, data, tables }: Omit<Files, 'journal'>,
  marked: Marked,
): { state: StoredState | null; loaded: Loaded } {
  const state = tables.readState();
  const index = tables.readLastIndex();
  if (marked.membership === 'none' && (index > 0 || (state !== null && state.hardState.term > 0)))
    throw damaged(marker.path, `is missing, but ${data.path} holds data`);
  if (marked.membership !== 'none' && state === null) throw damaged(data.path, 'holds no state');
  const unapplied = new UnappliedEntries(index);
  const last = index === 0 ? null : checkedEntries({ data, tables }, unapplied).entryAt(index);
  const empties = new EmptyEntries(tables.readEmptyEntries());
  if (empties.count !== index - (last?.logNumber ?? 0))
    throw damaged(
      data.path,
      `holds ${index} entries, ${empties.count} empty, up to index ${last?.logNumber ?? 0}`,
    );
  const { commitIndex } = state ?? { commitIndex: 0 };
  if (commitIndex > index)
    throw damaged(data.path, `ends at position ${index}, but ${commitIndex} was committed`);
  const hardState = state?.hardState ?? { term: 0, votedFor: null };
  return { state, loaded: { ...marked, hardState, commitIndex, last, empties, unapplied } };
}

function checkedEntries(
  { data, tables }: Pick<Files, 'data' | 'tables'>,
  unapplied: UnappliedEntries,
): CheckedEntries {
  return new CheckedEntries(data.path, (index) =>
    unapplied.covers(index) ? unapplied.at(index)?.bytes : tables.bytesAt(index),
  );
}

function closeFiles({ data, tables, journal }: Files): void {
  journal.close();
  tables.close();
  data.close();
}
