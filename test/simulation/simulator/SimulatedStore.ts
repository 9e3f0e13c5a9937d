import { CrashingDisk } from '../../CrashingDisk';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import type { StoreLimits } from '../../../src/storage/StoreLimits';
import type { Random } from './world/Random';
import { withBytesOf } from './world/hostGlobals';

/** Changes of a disk after which one of them fails that is to fail. */
const FAILS_WITHIN = 4;

/** One opening in so many is itself cut off by a crash. */
const TORN_OPENING_EVERY = 4;

/** Changes of a disk before which such an opening ends. */
const TORN_OPENING_CHANGES = 6;

/** One crash in so many ends the process alone: what it wrote is still to be read, and not all on disk. */
const KILL_EVERY = 4;

const OWNER = { clusterId: 'simulated', publicKey: 'simulated' };

/** What a planted bug may change of a store, each time that it is opened. */
export type StorePlant = (store: DurableLogStore, files: CrashingDisk) => void;

/**
 * The store that users run, on a disk that crashes: unsynced writes are lost, torn, and reordered between files. Its
 * randomness is its own, so that it moves nothing else of a schedule.
 */
export class SimulatedStore {
  private files = new CrashingDisk();
  private opened: DurableLogStore | null = null;
  /** For each call that writes, how many of the disk's steps were made when it was over. */
  private ends: number[] = [];
  /** Changes until one fails; negative: none does. */
  private failsAfter = -1;
  /** Whether the last change failed. */
  private hasFailed = false;
  isFull = false;
  /** Runs the end of a sync beside the thread, some time later. */
  onLater: (end: () => void) => void = () => undefined;

  constructor(
    private readonly limits: StoreLimits,
    private readonly random: Random,
    private readonly plant: StorePlant,
  ) {
    this.attach();
  }

  /** @throws StartError DATA_DAMAGED when what a crash has left cannot be opened. */
  get store(): DurableLogStore {
    this.opened ??= this.open();
    return this.opened;
  }

  /** A call that writes. @throws StartError STORE_FAILED */
  write(call: (store: DurableLogStore) => void, fails: boolean): void {
    const { store } = this;
    if (fails) this.failsAfter = this.random.below(FAILS_WITHIN);
    try {
      withBytesOf(this.random, () => call(store));
    } finally {
      this.ends.push(this.files.unsettled);
    }
  }

  /** What was done so far happened before any crash. */
  settle(): void {
    this.files.settle();
    this.ends = [];
  }

  /** A crash somewhere after the first `kept` calls that wrote, and before the end of the next; the store is opened again. */
  crash(kept: number): void {
    const { random } = this;
    const first = this.ends[kept - 1] ?? 0;
    const last = this.ends[kept] ?? this.files.unsettled;
    this.cut(random.between(first, last));
    if (random.below(TORN_OPENING_EVERY) === 0) {
      this.failsAfter = random.below(TORN_OPENING_CHANGES);
      try {
        this.open();
      } catch (thrown) {
        // Else the crash before has left what cannot be opened.
        if (!this.hasFailed) throw thrown;
      }
      this.cut(this.files.unsettled);
    }
    this.opened = this.open();
    this.settle();
  }

  /** Its disk has room, and fails no more. */
  heal(): void {
    this.isFull = false;
    this.failsAfter = -1;
  }

  /** The disk is replaced by an empty one. */
  wipe(): void {
    this.files = new CrashingDisk();
    this.attach();
    this.opened = null;
    this.settle();
  }

  private cut(steps: number): void {
    const { random } = this;
    this.opened = null;
    this.ends = [];
    this.failsAfter = -1;
    this.files =
      random.below(KILL_EVERY) === 0
        ? this.files.kill(steps)
        : this.files.crash((limit) => random.below(limit), steps);
    this.attach();
  }

  private attach(): void {
    const { files } = this;
    files.onLater = (end) => this.onLater(end);
    files.isFull = () => this.isFull;
    const mayFail = (): void => {
      this.hasFailed = this.failsAfter === 0;
      if (this.failsAfter >= 0) this.failsAfter--;
      if (this.hasFailed) throw new Error('EIO: a simulated write failed');
    };
    files.beforeChange = mayFail;
    files.beforeLater = mayFail;
  }

  /** Room that is missing is found by the writes of the store that follow. */
  private open(): DurableLogStore {
    const { isFull } = this;
    this.isFull = false;
    try {
      return withBytesOf(this.random, () => {
        const store = DurableLogStore.openOn(this.files, OWNER, { release: () => undefined }, this.limits);
        this.plant(store, this.files);
        return store;
      });
    } finally {
      this.isFull = isFull;
    }
  }
}
