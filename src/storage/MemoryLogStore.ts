import { invariant } from '../errors';
import { EmptyEntries } from './EmptyEntries';
import { EntryKind, GENESIS, hasKey, type Entry, type LogPoint } from '../entry/Entry';
import type { HardState, LogPart, LogStore, Membership, Room, Told } from './LogStore';
import {
  checkAppend,
  checkBegin,
  checkHardState,
  checkIdentity,
  checkMembership,
  checkTrim,
  lastIndex,
} from './storeRules';

/** All that a store holds. A simulator may cut `entries` to model a disk that lost its last writes. */
export interface StoreSnapshot {
  readonly hardState: HardState;
  readonly membership: Membership;
  readonly identity: string | null;
  readonly commitIndex: number;
  readonly floor: LogPoint;
  readonly entries: readonly Entry[];
}

/** Entries that one step of a search for a key looks at. */
const KEY_STEP_ENTRIES = 16;

/** A LogStore for tests and simulation: exact, but no longer-lived than the {@link snapshot} that one takes of it. */
export class MemoryLogStore implements LogStore {
  readonly place = 'memory';
  readonly archiveProblem = null;
  /** Set by whoever plays its disk. */
  room: Room = 'some';
  private state: Omit<StoreSnapshot, 'entries'> = {
    hardState: { term: 0, votedFor: null },
    membership: 'none',
    identity: null,
    commitIndex: 0,
    floor: GENESIS,
  };
  private entries: Entry[] = [];
  private readonly empties = new EmptyEntries();
  private closed = false;

  /** A store that holds what another held when the snapshot was taken: what a restart finds. */
  static from({ entries, ...state }: StoreSnapshot): MemoryLogStore {
    const store = new MemoryLogStore();
    store.state = state;
    store.empties.trimTo(state.floor);
    store.add(entries);
    return store;
  }

  /** What the store holds now, also after it was closed. Costs one copy of an array of references. */
  snapshot(): StoreSnapshot {
    return { ...this.state, entries: [...this.entries] };
  }

  get hardState(): HardState {
    return this.state.hardState;
  }

  get membership(): Membership {
    return this.state.membership;
  }

  get identity(): string | null {
    return this.state.identity;
  }

  get commitIndex(): number {
    return this.state.commitIndex;
  }

  get floor(): LogPoint {
    return this.state.floor;
  }

  get last(): Entry | null {
    return this.entries.at(-1) ?? null;
  }

  get fill(): number {
    return this.room === 'some' ? 0 : 1;
  }

  setMembership(membership: Membership): void {
    this.checkOpen();
    checkMembership(this, membership);
    this.state = { ...this.state, membership };
  }

  setIdentity(identity: string): void {
    this.checkOpen();
    checkIdentity(this, identity);
    this.state = { ...this.state, identity };
  }

  saveHardState(hardState: HardState): void {
    this.checkOpen();
    checkHardState(this, hardState);
    this.state = { ...this.state, hardState };
  }

  append(entries: readonly Entry[], commitIndex: number, told?: Told): void {
    this.checkOpen();
    checkAppend(this, entries, commitIndex);
    const first = entries[0]?.index;
    if (first !== undefined && first <= lastIndex(this)) {
      this.entries.length = this.placeOf(first);
      this.empties.cutFrom(first);
    }
    this.add(entries);
    this.state = { ...this.state, commitIndex };
    told?.(null);
  }

  /** Nothing of it is ever damaged. */
  seal(): void {
    this.checkOpen();
  }

  trimTo(floor: LogPoint): void {
    this.checkOpen();
    checkTrim(this, floor);
    this.entries.splice(0, this.placeOf(floor.index + 1));
    this.empties.trimTo(floor);
    this.state = { ...this.state, floor };
  }

  beginAt(floor: LogPoint, entries: readonly Entry[]): void {
    this.checkOpen();
    checkBegin(this, floor, entries);
    this.entries.length = 0;
    this.empties.cutFrom(1);
    this.empties.trimTo(floor);
    this.state = { ...this.state, floor, commitIndex: floor.index };
    this.add(entries);
  }

  /** It has no files. */
  trimmable(): readonly LogPart[] {
    return [];
  }

  entryAt(index: number): Entry | null {
    this.checkOpen();
    return this.entries[this.placeOf(index)] ?? null;
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    this.checkOpen();
    invariant(from > this.floor.index, () => `read from position ${from}, floor ${this.floor.index}`);
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = from; ; index += 1) {
      const entry = this.entries[this.placeOf(index)];
      if (entry === undefined) return entries;
      bytes += entry.bytes.length;
      if (entries.length > 0 && (bytes > maxBytes || entries.length >= maxCount)) return entries;
      entries.push(entry);
    }
  }

  indexOfLog(logNumber: number): number | null {
    this.checkOpen();
    if (logNumber <= this.floor.logNumber || logNumber > (this.last?.logNumber ?? 0)) return null;
    return this.empties.indexOfLog(logNumber);
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    this.checkOpen();
    const end = Math.min(below, lastIndex(this) + 1);
    const searchedTo = Math.max(this.floor.index + 1, end - KEY_STEP_ENTRIES);
    const searched = this.entries.slice(this.placeOf(searchedTo), Math.max(0, this.placeOf(end)));
    return searched.findLast((entry) => hasKey(entry, key)) ?? searchedTo;
  }

  close(): void {
    this.closed = true;
  }

  private add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.entries.push(entry);
      if (entry.kind !== EntryKind.Log) this.empties.append(entry.index);
    }
  }

  private placeOf(index: number): number {
    return index - this.floor.index - 1;
  }

  private checkOpen(): void {
    invariant(!this.closed, () => 'call to a closed store');
  }
}
