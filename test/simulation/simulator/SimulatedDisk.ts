import { StartError } from '../../../src/errors';
import type { Entry, LogPoint } from '../../../src/entry/Entry';
import type { HardState, LogPart, LogStore, Membership, Room, Told } from '../../../src/storage/LogStore';
import { MemoryLogStore, type StoreSnapshot } from '../../../src/storage/MemoryLogStore';
import { applyWrite, type DiskWrite } from './DiskWrite';
import { foundAfterCrash } from './checks/foundAfterCrash';
import type { SimulatedStore } from './SimulatedStore';

/** How long writes take, and which of them fail. */
export interface DiskHealth {
  /** µs that the next write takes. */
  writeTime(): number;
  /** µs that a sync beside the thread takes. */
  syncTime(): number;
  /** µs after which an append is told to be on disk; 0: in its call. */
  tellTime(): number;
  /** How many of the last so many appends that were not told a crash undoes. */
  undoneOf(count: number): number;
  /** Whether the next write fails. */
  failsNext(): boolean;
  /** Told when a crash has left what none may leave. */
  violated(message: string): void;
}

/**
 * The disk of a node: a MemoryLogStore that outlives processes, and a journal of the writes that a crash may undo.
 * What a process writes counts as done when its call returns, an append when it is told; a crash in the middle of an event
 * cuts the journal.
 *
 * With a {@link SimulatedStore} the process has the store that users run. The one in memory is then the model that it
 * must be like after each crash.
 */
export class SimulatedDisk implements LogStore {
  readonly place = 'a simulated disk';
  readonly archiveProblem = null;
  room: Room = 'some';
  private store = new MemoryLogStore();
  private base: StoreSnapshot | null = null;
  private journal: DiskWrite[] = [];
  /** How many of them, from the first on, no crash undoes but one in the middle of the event that made them. */
  private certain = 0;
  /** Appends that are not told yet, in their order. */
  private untold: { readonly write: DiskWrite; readonly told: Told }[] = [];
  /** Told of each write and the µs that it takes, before it is done. */
  onWrite: (write: DiskWrite, takes: number) => void = () => undefined;
  /** Lets the process handle what the disk tells, so many µs after what it does now. */
  onTell: (after: number, tell: () => void) => void = () => undefined;

  /** For planted bugs: how many of the writes in the journal a crash keeps in truth. */
  keptInCrash: (kept: number) => number = (kept) => kept;

  constructor(
    private readonly health: DiskHealth,
    readonly durable: SimulatedStore | null,
  ) {}

  get hardState(): HardState {
    return this.told.hardState;
  }

  get membership(): Membership {
    return this.told.membership;
  }

  get identity(): string | null {
    return this.told.identity;
  }

  get commitIndex(): number {
    return this.told.commitIndex;
  }

  get floor(): LogPoint {
    return this.told.floor;
  }

  get last(): Entry | null {
    return this.told.last;
  }

