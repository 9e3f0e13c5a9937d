import { invariant } from '../../errors';
import { FLUSH_BYTES_MAX, REMEMBER_STEP_BYTES } from '../../limits';
import type { LogLimits } from './LogLimits';
import {
  buildEntry,
  buildFirstEntry,
  entryHash,
  entryIdentity,
  entryPushId,
  EntryKind,
  type Entry,
  type LogPoint,
  type PushId,
} from '../../entry/Entry';
import { encodeTrim } from '../../entry/trim';
import type { LogStore, Room, Told } from '../../storage/LogStore';
import { chainFault } from '../../storage/storeRules';
import { PendingTrims } from './PendingTrims';
import { RecentEntries } from './RecentEntries';
import { RememberedPushes } from './RememberedPushes';
import { UncommittedBytes } from './UncommittedBytes';
import { WatchedKeys } from './WatchedKeys';

/** A push on its way into the log. */
export interface StagedPush {
  readonly id: PushId;
  readonly payload: Buffer;
}

/** A node's log as all but its replication see it. */
export type ReadableLog = Readonly<
  Pick<
    LocalLog,
    | 'floor'
    | 'identity'
    | 'last'
    | 'lastIndex'
    | 'commitIndex'
    | 'committedLogNumber'
    | 'entryAt'
    | 'logNumberAt'
    | 'committedLog'
  >
>;

/**
 * The log of this node: what its store holds, and on a leader the staged entries that are not in the store yet.
 * Answers are of both together, unless a name says "written", or "saved": on disk for certain.
 */
export class LocalLog {
  /** Index up to which entries are known to be committed. Set by this class alone, as the field below. */
  commitIndex: number;
  /** The number of the last committed log. */
  committedLogNumber: number;
  /** Index up to which the store has told that entries are on disk. Set by this class alone. */
  savedIndex: number;
  /** Which pushes the last entries were made by. */
  readonly pushes: RememberedPushes;
  /** On a leader: the last logs of keys that conditional pushes ask for. */
  readonly watchedKeys: WatchedKeys;
  private readonly recent: RecentEntries;
  private staged: Entry[] = [];
  private stagedBytes = 0;
  private readonly uncommitted = new UncommittedBytes();
  private readonly trims = new PendingTrims();
  /** How often entries were replaced: what is told of those is nothing of what stands in their place. */
  private replacements = 0;

  /** @param onSaved told of entries that are on disk, or cannot be, where the store tells that later than at once */
  constructor(
    private readonly store: LogStore,
    /** Draws the identity of a cluster, 32 hex digits. */
    private readonly drawIdentity: () => string,
    readonly limits: LogLimits,
    private readonly onSaved: Told,
  ) {
    this.savedIndex = this.writtenIndex;
    this.pushes = new RememberedPushes(limits.REMEMBERED_PUSHES_MAX);
    this.watchedKeys = new WatchedKeys(store);
    this.recent = new RecentEntries(limits);
    this.commitIndex = store.commitIndex;
    invariant(
      this.commitIndex <= this.lastIndex,
      () => `commitIndex ${this.commitIndex}, last position ${this.lastIndex}`,
    );
    this.committedLogNumber = this.logNumberAt(this.commitIndex);
    this.pushes.startAt(this.lastIndex + 1);
    this.pushes.forgetTo(this.floor.index);
  }

  /** Which cluster this is, 32 hex digits; null until the node knows. */
  get identity(): string | null {
    return this.store.identity;
  }

  /** What the first entry follows on: all up to it is forgotten. */
  get floor(): LogPoint {
    return this.store.floor;
  }

  get last(): Entry | null {
    return this.staged.at(-1) ?? this.store.last;
  }

  get lastIndex(): number {
    return this.last?.index ?? 0;
  }

  /** The number of the last log, 0 when there is none. */
  get lastLogNumber(): number {
    return this.last?.logNumber ?? 0;
  }

  /** Index of the last entry that the store was given. */
  get writtenIndex(): number {
    return this.store.last?.index ?? 0;
  }

  /** What this node's disk has room for. */
  get room(): Room {
    return this.store.room;
  }

  /** Whether {@link save} has something to do. */
  get hasStaged(): boolean {
    return this.staged.length > 0;
  }

