import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { invariant, InvariantError, StartError, toError } from '../errors';
import { CheckedEntries } from './CheckedEntries';
import { damaged } from './damage';
import { DataFile } from './DataFile';
import { DirectoryLock } from './DirectoryLock';
import { makeDirectory, syncPath } from './durableFile';
import { EmptyPositions } from './EmptyPositions';
import { EntryKind, type Entry } from './Entry';
import { LmdbTables, type PositionRange, type StoredState } from './LmdbTables';
import type { HardState, LogStore, Membership } from './LogStore';
import { MarkerFile, type StoreOwner } from './MarkerFile';
import { checkAppend, checkHardState, checkMembership, lastPosition } from './storeRules';

/** The name of lmdb's file in a data directory. */
export const DATA_NAME = 'data.mdb';

/** Where a node keeps its data, and whose they are. */
export interface LmdbLogStoreOptions extends StoreOwner {
  /** Made when it does not exist, for its owner alone. Not shared with anything else. */
  readonly directory: string;
}

/** What a store holds in memory: what is read at its start, and changed only after it was changed on disk. */
interface Loaded {
  membership: Membership;
  state: StoredState;
  last: Entry | null;
  readonly empties: EmptyPositions;
}

/** What a store holds open. */
interface Files {
  readonly marker: MarkerFile;
  readonly data: DataFile;
  readonly tables: LmdbTables;
}

/**
 * The LogStore that users run: one lmdb transaction per call, synced when the call returns. A directory holds the
 * marker ({@link MarkerFile}), lmdb's file ({@link DataFile}) and the socket of the {@link DirectoryLock}.
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
    this.entries = checkedEntries(files);
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
        return new LmdbLogStore(directory, lock, files, loaded);
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw asStartError(error, `cannot open the store in ${directory}`);
    }
  }

  get hardState(): HardState {
    return this.loaded.state.hardState;
  }

  get membership(): Membership {
    return this.loaded.membership;
  }

  get commitIndex(): number {
    return this.loaded.state.commitIndex;
  }

  get last(): Entry | null {
    return this.loaded.last;
  }

  setMembership(membership: Membership): void {
    this.checkUsable();
    checkMembership(this, membership);
    this.writing(() => {
      if (this.membership === 'none') this.syncData();
      this.files.marker.write(membership);
    });
    this.loaded.membership = membership;
  }

  saveHardState(hardState: HardState): void {
    this.checkUsable();
    checkHardState(this, hardState);
    this.write({ ...this.loaded.state, hardState }, []);
  }

  append(entries: readonly Entry[], commitIndex: number): void {
    this.checkUsable();
    checkAppend(this, entries, commitIndex);
    if (entries.length === 0 && commitIndex === this.commitIndex) return;
    this.write({ ...this.loaded.state, commitIndex }, entries);
    this.remember(entries);
  }

  entryAt(position: number): Entry | null {
    this.checkUsable();
    if (position < 1 || position > lastPosition(this)) return null;
    return this.entries.entryAt(position);
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    this.checkUsable();
    invariant(from >= 1, () => `read from position ${from}`);
    if (from > lastPosition(this)) return [];
    return this.entries.read(from, lastPosition(this), maxBytes, maxCount);
  }

  positionOfIndex(index: number): number | null {
    this.checkUsable();
    if (index < 1 || index > (this.last?.index ?? 0)) return null;
    return this.loaded.empties.positionOfIndex(index);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.failure === null) closeFiles(this.files);
    this.lock.release();
  }

  private write(state: StoredState, entries: readonly Entry[]): void {
    const last = lastPosition(this);
    const removed: PositionRange = { from: entries[0]?.position ?? last + 1, to: last };
    this.writing(() => {
      this.files.data.reserve(entries.reduce((bytes, entry) => bytes + entry.bytes.length, 0));
      this.files.tables.write(state, entries, removed);
    });
    this.loaded.state = state;
  }

  private remember(entries: readonly Entry[]): void {
    const { empties } = this.loaded;
    const [first] = entries;
    if (first === undefined) return;
    if (first.position <= lastPosition(this)) empties.cutFrom(first.position);
    for (const { kind, position } of entries) if (kind === EntryKind.Empty) empties.append(position);
    this.loaded.last = entries.at(-1) ?? null;
  }

  /** What the marker vouches for is on disk before the marker is. */
  private syncData(): void {
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
  const membership = marker.read();
  const path = join(directory, DATA_NAME);
  if (membership !== 'none' && !existsSync(path)) throw damaged(path, 'is missing');
  const data = new DataFile(path);
  try {
    if (membership !== 'none' || !data.isEmpty) data.check();
    const tables = new LmdbTables(data);
    try {
      const files = { marker, data, tables };
      return { files, loaded: load(files, membership) };
    } catch (error) {
      tables.close();
      throw error;
    }
  } catch (error) {
    data.close();
    throw error;
  }
}

/** Reads what a store keeps in memory, and checks that its parts agree. */
function load(files: Files, membership: Membership): Loaded {
  const { marker, data, tables } = files;
  const state = tables.readState();
  const position = tables.readLastPosition();
  if (membership === 'none' && (state !== null || position > 0))
    throw damaged(marker.path, `is missing, but ${data.path} holds data`);
  if (state === null && position > 0) throw damaged(data.path, 'holds entries but no state');
  const count = tables.countEntries();
  if (count !== position) throw damaged(data.path, `holds ${count} entries up to position ${position}`);
  const last = position === 0 ? null : checkedEntries(files).entryAt(position);
  const empties = new EmptyPositions(tables.readEmptyPositions());
  if (empties.count !== position - (last?.index ?? 0))
    throw damaged(
      data.path,
      `holds ${count} entries, ${empties.count} empty, up to index ${last?.index ?? 0}`,
    );
  const { commitIndex } = state ?? { commitIndex: 0 };
  if (commitIndex > position)
    throw damaged(data.path, `ends at position ${position}, but ${commitIndex} was committed`);
  const hardState = state?.hardState ?? { term: 0, votedFor: null };
  return { membership, state: { hardState, commitIndex }, last, empties };
}

function checkedEntries({ data, tables }: Files): CheckedEntries {
  return new CheckedEntries(data.path, (position) => tables.bytesAt(position));
}

function closeFiles({ data, tables }: Files): void {
  tables.close();
  data.close();
}

function asStartError(thrown: unknown, what: string): Error {
  if (thrown instanceof StartError || thrown instanceof InvariantError) return thrown;
  const { message } = toError(thrown);
  return new StartError(
    'STORE_FAILED',
    `${what}: ${message}; see that this user may write there and that the disk has space`,
    {
      cause: thrown,
    },
  );
}
