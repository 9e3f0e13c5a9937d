import type { Entry, LogPoint } from '../entry/Entry';
import type { HardState, LogPart, LogStore, Membership, Room, Told } from './LogStore';

/** What a call puts on disk; `close`: what is left of all. */
export type WriteKind = 'membership' | 'identity' | 'hardState' | 'append' | 'seal' | 'trim' | 'close';

/** Runs `write`, once, and sees how long it takes and whether it ends at all. */
export type WriteObserver = (kind: WriteKind, write: () => void) => void;

/** A store each of whose writes goes through an observer. Nothing else is changed. */
export class ObservedStore implements LogStore {
  constructor(
    private readonly store: LogStore,
    private readonly observe: WriteObserver,
  ) {}

  get place(): string {
    return this.store.place;
  }

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

  get archiveProblem(): string | null {
    return this.store.archiveProblem;
  }

  get room(): Room {
    return this.store.room;
  }

  get fill(): number {
    return this.store.fill;
  }

  setMembership(membership: Membership): void {
    this.observe('membership', () => this.store.setMembership(membership));
  }

  setIdentity(identity: string): void {
    this.observe('identity', () => this.store.setIdentity(identity));
  }

  saveHardState(hardState: HardState): void {
    this.observe('hardState', () => this.store.saveHardState(hardState));
  }

  append(entries: readonly Entry[], commitIndex: number, told?: Told): void {
    this.observe('append', () => this.store.append(entries, commitIndex, told));
  }

  seal(): void {
    this.observe('seal', () => this.store.seal());
  }

  trimTo(floor: LogPoint): void {
    this.observe('trim', () => this.store.trimTo(floor));
  }

  beginAt(floor: LogPoint, entries: readonly Entry[]): void {
    this.observe('append', () => this.store.beginAt(floor, entries));
  }

  trimmable(): readonly LogPart[] {
    return this.store.trimmable();
  }

  entryAt(index: number): Entry | null {
    return this.store.entryAt(index);
  }

  read(from: number, maxBytes: number, maxCount: number): Entry[] {
    return this.store.read(from, maxBytes, maxCount);
  }

  indexOfLog(logNumber: number): number | null {
    return this.store.indexOfLog(logNumber);
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    return this.store.lastOfKey(key, below);
  }

  close(): void {
    this.observe('close', () => this.store.close());
  }
}
