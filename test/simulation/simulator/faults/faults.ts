import type { Random } from '../world/Random';
import { blackout, crash, dieInEvent, pause, rivals, stop, storm } from './crashes';
import type { Fault, Strike } from './Fault';
import { cutOff, cutOneWay, cutPair, slowNetwork, slowWay, split, strandedLeader } from './links';
import { clockJump, failedWrite, fullDisk, hangingDisk, noRoom, slowDisk, slowDisks } from './machines';
import { voterWiped, wipe, wipeAgain, wipeTwo, wipeWhileOthersAreBehind } from './wipes';

const strikes = {
  crash,
  stop,
  dieInEvent,
  storm,
  rivals,
  blackout,
  pause,
  cutOff,
  cutOneWay,
  cutPair,
  split,
  slowNetwork,
  slowWay,
  strandedLeader,
  slowDisk,
  slowDisks,
  hangingDisk,
  failedWrite,
  fullDisk,
  noRoom,
  clockJump,
  wipe,
  wipeAgain,
  wipeWhileOthersAreBehind,
  voterWiped,
  wipeTwo,
} satisfies Record<string, (random: Random) => Strike>;

export type FaultName = keyof typeof strikes;

/** A fault with its choices drawn. */
export function makeFault(name: FaultName, at: number, random: Random): Fault {
  return { at, name, strike: strikes[name](random) };
}
