import type { Random } from '../world/Random';
import type { SimulatedCluster } from '../SimulatedCluster';

/** Something that goes wrong, and by itself comes right again. All its choices are drawn when the plan is made. */
export interface Fault {
  /** µs */
  readonly at: number;
  readonly name: string;
  readonly strike: (cluster: SimulatedCluster) => void;
}

export type Strike = Fault['strike'];

export const MS = 1000;

/** Chooses a node when the fault strikes: the leader at that time, or one by number. */
export function someNode(random: Random, leaderPerMille = 400): (cluster: SimulatedCluster) => number {
  const wantsLeader = random.perMille(leaderPerMille);
  const number = random.below(5040);
  return (cluster) => (wantsLeader ? cluster.leader : null) ?? number % cluster.size;
}

/** A later part of a fault; it does not happen once the healing has begun. */
export function later(cluster: SimulatedCluster, wait: number, run: () => void): void {
  cluster.at(cluster.now + wait, () => {
    if (!cluster.heals) run();
  });
}
