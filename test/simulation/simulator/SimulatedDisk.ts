import { StartError } from '../../../src/errors';
import type { Entry, LogPoint } from '../../../src/entry/Entry';
import type { HardState, LogStore, Membership } from '../../../src/storage/LogStore';
import { MemoryLogStore, type StoreSnapshot } from '../../../src/storage/MemoryLogStore';

/** One write, as it stands in the journal. */
export type DiskWrite =
  | { readonly kind: 'membership'; readonly membership: Membership }
  | { readonly kind: 'identity'; readonly identity: string }
  | { readonly kind: 'hardState'; readonly hardState: HardState }
  | { readonly kind: 'append'; readonly entries: readonly Entry[]; readonly commitIndex: number }
  | { readonly kind: 'trim'; readonly floor: LogPoint }
  | { readonly kind: 'begin'; readonly floor: LogPoint; readonly entries: readonly Entry[] };

/** How long writes take, and which of them fail. */
export interface DiskHealth {
  /** µs that the next write takes. */
  writeTime(): number;
  /** Whether the next write fails. */
  failsNext(): boolean;
}

/**
 * The disk of a node: a MemoryLogStore that outlives processes, and a journal of the writes that a crash may undo.
 * What a process writes counts as done when its call returns; a crash in the middle of an event cuts the journal.
 */
export class SimulatedDisk implements LogStore {
  readonly place = 'a simulated disk';
  private store = new MemoryLogStore();
  private base: StoreSnapshot | null = null;
  private journal: DiskWrite[] = [];
  /** Told of each write and the µs that it takes, before it is done. */
  onWrite: (write: DiskWrite, takes: number) => void = () => undefined;

  /** For planted bugs: how many of the writes in the journal a crash keeps in truth. */
  keptInCrash: (kept: number) => number = (kept) => kept;

  constructor(private readonly health: DiskHealth) {}

  get hardState(): HardState {
    return this.store.hardState;
  }

  get membership(): Membership {
    return this.store.membership;
  }

  get identity(): string | null {
    return this.store.identity;
  }

  get commitIndex(): number {
    return this.store.commitIndex;
  }

  get floor(): LogPoint {
    return this.store.floor;
  }

  get last(): Entry | null {
    return this.store.last;
  }

  setMembership(membership: Membership): void {
    this.write({ kind: 'membership', membership });
  }

  setIdentity(identity: string): void {
    this.write({ kind: 'identity', identity });
  }

  saveHardState(hardState: HardState): void {
    this.write({ kind: 'hardState', hardState });
  }

  append(entries: readonly Entry[], commitIndex: number): void {
    this.write({ kind: 'append', entries: [...entries], commitIndex });
  }

  trimTo(floor: LogPoint): void {
    this.write({ kind: 'trim', floor });
  }

  beginAt(floor: LogPoint, entries: readonly Entry[]): void {
    this.write({ kind: 'begin', floor, entries: [...entries] });
  }

  entryAt(index: number): Entry | null {
    return this.store.entryAt(index);
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    return this.store.read(from, maxBytes, maxCount);
  }

  indexOfLog(index: number): number | null {
    return this.store.indexOfLog(index);
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    return this.store.lastOfKey(key, below);
  }

  close(): void {
    // The disk outlives the process.
  }

  snapshot(): StoreSnapshot {
    return this.store.snapshot();
  }

  /** Writes that a crash can still undo. */
  get unsynced(): readonly DiskWrite[] {
    return this.journal;
  }

  /** All that was written is safe from now on. */
  sync(): void {
    this.base = null;
    this.journal = [];
  }

  /**
   * A crash: of the writes in the journal the first `kept` are on disk, and of the next one, if it appends, a part
   * of its entries.
   */
  crash(kept: number, partOfNext: (entries: number) => number): void {
    if (this.base !== null) {
      const inTruth = this.keptInCrash(kept);
      const store = MemoryLogStore.from(this.base);
      for (const write of this.journal.slice(0, inTruth)) apply(store, write);
      this.store = MemoryLogStore.from(withPart(store.snapshot(), this.journal[inTruth], partOfNext));
    }
    this.sync();
  }

  /** The disk is replaced by an empty one; returns what was on it. */
  wipe(): StoreSnapshot {
    const lost = this.store.snapshot();
    this.replace(new MemoryLogStore().snapshot());
    return lost;
  }

  /** For planted bugs: the disk holds something else. */
  replace(snapshot: StoreSnapshot): void {
    this.store = MemoryLogStore.from(snapshot);
    this.sync();
  }

  private write(write: DiskWrite): void {
    this.base ??= this.store.snapshot();
    this.journal.push(write);
    this.onWrite(write, this.health.writeTime());
    if (this.health.failsNext()) throw new StartError('STORE_FAILED', 'a simulated write failed');
    apply(this.store, write);
  }
}

function apply(store: MemoryLogStore, write: DiskWrite): void {
  if (write.kind === 'membership') store.setMembership(write.membership);
  else if (write.kind === 'identity') store.setIdentity(write.identity);
  else if (write.kind === 'hardState') store.saveHardState(write.hardState);
  else if (write.kind === 'trim') store.trimTo(write.floor);
  else if (write.kind === 'begin') store.beginAt(write.floor, write.entries);
  else store.append(write.entries, write.commitIndex);
}

function withPart(
  snapshot: StoreSnapshot,
  write: DiskWrite | undefined,
  partOf: (entries: number) => number,
): StoreSnapshot {
  const first = write?.kind === 'append' ? write.entries[0] : undefined;
  if (write?.kind !== 'append' || first === undefined) return snapshot;
  const part = partOf(write.entries.length);
  if (part === 0) return snapshot;
  const entries = [...snapshot.entries.slice(0, first.index - 1), ...write.entries.slice(0, part)];
  return { ...snapshot, entries };
}