  /** Whether pushes may be staged now; else they wait, for the next flush or for commits. */
  get hasRoom(): boolean {
    return (
      this.staged.length < this.limits.FLUSH_ENTRIES_MAX &&
      this.stagedBytes < FLUSH_BYTES_MAX &&
      this.lastIndex - this.commitIndex < this.limits.UNCOMMITTED_ENTRIES_MAX &&
      this.uncommitted.bytes < this.limits.UNCOMMITTED_BYTES_MAX
    );
  }

  /** Whether the entry at an index has this hash, so that all before it is the same too. */
  isSameAt(index: number, hash: Buffer): boolean {
    const point = this.pointAt(index);
    return point !== null && entryHash(point).equals(hash);
  }

  /** What an entry behind this index follows on; null where the log does not reach, or not any more. */
  pointAt(index: number): LogPoint | null {
    return index === this.floor.index ? this.floor : this.entryAt(index);
  }

  /** How many logs there are up to an index; where that is forgotten, up to the floor. */
  logNumberAt(index: number): number {
    const { floor } = this;
    return index <= floor.index ? floor.logNumber : (this.entryAt(index)?.logNumber ?? 0);
  }

  entryAt(index: number): Entry | null {
    if (index <= this.floor.index) return null;
    return this.recent.get(index) ?? this.store.entryAt(index);
  }

  /** The committed log with this number, or null: there is none, or it is forgotten. */
  committedLog(logNumber: number): Entry | null {
    if (logNumber > this.committedLogNumber) return null;
    const index = this.store.indexOfLog(logNumber);
    return index === null ? null : this.entryAt(index);
  }

  /** A step of a search for the last committed log of a key below an index: see {@link LogStore.lastOfKey}. */
  lastOfKey(key: Buffer, below: number): Entry | number {
    return this.store.lastOfKey(key, Math.min(below, this.commitIndex + 1));
  }

  /**
   * The index of the committed log with this number; where there is none, one behind the last committed entry, and where
   * it is forgotten, behind the floor.
   */
  indexOfCommitted(logNumber: number): number {
    if (logNumber <= this.floor.logNumber) return this.floor.index + 1;
    const index = logNumber > this.committedLogNumber ? null : this.store.indexOfLog(logNumber);
    return index ?? this.commitIndex + 1;
  }

  /** Whether the entry at an index is in memory, so that reading it does not wait for the disk. */
  isRecent(index: number): boolean {
    return this.recent.get(index) !== undefined;
  }

  /** Whether the entries of a range are in memory and have together at most so many bytes. */
  areRecent(from: number, to: number, maxBytes: number): boolean {
    let bytes = 0;
    for (let index = from; index <= to; index++) {
      bytes += this.recent.get(index)?.bytes.length ?? Infinity;
      if (bytes > maxBytes) return false;
    }
    return true;
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    return this.recent.read(from, maxBytes, maxCount) ?? this.store.read(from, maxBytes, maxCount);
  }

  /** Whether {@link pushes} holds all that is ever remembered, and not only a part of it. */
  get remembersAll(): boolean {
    return this.pushes.isComplete;
  }

  /**
   * Reads some older pushes back from the store after a start. In steps, so that a node with a long log serves at
   * once.
   */
  rememberOlder(): void {
    let bytes = 0;
    for (let count = 0; count < this.limits.REMEMBER_STEP_ENTRIES && bytes < REMEMBER_STEP_BYTES; count++) {
      if (this.pushes.isComplete) return;
      const index = this.pushes.firstIndex - 1;
      const entry = this.entryAt(index);
      invariant(entry !== null, () => `no entry at ${index}, last is ${this.lastIndex}`);
      this.pushes.addOlder(index, entryPushId(entry));
      this.trims.addOlder(entry);
      bytes += entry.bytes.length;
    }
  }

  /** Makes the next entry of a leader, an empty one without a push; it is in the store after {@link save}. */
  stage(term: number, createdAt: number, push: StagedPush | null): Entry {
    const { last, recent } = this;
    const index = this.lastIndex + 1;
    const logNumber = (last?.logNumber ?? 0) + (push === null ? 0 : 1);
    const entry =
      last === null && push === null
        ? buildFirstEntry({ term, createdAt }, this.drawIdentity(), recent)
        : buildEntry({ index, term, logNumber, createdAt }, push?.payload ?? null, last, recent);
    this.addStaged(entry, push?.id ?? null);
    return entry;
  }