  get fill(): number {
    return this.room === 'some' ? 0 : 1;
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

  append(entries: readonly Entry[], commitIndex: number, told: Told = () => undefined): void {
    const write = { kind: 'append', entries: [...entries], commitIndex } as const;
    const after = this.health.tellTime();
    const isLate = after > 0 || this.untold.length > 0;
    if (isLate) this.untold.push({ write, told });
    this.write(write);
    if (isLate) this.onTell(after, () => this.tell(write));
    else told(null);
  }

  seal(): void {
    if (this.durable !== null) this.write({ kind: 'seal' });
  }

  trimTo(floor: LogPoint): void {
    this.write({ kind: 'trim', floor });
  }

  beginAt(floor: LogPoint, entries: readonly Entry[]): void {
    this.write({ kind: 'begin', floor, entries: [...entries] });
  }

  trimmable(): readonly LogPart[] {
    return this.store.trimmable();
  }

  entryAt(index: number): Entry | null {
    return this.told.entryAt(index);
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    return this.told.read(from, maxBytes, maxCount);
  }

  indexOfLog(index: number): number | null {
    return this.told.indexOfLog(index);
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    return this.told.lastOfKey(key, below);
  }

  /** µs that the next sync beside the thread takes. */
  syncTime(): number {
    return this.health.syncTime();
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

  /** Those of them that are on disk for certain after the event. */
  get saved(): readonly DiskWrite[] {
    return this.journal.slice(0, this.certain);
  }

  /** The event is over: what is on disk for certain is safe from now on. */
  sync(): void {
    const { base, saved } = this;
    this.journal = this.journal.slice(this.certain);
    this.certain = 0;
    if (base !== null && this.journal.length > 0) {
      const store = MemoryLogStore.from(base);
      for (const write of saved) applyWrite(store, write);
      this.base = store.snapshot();
    } else this.base = null;
    this.durable?.settle();
  }

  /**
   * A crash: of the writes in the journal the first `kept` are on disk, and of the next one, if it appends, a part
   * of its entries.
   */
  crash(kept: number, partOfNext: (entries: number) => number): void {
    if (this.durable !== null) this.crashDurable(this.durable, kept);
    else if (this.base !== null) {
      const inTruth = this.keptInCrash(kept - this.health.undoneOf(this.uncertainOf(kept)));
      const store = MemoryLogStore.from(this.base);
      for (const write of this.journal.slice(0, inTruth)) applyWrite(store, write);
      this.store = MemoryLogStore.from(withPart(store.snapshot(), this.journal[inTruth], partOfNext));
    }
    this.restart();
  }

  /** The disk is replaced by an empty one; returns what was on it. */
  wipe(): StoreSnapshot {
    const lost = this.store.snapshot();
    this.durable?.wipe();
    this.replace(new MemoryLogStore().snapshot());
    return lost;
  }

  /** For planted bugs: the disk holds something else. */
  replace(snapshot: StoreSnapshot): void {
    this.store = MemoryLogStore.from(snapshot);
    this.restart();
  }

  /** Whoever was to be told is gone, and what the disk holds it holds for certain. */
  private restart(): void {
    this.untold = [];
    this.certain = this.journal.length;
    this.sync();
  }

  /** The disk tells of an append, and of those before it. */
  private tell(write: DiskWrite): void {
    while (this.untold.some((each) => each.write === write)) {
      const next = this.untold.shift();
      if (next === undefined) return;
      this.certain = Math.max(this.certain, this.journal.indexOf(next.write) + 1);
      next.told(null);
    }
  }

  /** How many of the last of the first `kept` writes in the journal may be undone though their event is over. */
  private uncertainOf(kept: number): number {
    const untold = this.untold.map(({ write }) => write);
    const written = this.journal.slice(0, kept);
    return written.length - 1 - written.findLastIndex((write) => !untold.includes(write));
  }

  /** What the crash has left takes the model's place, if it may be that. */
  private crashDurable(durable: SimulatedStore, kept: number): void {
    const model = MemoryLogStore.from(this.base ?? this.store.snapshot());
    for (const write of this.journal.slice(0, kept)) applyWrite(model, write);
    const before = model.snapshot();
    let found: StoreSnapshot | null = null;
    try {
      durable.crash(kept);
      found = foundAfterCrash(durable.store, before, this.journal[kept]);
    } catch (thrown) {
      if (!(thrown instanceof StartError)) throw thrown;
      this.health.violated(`after a crash a store cannot be read: ${thrown.message}`);
    }
    this.store = MemoryLogStore.from(found ?? before);
    if (found === null)
      this.health.violated('after a crash a store has not what was acknowledged, or what was not written');
  }

  /** The store that a process is answered by. */
  private get told(): LogStore {
    return this.durable?.store ?? this.store;
  }

  private write(write: DiskWrite): void {
    this.base ??= this.store.snapshot();
    this.journal.push(write);
    this.onWrite(write, this.health.writeTime());
    const fails = this.health.failsNext();
    if (this.durable !== null) this.durable.write((store) => applyWrite(store, write), fails);
    else if (fails) throw new StartError('STORE_FAILED', 'a simulated write failed');
    applyWrite(this.store, write);
    // A store that users run has it on disk, told or not.
    const isUntold = this.durable === null && this.untold.some((each) => each.write === write);
    if (!isUntold) this.certain = this.journal.length;
  }
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
  const entries = [
    ...snapshot.entries.slice(0, first.index - 1 - snapshot.floor.index),
    ...write.entries.slice(0, part),
  ];
  return { ...snapshot, entries };
}
