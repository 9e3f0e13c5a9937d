import { invariant } from '../../errors';
import {
  FLUSH_BYTES_MAX,
  FLUSH_ENTRIES_MAX,
  REMEMBER_STEP_BYTES,
  REMEMBER_STEP_ENTRIES,
  UNCOMMITTED_ENTRIES_MAX,
} from '../../limits';
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

/** A push on its way into the log. */
export interface StagedPush {
  readonly id: PushId;
  readonly payload: Buffer;
}

/** A node's log as all but its replication see it. */
export type ReadableLog = Readonly<
  Pick<LocalLog, 'last' | 'lastPosition' | 'commitIndex' | 'committedIndex' | 'entryAt' | 'committedLog'>
>;

/**
 * The log of this node: what its store holds, and on a leader the staged entries that are not in the store yet.
 * Answers are of both together, unless a name says "saved".
 */
export class LocalLog {
  /** The last entry. Only this class sets it, as the next two. */
  last: Entry | null;
  /** Position up to which entries are known to be committed. */
  commitIndex: number;
  /** The index of the last committed log. */
  committedIndex: number;
  /** Which pushes the last entries were made by. */
  readonly pushes = new RememberedPushes();
  private readonly recent = new RecentEntries();
  private staged: Entry[] = [];
  private stagedBytes = 0;

  constructor(
    private readonly store: LogStore,
    /** Draws the identity of a cluster, 32 hex digits. */
    private readonly drawIdentity: () => string,
  ) {
    this.last = store.last;
    this.commitIndex = store.commitIndex;
    invariant(
      this.commitIndex <= this.lastPosition,
      () => `commitIndex ${this.commitIndex}, last position ${this.lastPosition}`,
    );
    this.committedIndex = this.entryAt(this.commitIndex)?.index ?? 0;
    this.pushes.startAt(this.lastPosition + 1);
  }

  /** Which cluster this is, 32 hex digits; null until the node knows. */
  get identity(): string | null {
    return this.store.identity;
  }

  get lastPosition(): number {
    return this.last?.position ?? 0;
  }

  get savedPosition(): number {
    return this.store.last?.position ?? 0;
  }

  /** Whether {@link save} has something to do. */
  get hasStaged(): boolean {
    return this.staged.length > 0;
  }

  /** Whether pushes may be staged now; else they wait, for the next flush or for commits. */
  get hasRoom(): boolean {
    return (
      this.staged.length < FLUSH_ENTRIES_MAX &&
      this.stagedBytes < FLUSH_BYTES_MAX &&
      this.lastPosition - this.commitIndex < UNCOMMITTED_ENTRIES_MAX
    );
  }

  /** Whether the entry at a position has this hash, so that all before it is the same too. */
  isSameAt(position: number, hash: Buffer): boolean {
    if (position === 0) return GENESIS_HASH.equals(hash);
    const entry = this.entryAt(position);
    return entry !== null && entryHash(entry).equals(hash);
  }

  entryAt(position: number): Entry | null {
    if (position === 0) return null;
    return this.recent.get(position) ?? this.store.entryAt(position);
  }

  /** The committed log with this index, or null. */
  committedLog(index: number): Entry | null {
    if (index > this.committedIndex) return null;
    const position = this.store.positionOfIndex(index);
    return position === null ? null : this.entryAt(position);
  }

  /** Whether the entry at a position is in memory, so that reading it does not wait for the disk. */
  isRecent(position: number): boolean {
    return this.recent.get(position) !== undefined;
  }