  /**
   * Makes the next entry of a leader, which says that all up to a committed index is forgotten; null where there is
   * nothing to forget, this node does not know its cluster's identity yet, or another trim is under way: so that those who
   * ask for many, whoever they are, get one after the other.
   */
  stageTrim(term: number, createdAt: number, floorIndex: number): Entry | null {
    const { identity, last, lastLogNumber: logNumber, recent } = this;
    invariant(floorIndex <= this.commitIndex, () => `trim to ${floorIndex}, committed ${this.commitIndex}`);
    if (floorIndex <= this.floor.index || this.trims.highest > 0) return null;
    const floor = this.entryAt(floorIndex);
    invariant(floor !== null, () => `no entry at ${floorIndex}`);
    if (identity === null) return null;
    const header = { index: this.lastIndex + 1, term, logNumber, createdAt };
    const entry = buildEntry(header, encodeTrim({ floor, identity }), last, recent, EntryKind.Trim);
    this.addStaged(entry, null);
    return entry;
  }

  /** See {@link WatchedKeys.watch}. */
  watchKey(payload: Buffer, isNext: boolean): boolean {
    return this.watchedKeys.watch(payload, this.staged, isNext);
  }

  /** The index up to which the first staged entries have at most `maxBytes`; one entry at least, if any is staged. */
  stagedWithin(maxBytes: number): number {
    let bytes = 0;
    let count = 0;
    for (const entry of this.staged) {
      bytes += entry.bytes.length;
      if (bytes > maxBytes && count > 0) break;
      count++;
    }
    return this.writtenIndex + count;
  }

  /** Gives the store the staged entries up to an index; what of them is on disk says {@link savedIndex}. */
  save(to: number): void {
    const count = to - this.writtenIndex;
    if (count <= 0) return;
    const saved = this.staged.slice(0, count);
    this.write(saved, this.commitIndex);
    this.staged = this.staged.slice(count);
    for (const { bytes } of saved) this.stagedBytes -= bytes.length;
    this.recent.shrink(this.writtenIndex);
  }

  /**
   * Puts commitIndex on disk, if it is not: so that a restarted node can read what it knew to be committed. And seals what was
   * written last.
   */
  saveCommitIndex(): void {
    if (this.staged.length === 0 && this.store.commitIndex < this.commitIndex)
      this.store.append([], this.commitIndex);
    this.store.seal();
  }

  /** Forgets staged entries: who made them leads no more. */
  dropStaged(): void {
    this.uncommitted.clear();
    this.watchedKeys.clear();
    if (this.staged.length === 0) return;
    this.staged = [];
    this.stagedBytes = 0;
    this.forget(this.writtenIndex + 1);
  }

  /**
   * Gives the store a leader's entries, in place of those from the first one's index on, as {@link save} does.
   * `commitIndex` is saved with them.
   *
   * @returns false, with nothing done, when their hashes do not follow on this log's.
   */
  replaceFrom(entries: readonly Entry[], commitIndex: number): boolean {
    const [first] = entries;
    invariant(this.staged.length === 0, () => 'a follower has staged entries');
    invariant(
      first === undefined || (first.index > this.commitIndex && first.index <= this.lastIndex + 1),
      () => `entries from ${String(first?.index)}, commitIndex ${this.commitIndex}, last ${this.lastIndex}`,
    );
    if (first === undefined) return true;
    if (!follow(entries, this.pointAt(first.index - 1)) || !this.trims.fit(entries, this)) return false;
    if (first.index <= this.lastIndex) {
      this.forget(first.index);
      this.savedIndex = Math.min(this.savedIndex, first.index - 1);
      this.replacements++;
    }
    const kept = this.keep(entries);
    const { index } = kept.at(-1) ?? first;
    this.write(kept, Math.max(this.commitIndex, Math.min(commitIndex, index)));
    this.recent.shrink(index);
    return true;
  }

