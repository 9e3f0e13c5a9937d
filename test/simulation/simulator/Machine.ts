import type { NodeKeys } from '../../../src/config/keyPair';
import type { Membership } from '../../../src/storage/LogStore';
import type { StoreSnapshot } from '../../../src/storage/MemoryLogStore';
import type { Random } from './world/Random';
import { SimulatedDisk } from './SimulatedDisk';
import type { SimulatedStore } from './SimulatedStore';
import type { SimulatedProcess } from './SimulatedProcess';

/** A machine: its disk, its wall clock, and the process that runs on it, if one does. */
export interface Machine {
  readonly keys: NodeKeys;
  readonly disk: SimulatedDisk;
  process: SimulatedProcess | null;
  /** What was on disks that this machine lost. */
  readonly lostDisks: StoreSnapshot[];
  /** How far its wall clock is off, ms. */
  wallOffset: number;
  /** µs that a write takes, at most and at least. */
  diskDelay: number;
  diskDelayMin: number;
  /** Until when the disk hangs, µs. */
  diskHangsUntil: number;
  failsNextWrite: boolean;
  /** Whether its disk tells of some appends later than in their calls. */
  tellsLate: boolean;
  /** What happens as soon as its process has voted; null: nothing. */
  afterVote: (() => void) | null;
  /** What happens when its place in the cluster, as its disk has it, is another; null: nothing. */
  onMembership: ((membership: Membership) => void) | null;
  lastMembership: Membership;
}

/** Bounds of what a sync beside the thread takes, µs: one of them each time. */
const SYNC_TIMES = [1000, 20_000, 300_000, 3_000_000];

/** What it takes until an append is told, µs: one of them each time. */
const TELL_TIMES = [0, 0, 0, 200, 5000, 60_000, 400_000];

/** Where the simulated wall clocks start: a day in 2025, ms since 1970. */
const WALL_START = 1_750_000_000_000;

/** A machine that was never started. */
export function newMachine(
  keys: NodeKeys,
  world: { readonly now: number; readonly random: Random; violated(message: string): void },
  store: SimulatedStore | null,
  syncTimes: Random,
): Machine {
  const hang = (): number => Math.max(0, machine.diskHangsUntil - world.now);
  const disk = new SimulatedDisk(
    {
      writeTime: () => {
        const { diskDelay, diskDelayMin } = machine;
        return (
          hang() + (diskDelay <= diskDelayMin ? diskDelayMin : world.random.between(diskDelayMin, diskDelay))
        );
      },
      syncTime: () => hang() + machine.diskDelay + syncTimes.below(syncTimes.pick(SYNC_TIMES)),
      tellTime: () => (machine.tellsLate ? syncTimes.pick(TELL_TIMES) : 0),
      undoneOf: (count) => syncTimes.below(count + 1),
      failsNext: () => {
        const fails = machine.failsNextWrite;
        machine.failsNextWrite = false;
        return fails;
      },
      violated: (message) => world.violated(message),
    },
    store,
  );
  const machine: Machine = {
    keys,
    disk,
    process: null,
    lostDisks: [],
    wallOffset: WALL_START,
    diskDelay: 0,
    diskDelayMin: 0,
    diskHangsUntil: 0,
    failsNextWrite: false,
    tellsLate: false,
    afterVote: null,
    onMembership: null,
    lastMembership: 'none',
  };
  return machine;
}
