import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { invariant, StartError, toError } from '../../errors';
import { EntryKind, type Entry, type LogPoint } from '../../entry/Entry';
import { LENGTH_BYTES } from '../../entry/entryFrames';
import { DirectoryDisk } from '../directory/DirectoryDisk';
import { DirectoryLock } from '../directory/DirectoryLock';
import { makeDirectory } from '../directory/durableFile';
import type { StoreOwner } from '../directory/MarkerFile';
import { entryRoomOf, type JournalState } from '../journal/Journal';
import type { HardState, LogPart, LogStore, Membership, Room, Told } from '../LogStore';
import type { SegmentArchive } from '../segments/ForgottenSegments';
import { giveUpReserveIfFull, RoomWatch } from '../room/RoomWatch';
import { StoreRoom, type DiskLook } from '../room/StoreRoom';
import { SEGMENTS_FOLDER } from '../segments/Segments';
import type { StoreDisk } from '../StoreDisk';
import { STORE_LIMITS, type StoreLimits } from '../StoreLimits';
import {
  checkAppend,
  checkBegin,
  checkHardState,
  checkIdentity,
  checkMembership,
  checkTrim,
  lastIndex,
} from '../storeRules';
import { asStoreFailed } from '../unusable';
import { CheckedEntries } from './CheckedEntries';
import { KeySearch } from './KeySearch';
import type { Loaded } from './loadedLog';
import { openParts, type Parts } from './openParts';

/** Where a node keeps its data, and whose they are. */
export interface DurableLogStoreOptions extends StoreOwner {
  /** Made when it does not exist, for its owner alone. Not shared with anything else. */
  readonly directory: string;
  /** Where segments go that a trim forgets; they are removed where it is left out. The store closes it. */
  readonly archive?: SegmentArchive | null;
  /**
   * A node's: it looks at the room on its disk, and keeps a reserve there. `bytesMax`: what it may have of it for logs, null
   * for all. Left out, there is room until a write fails.
   */
  readonly room?: { readonly bytesMax: number | null };
}

/**
 * The LogStore that users run. Every call is one record of the journal, on disk when it returns. Committed entries go to
 * the segments, some at a time, which are synced beside this thread. Once those hold what a journal's file has, the file can
 * be used again.
 *
 * A directory holds the marker ({@link MarkerFile}), the journal's files, the folder of segments, and the socket of the
 * {@link DirectoryLock}.
 */
export class DurableLogStore implements LogStore {
  private readonly entries: CheckedEntries;
  private readonly keys: KeySearch;
  private failure: StartError | null = null;
  private closed = false;
  private syncing = false;
  /** Whether a file of the journal waits for the next sync of segments. */
  private awaitsSync = false;
  /** See SEGMENT_SYNC_BYTES. */
  private readonly syncBytes: number;

  private constructor(
    private readonly disk: StoreDisk,
    private readonly parts: Parts,
    private readonly loaded: Loaded,
    private readonly limits: StoreLimits,
    private readonly lock: Pick<DirectoryLock, 'release'>,
    private readonly storeRoom: StoreRoom,
  ) {
    this.syncBytes = limits.SEGMENT_SYNC_BYTES * (0.75 + randomBytes(1).readUInt8() / 512);
    this.entries = new CheckedEntries(parts.segments, loaded.tail, loaded);
    this.keys = new KeySearch(parts.segments, this.entries, loaded);
  }

