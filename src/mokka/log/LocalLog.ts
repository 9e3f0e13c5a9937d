import { invariant } from '../../errors';
import { REMEMBER_STEP_BYTES, REMEMBER_STEP_ENTRIES } from '../../limits';
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

/**
 * The log of this node: what its store holds, and on a leader the staged entries that are not in the store yet.
 * Answers are of both together, unless a name says "saved".
 */
export class LocalLog {
  private readonly recent = new RecentEntries();
  private readonly pushes = new RememberedPushes();
  private staged: Entry[] = [];
  private bytesStaged = 0;
  private committed: { position: number; index: number };
  private readonly allocate = (length: number): Buffer => this.recent.allocate(length);

  constructor(
    private readonly store: LogStore,
    /** Draws the identity of a cluster, 32 hex digits. */
    private readonly drawIdentity: () => string,
  ) {
    const last = store.last?.position ?? 0;
    invariant(store.commitIndex <= last, () => `commitIndex ${store.commitIndex}, last position ${last}`);
    this.committed = { position: store.commitIndex, index: this.entryAt(store.commitIndex)?.index ?? 0 };
    this.pushes.startAt(last + 1);
  }

  /** Which cluster this is, 32 hex digits; null until the node knows. */
  get identity(): string | null {
    return this.store.identity;
  }

  get last(): Entry | null {
    return this.staged.at(-1) ?? this.store.last;
  }

  get lastPosition(): number {
    return this.last?.position ?? 0;
  }

  get hasStaged(): boolean {
    return this.staged.length > 0;
  }

  /** Entries that are not in the store yet, and their bytes. */
  get stagedCount(): number {
    return this.staged.length;
  }

  get stagedBytes(): number {
    return this.bytesStaged;
  }

  get savedPosition(): number {
    return this.store.last?.position ?? 0;
  }

  /** Position up to which entries are known to be committed. */
  get commitIndex(): number {
    return this.committed.position;
  }

  /** The index of the last committed log. */
  get committedIndex(): number {
    return this.committed.index;
  }

  /** The term of the entry at a position; 0 at position 0, undefined past the end. */
  termAt(position: number): number | undefined {
    return position === 0 ? 0 : this.entryAt(position)?.term;
  }

  /** The hash of the entry at a position, which covers all before it; undefined past the end. */
  hashAt(position: number): Buffer | undefined {
    if (position === 0) return GENESIS_HASH;
    const entry = this.entryAt(position);
    return entry === null ? undefined : entryHash(entry);
  }

  entryAt(position: number): Entry | null {
    if (position === 0) return null;
    return this.recent.get(position) ?? this.store.entryAt(position);
  }

  /** The committed log with this index, or null. */
  committedLog(index: number): Entry | null {
    if (index > this.committed.index) return null;
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

  /** The position of the entry that a push made, if it is remembered. */
  findPush(id: PushId): number | undefined {
    return this.pushes.find(id);
  }

  /** See {@link RememberedPushes.wouldKnow}. */
  wouldKnowPush(id: PushId, since: number | null): boolean {
    return this.pushes.wouldKnow(id, since);
  }

  /** Whether {@link findPush} looks through all that is ever remembered, and not only a part of it. */
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
    const entry = this.nextEntry(term, createdAt, push);
    this.pushes.add(entry.position, push?.id ?? null);
    this.recent.add(entry);
    this.staged.push(entry);
    this.bytesStaged += entry.bytes.length;
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
    for (const { bytes } of saved) this.bytesStaged -= bytes.length;
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
    this.bytesStaged = 0;
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
    this.store.append(
      entries.map((entry) => this.keep(entry)),
      Math.max(this.commitIndex, Math.min(commitIndex, this.positionAfter(entries))),
    );
    this.recent.shrink(this.savedPosition);
    return true;
  }

  /** Raises commitIndex; returns whether it rose. */
  commitTo(position: number): boolean {
    if (position <= this.committed.position) return false;
    const entry = this.entryAt(position);
    invariant(entry !== null, () => `commit of position ${position}, last is ${this.lastPosition}`);
    this.committed = { position, index: entry.index };
    this.learnIdentity();
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

  private nextEntry(term: number, createdAt: number, push: StagedPush | null): Entry {
    const { last, allocate } = this;
    if (last === null && push === null)
      return buildFirstEntry({ term, createdAt }, this.drawIdentity(), allocate);
    const index = (last?.index ?? 0) + (push === null ? 0 : 1);
    const header = { position: (last?.position ?? 0) + 1, term, index, createdAt };
    return buildEntry(header, push?.payload ?? null, last, allocate);
  }

  private positionAfter(entries: readonly Entry[]): number {
    return entries.at(-1)?.position ?? this.lastPosition;
  }

  /** Returns the entry as it is kept in memory. */
  private keep(entry: Entry): Entry {
    this.pushes.add(entry.position, entryPushId(entry));
    return this.recent.addCopy(entry);
  }

  private forget(from: number): void {
    this.recent.cut(from);
    this.pushes.cut(from);
  }
}
