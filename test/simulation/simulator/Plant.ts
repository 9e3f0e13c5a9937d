import type { LogStore } from '../../../src/storage/LogStore';
import type { SimulatedDisk } from './SimulatedDisk';
import type { StorePlant } from './SimulatedStore';
import type { SimulatedMokka } from './SimulatedMokka';

/** A planted bug no longer finds what it is to change: nothing is planted, so that nothing can be caught. */
export class UnfitPlantError extends Error {
  override readonly name = 'UnfitPlantError';

  constructor(cause: unknown) {
    super(`a planted bug does not fit any more: ${String(cause)}`);
  }
}

/** Plants a bug. One that does not find what it is to change is no bug that a check could catch. */
export function plantIn<Part>(part: Part, plant: (part: Part) => void): void {
  try {
    plant(part);
  } catch (thrown) {
    throw thrown instanceof UnfitPlantError ? thrown : new UnfitPlantError(thrown);
  }
}

/**
 * A planted bug: a known mistake of consensus, put into the simulated nodes from outside. A simulator that does not
 * find it within a few schedules would not find it in the product either.
 */
export interface Plant {
  readonly name: string;
  /** What is wrong, and the rule that it breaks. */
  readonly story: string;
  /** The scenario that catches it, by name; left out: random schedules do. */
  readonly scenario?: string;
  /** The store that the node is given in place of its disk. */
  store?(disk: SimulatedDisk, publicKey: string): LogStore;
  /** A store that is like users' was opened on its disk. Without this there are stores in memory. */
  onStore?: StorePlant;
  /** A process was built and is not yet connected. */
  onStart?(mokka: SimulatedMokka, disk: SimulatedDisk): void;
  /** A packet arrives: what the node is given in its place. */
  onPacket?(packet: Buffer): Buffer;
  /** A node was given an empty disk. */
  onWipe?(disk: SimulatedDisk): void;
  /** After an event: whether its writes can still be lost. */
  keepsUnsynced?(disk: SimulatedDisk): boolean;
}