  /**
   * Opens a node's store, and makes it when the directory is empty or missing.
   *
   * @throws StartError DATA_LOCKED (another process has it), DATA_FOREIGN (another node's or cluster's),
   * DATA_DAMAGED, or STORE_FAILED when the directory cannot be used.
   */
  static async open(options: DurableLogStoreOptions): Promise<DurableLogStore> {
    const { directory: given, archive = null, room, ...owner } = options;
    const directory = resolve(given);
    try {
      makeDirectory(directory);
      const lock = await DirectoryLock.acquire(directory);
      try {
        const disk = new DirectoryDisk(directory);
        if (room === undefined) return DurableLogStore.openOn(disk, owner, lock, STORE_LIMITS, archive);
        giveUpReserveIfFull(directory);
        let watch: RoomWatch | null = null;
        const release = (): void => {
          watch?.stop();
          lock.release();
        };
        const storeRoom = new StoreRoom(room.bytesMax);
        const store = DurableLogStore.openOn(disk, owner, { release }, STORE_LIMITS, archive, storeRoom);
        watch = RoomWatch.start(directory, store);
        return store;
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw asStoreFailed(error, `cannot open the store in ${directory}`);
    }
  }

  /** The same on any disk that nothing else uses, until the store lets go of the lock. */
  static openOn(
    disk: StoreDisk,
    owner: StoreOwner,
    lock: Pick<DirectoryLock, 'release'>,
    limits = STORE_LIMITS as StoreLimits,
    archive: SegmentArchive | null = null,
    room = new StoreRoom(null),
  ): DurableLogStore {
    const { parts, loaded } = openParts(disk, owner, limits, archive);
    const store = new DurableLogStore(disk, parts, loaded, limits, lock, room);
    store.removeForgotten();
    return store;
  }

  get place(): string {
    return this.disk.place;
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

  get floor(): LogPoint {
    return this.loaded.floor;
  }

  get last(): Entry | null {
    return this.loaded.tail.last ?? this.loaded.lastWritten;
  }

  get room(): Room {
    return this.storeRoom.of(this.takenBytes);
  }

  get fill(): number {
    return this.storeRoom.fillOf(this.takenBytes);
  }

  /** Its disk was looked at; returns what its reserve is to have, bytes. */
  lookedAt(disk: DiskLook): number {
    return this.storeRoom.looked(disk, this.takenBytes);
  }

  setMembership(membership: Membership): void {
    this.checkUsable();
    checkMembership(this, membership);
    this.writing(() => {
      if (this.membership === 'none') this.beginData();
      this.parts.marker.write({ membership, identity: this.identity });
    });
    this.loaded.membership = membership;
  }

  setIdentity(identity: string): void {
    this.checkUsable();
    checkIdentity(this, identity);
    if (identity === this.identity) return;
    this.writing(() => this.parts.marker.write({ membership: this.membership, identity }));
    this.loaded.identity = identity;
    this.removeForgotten();
  }

  saveHardState(hardState: HardState): void {
    this.checkUsable();
    checkHardState(this, hardState);
    this.writing(() => this.parts.journal.saveHardState({ ...this.state, hardState }));
    this.loaded.hardState = hardState;
  }

  append(entries: readonly Entry[], commitIndex: number, told?: Told): void {
    this.checkUsable();
    checkAppend(this, entries, commitIndex);
    if (entries.length === 0 && commitIndex === this.commitIndex) {
      told?.(null);
      return;
    }
    const pieces = this.piecesOf(entries);
    for (const [at, piece] of pieces.entries()) {
      // A crash between two leaves a beginning of the entries, and commitIndex as it was.
      const committed = at === pieces.length - 1 ? commitIndex : this.commitIndex;
      this.writing(() => this.appendPiece(piece, committed));
      this.remember(piece, committed);
    }
    if (this.loaded.tail.committedBytes >= this.limits.SEGMENT_WRITE_BYTES)
      this.writing(() => this.writeCommitted());
    told?.(null);
  }

  seal(): void {
    this.checkUsable();
    this.writing(() => this.parts.journal.seal(this.state));
  }

  trimTo(floor: LogPoint): void {
    this.checkUsable();
    checkTrim(this, floor);
    const { journal, segments } = this.parts;
    this.writing(() => {
      journal.saveFloor({ ...this.state, floor });
      segments.trimTo(floor.index);
      this.removeForgotten();
    });
    this.loaded.floor = floor;
    this.loaded.empties.trimTo(floor);
  }

  beginAt(floor: LogPoint, entries: readonly Entry[]): void {
    this.checkUsable();
    checkBegin(this, floor, entries);
    const [first = [], ...rest] = this.piecesOf(entries);
    const { journal, segments } = this.parts;
    this.writing(() => {
      if (segments.isArchived) this.writeCommitted();
      // A file of its own has room for the longest of such records.
      journal.turn(this.state);
      segments.beginAt(floor.index);
      journal.beginAt(first, { ...this.state, floor, commitIndex: floor.index });
      this.removeForgotten();
    });
    const { empties, tail } = this.loaded;
    this.loaded.floor = floor;
    this.loaded.lastWritten = null;
    empties.cutFrom(1);
    empties.trimTo(floor);
    tail.beginAt(floor.index);
    this.remember(first, floor.index);
    for (const piece of rest) this.append(piece, floor.index);
  }

  trimmable(): readonly LogPart[] {
    this.checkUsable();
    return this.parts.segments.trimmable();
  }

  get archiveProblem(): string | null {
    return this.parts.segments.archiveProblem;
  }

  entryAt(index: number): Entry | null {
    this.checkUsable();
    if (index <= this.floor.index || index > lastIndex(this)) return null;
    return this.entries.entryAt(index);
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    this.checkUsable();
    invariant(from > this.floor.index, () => `read from position ${from}, floor ${this.floor.index}`);
    if (from > lastIndex(this)) return [];
    return this.entries.read(from, lastIndex(this), maxBytes, maxCount);
  }

  indexOfLog(logNumber: number): number | null {
    this.checkUsable();
    if (logNumber <= this.floor.logNumber || logNumber > (this.last?.logNumber ?? 0)) return null;
    return this.loaded.empties.indexOfLog(logNumber);
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    this.checkUsable();
    return this.keys.step(key, below);
  }

  /** For a check: all that is still here, forgotten or not, from {@link firstHeld} on. */
  get held(): Pick<CheckedEntries, 'read'> {
    this.checkUsable();
    return this.entries;
  }

  get firstHeld(): number {
    return this.parts.segments.firstIndex;
  }

  /** See {@link Segments.checkKeys}. */
  checkKeys(index: number): number | null {
    this.checkUsable();
    return this.parts.segments.checkKeys(index);
  }

  close(): void {
    if (this.closed) return;
    try {
      if (this.failure !== null) return;
      this.seal();
      this.closeParts();
    } finally {
      this.closed = true;
      this.lock.release();
    }
  }

  private get state(): JournalState {
    const { hardState, commitIndex, floor } = this.loaded;
    return { hardState, commitIndex, floor, stored: this.parts.segments.stored };
  }

  /** What is in the journal alone will be written to segments. */
  private get takenBytes(): number {
    return this.parts.segments.bytes + this.parts.journal.bytes + this.loaded.tail.bytes;
  }

  /** What the marker vouches for is on disk before the marker is. */
  private beginData(): void {
    const { journal } = this.parts;
    this.disk.makeFolder(SEGMENTS_FOLDER);
    if (!journal.hasBegun) journal.begin(this.state);
  }

  private appendPiece(entries: readonly Entry[], commitIndex: number): void {
    const { journal, segments } = this.parts;
    if (!journal.hasRoomFor(entries)) {
      this.awaitsSync = true;
      this.writeCommitted();
      if (journal.isLong && segments.lastIndex > segments.stored.index) segments.sync();
      journal.turn(this.state);
    }
    journal.append(entries, { ...this.state, commitIndex });
  }

  /** Pieces of entries that fit a record each; one, without entries, of none. */
  private piecesOf(entries: readonly Entry[]): (readonly Entry[])[] {
    const pieces: Entry[][] = [[]];
    const room = entryRoomOf(this.limits.JOURNAL_BYTES);
    let bytes = 0;
    for (const entry of entries) {
      const framed = LENGTH_BYTES + entry.bytes.length;
      if (bytes + framed > room && bytes > 0) {
        pieces.push([]);
        bytes = 0;
      }
      bytes += framed;
      pieces.at(-1)?.push(entry);
    }
    return pieces;
  }

  private writeCommitted(): void {
    const { segments } = this.parts;
    const committed = this.loaded.tail.takeCommitted();
    segments.append(committed);
    this.loaded.lastWritten = committed.at(-1) ?? this.loaded.lastWritten;
    this.syncSegments();
  }

  private removeForgotten(): void {
    this.parts.segments.removeForgotten(this.identity, (error) => {
      if (!this.closed && this.failure === null) this.fail(error);
    });
  }

  /** Beside this thread, where enough was written, or a file of the journal waits for that. */
  private syncSegments(): void {
    const { journal, segments } = this.parts;
    if (!this.awaitsSync && segments.unsyncedBytes < this.syncBytes) return;
    if (this.syncing || !segments.hasUnsynced || this.closed || this.failure !== null) return;
    this.syncing = true;
    this.awaitsSync = false;
    segments.syncLater((error) => {
      this.syncing = false;
      if (this.closed || this.failure !== null) return;
      if (error !== null) this.fail(error);
      else {
        journal.retire(segments.stored.index);
        this.syncSegments();
      }
    });
  }

  private remember(entries: readonly Entry[], commitIndex: number): void {
    const { empties, tail } = this.loaded;
    const [first] = entries;
    const { recentKeys } = this.parts.segments;
    if (first !== undefined && first.index <= lastIndex(this)) {
      empties.cutFrom(first.index);
      recentKeys.cutFrom(first.index);
    }
    tail.append(entries);
    for (const entry of entries) {
      recentKeys.add(entry);
      if (entry.kind !== EntryKind.Log) empties.append(entry.index);
    }
    tail.commitTo(commitIndex);
    this.loaded.commitIndex = commitIndex;
  }

  /** The first write that fails is the last: nobody can tell what of it is on disk. */
  private writing(write: () => void): void {
    try {
      write();
    } catch (thrown) {
      throw this.fail(thrown);
    }
  }

  private fail(thrown: unknown): StartError {
    const { message } = toError(thrown);
    this.failure = new StartError(
      'STORE_FAILED',
      `cannot write to ${this.place}: ${message}; see that the disk works and has space, then start again`,
      { cause: thrown },
    );
    this.closeParts();
    return this.failure;
  }

  private closeParts(): void {
    this.parts.journal.close();
    this.parts.segments.close();
  }

  private checkUsable(): void {
    if (this.failure !== null) throw this.failure;
    invariant(!this.closed, () => 'call to a closed store');
  }
}