  /** Whether the entries of a range are in memory and have together at most so many bytes. */
  areRecent(from: number, to: number, maxBytes: number): boolean {
    let bytes = 0;
    for (let position = from; position <= to; position++) {
      bytes += this.recent.get(position)?.bytes.length ?? Infinity;
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
    for (let count = 0; count < REMEMBER_STEP_ENTRIES && bytes < REMEMBER_STEP_BYTES; count++) {
      if (this.pushes.isComplete) return;
      const position = this.pushes.firstPosition - 1;
      const entry = this.entryAt(position);
      invariant(entry !== null, () => `no entry at ${position}, last is ${this.lastPosition}`);
      this.pushes.addOlder(position, entryPushId(entry));
      bytes += entry.bytes.length;
    }
  }

  /** Makes the next entry of a leader, an empty one without a push; it is in the store after {@link save}. */
  stage(term: number, createdAt: number, push: StagedPush | null): Entry {
    const { last, recent } = this;
    const position = this.lastPosition + 1;
    const index = (last?.index ?? 0) + (push === null ? 0 : 1);
    const entry =
      last === null && push === null
        ? buildFirstEntry({ term, createdAt }, this.drawIdentity(), recent)
        : buildEntry({ position, term, index, createdAt }, push?.payload ?? null, last, recent);
    this.pushes.add(entry.position, push?.id ?? null);
    this.recent.add(entry);
    this.staged.push(entry);
    this.stagedBytes += entry.bytes.length;
    this.last = entry;
    return entry;
  }

  /** The position up to which the first staged entries have at most `maxBytes`; one entry at least, if any is staged. */
  stagedWithin(maxBytes: number): number {
    let bytes = 0;
    let count = 0;
    for (const entry of this.staged) {
      bytes += entry.bytes.length;
      if (bytes > maxBytes && count > 0) break;
      count++;
    }
    return this.savedPosition + count;
  }

  /** Puts the staged entries up to a position on disk. */
  save(to: number): void {
    const count = to - this.savedPosition;
    if (count <= 0) return;
    const saved = this.staged.slice(0, count);
    this.store.append(saved, this.commitIndex);
    this.staged = this.staged.slice(count);
    for (const { bytes } of saved) this.stagedBytes -= bytes.length;
    this.recent.shrink(this.savedPosition);
  }

  /** Puts commitIndex on disk, if it is not: so that a restarted node can read what it knew to be committed. */
  saveCommitIndex(): void {
    if (this.staged.length === 0 && this.store.commitIndex < this.commitIndex)
      this.store.append([], this.commitIndex);
  }

  /** Forgets staged entries: who made them leads no more. */
  dropStaged(): void {
    if (this.staged.length === 0) return;
    this.staged = [];
    this.stagedBytes = 0;
    this.last = this.store.last;
    this.forget(this.savedPosition + 1);
  }

  /**
   * Puts a leader's entries on disk, in place of what stands at the first one's position and after it.
   * `commitIndex` is saved with them.
   *
   * @returns false, with nothing done, when their hashes do not follow on this log's.
   */
  replaceFrom(entries: readonly Entry[], commitIndex: number): boolean {
    const [first] = entries;
    invariant(this.staged.length === 0, () => 'a follower has staged entries');
    invariant(
      first === undefined || (first.position > this.commitIndex && first.position <= this.lastPosition + 1),
      () =>
        `entries from ${String(first?.position)}, commitIndex ${this.commitIndex}, last ${this.lastPosition}`,
    );
    if (first === undefined) return true;
    let previous = this.entryAt(first.position - 1);
    for (const entry of entries) {
      if (!followsHash(entry, previous) || entry.index !== (previous?.index ?? 0) + entry.kind) return false;
      previous = entry;
    }
    if (first.position <= this.lastPosition) this.forget(first.position);
    const kept: Entry[] = [];
    for (const entry of entries) {
      this.pushes.add(entry.position, entryPushId(entry));
      kept.push(this.recent.addCopy(entry));
    }
    const { position } = kept.at(-1) ?? first;
    this.store.append(kept, Math.max(this.commitIndex, Math.min(commitIndex, position)));
    this.last = this.store.last;
    this.recent.shrink(position);
    return true;
  }

  /** Raises commitIndex; returns whether it rose. */
  commitTo(position: number): boolean {
    if (position <= this.commitIndex) return false;
    const entry = this.entryAt(position);
    invariant(entry !== null, () => `commit of position ${position}, last is ${this.lastPosition}`);
    this.commitIndex = position;
    this.committedIndex = entry.index;
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
