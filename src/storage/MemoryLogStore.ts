import { invariant } from '../errors';
import { EmptyEntries } from './EmptyEntries';
import { EntryKind, hasKey, type Entry } from '../entry/Entry';
import type { HardState, LogStore, Membership } from './LogStore';
import { checkAppend, checkHardState, checkIdentity, checkMembership, lastIndex } from './storeRules';

/** All that a store holds. A simulator may cut `entries` to model a disk that lost its last writes. */
export interface StoreSnapshot {
  readonly hardState: HardState;
  readonly membership: Membership;
  readonly identity: string | null;
  readonly commitIndex: number;
  readonly entries: readonly Entry[];
}

/** Entries that one step of a search for a key looks at. */
const KEY_STEP_ENTRIES = 16;

/** A LogStore for tests and simulation: exact, but no longer-lived than the {@link snapshot} that one takes of it. */
export class MemoryLogStore implements LogStore {
  readonly place = 'memory';
  private state: Omit<StoreSnapshot, 'entries'> = {
    hardState: { term: 0, votedFor: null },
    membership: 'none',
    identity: null,
    commitIndex: 0,
  };
  private entries: Entry[] = [];
  private readonly empties = new EmptyEntries();
  private closed = false;

  /** A store that holds what another held when the snapshot was taken: what a restart finds. */
  static from({ entries, ...state }: StoreSnapshot): MemoryLogStore {
    const store = new MemoryLogStore();
    store.state = state;
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

  get last(): Entry | null {
    return this.entries.at(-1) ?? null;
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

  append(entries: readonly Entry[], commitIndex: number): void {
    this.checkOpen();
    checkAppend(this, entries, commitIndex);
    const first = entries[0]?.index;
    if (first !== undefined && first <= lastIndex(this)) {
      this.entries.length = first - 1;
      this.empties.cutFrom(first);
    }
    this.add(entries);
    this.state = { ...this.state, commitIndex };
  }

  entryAt(index: number): Entry | null {
    this.checkOpen();
    return this.entries[index - 1] ?? null;
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    this.checkOpen();
    invariant(from >= 1, () => `read from position ${from}`);
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = from; ; index += 1) {
      const entry = this.entries[index - 1];
      if (entry === undefined) return entries;
      bytes += entry.bytes.length;
      if (entries.length > 0 && (bytes > maxBytes || entries.length >= maxCount)) return entries;
      entries.push(entry);
    }
  }

  indexOfLog(logNumber: number): number | null {
    this.checkOpen();
    if (logNumber < 1 || logNumber > (this.last?.logNumber ?? 0)) return null;
    return this.empties.indexOfLog(logNumber);
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    this.checkOpen();
    const end = Math.min(below, lastIndex(this) + 1);
    const searchedTo = Math.max(1, end - KEY_STEP_ENTRIES);
    return this.entries.slice(searchedTo - 1, end - 1).findLast((entry) => hasKey(entry, key)) ?? searchedTo;
  }

  close(): void {
    this.closed = true;
  }

  private add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.entries.push(entry);
      if (entry.kind === EntryKind.Empty) this.empties.append(entry.index);
    }
  }

  private checkOpen(): void {
    invariant(!this.closed, () => 'call to a closed store');
  }
}