  /**
   * Drops what this log holds, and puts a leader's entries on disk behind the leader's floor, which is above all that is
   * known to be committed here. From then on all up to the floor is.
   *
   * @returns false, with nothing done, when their hashes do not follow on it.
   */
  beginAt(floor: LogPoint, entries: readonly Entry[]): boolean {
    invariant(this.staged.length === 0, () => 'a follower has staged entries');
    invariant(
      floor.index > this.commitIndex && entries.length > 0,
      () => `begin at ${floor.index} with ${entries.length} entries, commitIndex ${this.commitIndex}`,
    );
    if (!follow(entries, floor)) return false;
    this.forget(this.floor.index + 1);
    this.pushes.forgetTo(floor.index);
    const kept = this.keep(entries);
    this.store.beginAt(floor, kept);
    this.replacements++;
    this.savedIndex = this.writtenIndex;
    this.recent.shrink(this.writtenIndex);
    this.commitIndex = floor.index;
    this.committedLogNumber = floor.logNumber;
    return true;
  }

  /** Whether {@link trim} has something to do. */
  hasTrim(searchedTo: number): boolean {
    return this.trims.committedTo(Math.min(searchedTo, this.commitIndex)) !== null;
  }

  /** Forgets what committed trims say, as far as nobody looks for own pushes in it any more: up to `searchedTo`. */
  trim(searchedTo: number): void {
    const floor = this.trims.committedTo(Math.min(searchedTo, this.commitIndex));
    if (floor === null) return;
    this.learnIdentity();
    this.trims.done(floor);
    if (floor.index <= this.floor.index) return;
    if (this.store.commitIndex < floor.index) this.store.append([], this.commitIndex);
    this.store.trimTo(floor);
    this.recent.forgetTo(floor.index);
    this.pushes.forgetTo(floor.index);
  }

  /** Raises commitIndex; returns whether it rose. */
  commitTo(index: number): boolean {
    if (index <= this.commitIndex) return false;
    const entry = this.entryAt(index);
    invariant(entry !== null, () => `commit of position ${index}, last is ${this.lastIndex}`);
    this.commitIndex = index;
    this.uncommitted.commitTo(index);
    this.committedLogNumber = entry.logNumber;
    if (this.store.identity === null) this.learnIdentity();
    return true;
  }

  /**
   * A full member takes its cluster's identity from the first entry, once that is committed, or from a trim, where the first
   * entry is forgotten. One that rejoins does not: the log may be older than its cluster, which may have begun with a backup.
   */
  learnIdentity(): void {
    const { store } = this;
    if (store.identity !== null || store.membership !== 'voter' || this.commitIndex === 0) return;
    const first = this.entryAt(1);
    const identity = first === null ? this.trims.identityTo(this.commitIndex) : entryIdentity(first);
    if (identity !== null) store.setIdentity(identity);
  }

  /** Gives the store entries, one at least. */
  private write(entries: readonly Entry[], commitIndex: number): void {
    const { replacements } = this;
    const index = entries.at(-1)?.index ?? 0;
    let isLater = false;
    this.store.append(entries, commitIndex, (failure) => {
      if (failure === null && replacements === this.replacements) this.savedIndex = index;
      if (isLater) this.onSaved(failure);
    });
    isLater = true;
  }

  private addStaged(entry: Entry, id: PushId | null): void {
    this.pushes.add(entry.index, id);
    this.trims.add(entry);
    this.recent.add(entry);
    this.staged.push(entry);
    this.stagedBytes += entry.bytes.length;
    this.watchedKeys.staged(entry);
    this.uncommitted.add(entry.index, entry.bytes.length);
  }

  /** Copies a leader's entries into memory of their own. */
  private keep(entries: readonly Entry[]): Entry[] {
    const kept: Entry[] = [];
    for (const entry of entries) {
      this.pushes.add(entry.index, entryPushId(entry));
      this.trims.add(entry);
      kept.push(this.recent.addCopy(entry));
    }
    return kept;
  }

  private forget(from: number): void {
    this.recent.cut(from);
    this.pushes.cut(from);
    this.trims.cut(from);
  }
}

/** Whether entries follow, by hash, index, term and log number, on a point and on each other. */
function follow(entries: readonly Entry[], after: LogPoint | null): boolean {
  let previous = after;
  for (const entry of entries) {
    if (chainFault(entry, previous) !== null) return false;
    previous = entry;
  }
  return true;
}
