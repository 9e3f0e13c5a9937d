import { invariant } from '../../errors';
import { FLUSH_BYTES_MAX, REMEMBER_STEP_BYTES } from '../../limits';
import type { LogLimits } from './LogLimits';
import {
  buildEntry,
  buildFirstEntry,
  entryHash,
  entryIdentity,
  entryPushId,
  followsHash,
  GENESIS_HASH,
  type Entry,
  type PushId,
} from '../../entry/Entry';
import type { LogStore } from '../../storage/LogStore';
import { RecentEntries } from './RecentEntries';
import { RememberedPushes } from './RememberedPushes';
import { UncommittedBytes } from './UncommittedBytes';

/** A push on its way into the log. */
export interface StagedPush {
  readonly id: PushId;
  readonly payload: Buffer;
}

/** A node's log as all but its replication see it. */
export type ReadableLog = Readonly<
  Pick<
    LocalLog,
    'identity' | 'last' | 'lastIndex' | 'commitIndex' | 'committedLogNumber' | 'entryAt' | 'committedLog'
  >
>;

/**
 * The log of this node: what its store holds, and on a leader the staged entries that are not in the store yet.
 * Answers are of both together, unless a name says "saved".
 */
export class LocalLog {
  /** Index up to which entries are known to be committed. Set by this class alone, as the field below. */
  commitIndex: number;
  /** The number of the last committed log. */
  committedLogNumber: number;
  /** Which pushes the last entries were made by. */
  readonly pushes: RememberedPushes;
  private readonly recent: RecentEntries;
  private staged: Entry[] = [];
  private stagedBytes = 0;
  private readonly uncommitted = new UncommittedBytes();

  constructor(
    private readonly store: LogStore,
    /** Draws the identity of a cluster, 32 hex digits. */
    private readonly drawIdentity: () => string,
    readonly limits: LogLimits,
  ) {
    this.pushes = new RememberedPushes(limits.REMEMBERED_PUSHES_MAX);
    this.recent = new RecentEntries(limits);
    this.commitIndex = store.commitIndex;
    invariant(
      this.commitIndex <= this.lastIndex,
      () => `commitIndex ${this.commitIndex}, last position ${this.lastIndex}`,
    );
    this.committedLogNumber = this.entryAt(this.commitIndex)?.logNumber ?? 0;
    this.pushes.startAt(this.lastIndex + 1);
  }

  /** Which cluster this is, 32 hex digits; null until the node knows. */
  get identity(): string | null {
    return this.store.identity;
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

  get savedIndex(): number {
    return this.store.last?.index ?? 0;
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
    if (index === 0) return GENESIS_HASH.equals(hash);
    const entry = this.entryAt(index);
    return entry !== null && entryHash(entry).equals(hash);
  }

  entryAt(index: number): Entry | null {
    if (index === 0) return null;
    return this.recent.get(index) ?? this.store.entryAt(index);
  }

  /** The committed log with this number, or null. */
  committedLog(logNumber: number): Entry | null {
    if (logNumber > this.committedLogNumber) return null;
    const index = this.store.indexOfLog(logNumber);
    return index === null ? null : this.entryAt(index);
  }

  /** A step of a search for the last committed log of a key below an index: see {@link LogStore.lastOfKey}. */
  lastOfKey(key: Buffer, below: number): Entry | number {
    return this.store.lastOfKey(key, Math.min(below, this.commitIndex + 1));
  }

  /** The index of the committed log with this number; one behind the last committed entry where there is none. */
  indexOfCommitted(logNumber: number): number {
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
    this.pushes.add(entry.index, push?.id ?? null);
    this.recent.add(entry);
    this.staged.push(entry);
    this.stagedBytes += entry.bytes.length;
    this.uncommitted.add(entry.index, entry.bytes.length);
    return entry;
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
    return this.savedIndex + count;
  }

  /** Puts the staged entries up to an index on disk. */
  save(to: number): void {
    const count = to - this.savedIndex;
    if (count <= 0) return;
    const saved = this.staged.slice(0, count);
    this.store.append(saved, this.commitIndex);
    this.staged = this.staged.slice(count);
    for (const { bytes } of saved) this.stagedBytes -= bytes.length;
    this.recent.shrink(this.savedIndex);
  }

  /** Puts commitIndex on disk, if it is not: so that a restarted node can read what it knew to be committed. */
  saveCommitIndex(): void {
    if (this.staged.length === 0 && this.store.commitIndex < this.commitIndex)
      this.store.append([], this.commitIndex);
  }

  /** Forgets staged entries: who made them leads no more. */
  dropStaged(): void {
    this.uncommitted.clear();
    if (this.staged.length === 0) return;
    this.staged = [];
    this.stagedBytes = 0;
    this.forget(this.savedIndex + 1);
  }

  /**
   * Puts a leader's entries on disk, in place of those from the first one's index on.
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
    let previous = this.entryAt(first.index - 1);
    for (const entry of entries) {
      if (!followsHash(entry, previous) || entry.logNumber !== (previous?.logNumber ?? 0) + entry.kind)
        return false;
      previous = entry;
    }
    if (first.index <= this.lastIndex) this.forget(first.index);
    const kept: Entry[] = [];
    for (const entry of entries) {
      this.pushes.add(entry.index, entryPushId(entry));
      kept.push(this.recent.addCopy(entry));
    }
    const { index } = kept.at(-1) ?? first;
    this.store.append(kept, Math.max(this.commitIndex, Math.min(commitIndex, index)));
    this.recent.shrink(index);
    return true;
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
   * A full member takes its cluster's identity from the first entry, once that is committed. One that rejoins does not:
   * the log may be older than its cluster, which may have begun with a backup.
   */
  learnIdentity(): void {
    const { store } = this;
    if (store.identity !== null || store.membership !== 'voter' || this.commitIndex === 0) return;
    const first = this.entryAt(1);
    const identity = first === null ? null : entryIdentity(first);
    if (identity !== null) store.setIdentity(identity);
  }

  private forget(from: number): void {
    this.recent.cut(from);
    this.pushes.cut(from);
  }
}
