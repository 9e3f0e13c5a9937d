import type { Random } from './Random';
import type { SimulatedCluster } from './SimulatedCluster';
import { quorumOf } from '../../../src/mokka/log/quorum';

/** Something that goes wrong, and by itself comes right again. All its choices are drawn when the plan is made. */
export interface Fault {
  /** µs */
  readonly at: number;
  readonly name: FaultName;
  readonly strike: (cluster: SimulatedCluster) => void;
}

const MS = 1000;
const HOUR = 3_600_000;

type Strike = (random: Random) => Fault['strike'];

/** Chooses a node when the fault strikes: the leader at that time, or one by number. */
function someNode(random: Random, leaderPerMille = 400): (cluster: SimulatedCluster) => number {
  const wantsLeader = random.perMille(leaderPerMille);
  const number = random.below(5040);
  return (cluster) => (wantsLeader ? cluster.leader : null) ?? number % cluster.size;
}

/** A later part of a fault; it does not happen once the healing has begun. */
function later(cluster: SimulatedCluster, wait: number, run: () => void): void {
  cluster.at(cluster.now + wait, () => {
    if (!cluster.heals) run();
  });
}

function crash(random: Random): Fault['strike'] {
  const node = someNode(random);
  const down = random.between(1, 2500) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.crash(victim);
    later(cluster, down, () => cluster.start(victim));
  };
}

/** Stops cleanly: a leader may hand over first (dissertation 3.10). Killed when that takes too long. */
function stop(random: Random): Fault['strike'] {
  const node = someNode(random, 700);
  const down = random.between(1, 1000) * MS;
  const patience = random.between(5, 1000) * MS;
  return (cluster) => {
    const victim = node(cluster);
    const restart = (): void => later(cluster, down, () => cluster.start(victim));
    cluster.stop(victim, restart);
    later(cluster, patience, () => {
      if (cluster.processAt(victim)?.isStopping !== true) return;
      cluster.crash(victim);
      restart();
    });
  };
}

/** Dies between two sends or writes of its next event, or in the middle of a write. */
function dieInEvent(random: Random): Fault['strike'] {
  const node = someNode(random, 600);
  const down = random.between(1, 1500) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.processAt(victim)?.dieInNextEffect();
    later(cluster, down, () => cluster.start(victim));
  };
}

function storm(random: Random): Fault['strike'] {
  const strikes = Array.from({ length: random.between(3, 10) }, () => ({
    wait: random.below(1500) * MS,
    down: random.between(1, 300) * MS,
    node: someNode(random, 200),
  }));
  return (cluster) => {
    for (const { wait, down, node } of strikes)
      later(cluster, wait, () => {
        const victim = node(cluster);
        cluster.crash(victim);
        later(cluster, down, () => cluster.start(victim));
      });
  };
}

/**
 * Two that cannot hear each other stand for election at the same time, over slow links, and the voters between them
 * die as soon as they have voted and are back at once (CASES 16).
 */
function rivals(random: Random): Fault['strike'] {
  const order = random.shuffle([0, 1, 2, 3, 4, 5, 6]);
  const down = random.between(1, 10) * MS;
  const slowness = random.between(10, 200) * MS;
  return (cluster) => {
    const [one, other, ...voters] = order.filter((node) => node < cluster.size);
    if (one === undefined || other === undefined) return;
    const time = 1000 * MS;
    cutFor(cluster, time, between([one], [other]));
    cluster.network.slowDown(slowness);
    for (const node of voters) cluster.machine(node).diesAfterVoteFor = down;
    later(cluster, time, () => {
      cluster.network.slowDown(0);
      for (const node of voters) cluster.machine(node).diesAfterVoteFor = null;
    });
    const leader = cluster.leader ?? one;
    cluster.crash(leader);
    later(cluster, MS, () => cluster.start(leader));
  };
}

/** All at once, as when the power fails. */
function blackout(random: Random): Fault['strike'] {
  const down = random.between(1, 500) * MS;
  return (cluster) => {
    for (const node of cluster.nodes) {
      cluster.crash(node);
      later(cluster, down * (1 + (node % 3)), () => cluster.start(node));
    }
  };
}

function pause(random: Random): Fault['strike'] {
  const node = someNode(random);
  const time = random.between(50, 3000) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.pause(victim);
    later(cluster, time, () => cluster.resume(victim));
  };
}

/** Cuts directions for a while. */
function cutFor(
  cluster: SimulatedCluster,
  time: number,
  directions: readonly (readonly [number, number])[],
): void {
  const say = directions.map(([from, to]) => `${from}>${to}`).join(' ');
  cluster.trace.add(cluster.now, 'cut', 0, directions.length, () => `cut ${say} for ${time / MS} ms`);
  for (const [from, to] of directions) cluster.network.cut(from, to);
  later(cluster, time, () => {
    for (const [from, to] of directions) cluster.network.heal(from, to);
  });
}

function between(some: readonly number[], others: readonly number[]): [number, number][] {
  return some.flatMap((one) =>
    others.flatMap((other): [number, number][] => [
      [one, other],
      [other, one],
    ]),
  );
}

function cutOff(random: Random): Fault['strike'] {
  const node = someNode(random);
  const time = random.between(100, 3000) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cutFor(
      cluster,
      time,
      between(
        [victim],
        cluster.nodes.filter((other) => other !== victim),
      ),
    );
  };
}

function cutOneWay(random: Random): Fault['strike'] {
  const node = someNode(random, 500);
  const time = random.between(100, 2500) * MS;
  const outwards = random.perMille(500);
  const toAll = random.perMille(600);
  const peer = random.below(5040);
  return (cluster) => {
    const victim = node(cluster);
    const others = cluster.nodes.filter((other) => other !== victim);
    const one = others[peer % Math.max(1, others.length)];
    const ends = toAll || one === undefined ? others : [one];
    cutFor(
      cluster,
      time,
      ends.map((end) => (outwards ? [victim, end] : [end, victim])),
    );
  };
}

/** Two cannot talk to each other; all others see both. */
function cutPair(random: Random): Fault['strike'] {
  const node = someNode(random, 700);
  const time = random.between(200, 4000) * MS;
  const step = random.below(5040);
  return (cluster) => {
    const victim = node(cluster);
    const others = cluster.nodes.filter((other) => other !== victim);
    const other = others[step % Math.max(1, others.length)];
    if (other !== undefined) cutFor(cluster, time, between([victim], [other]));
  };
}

function split(random: Random): Fault['strike'] {
  const order = random.shuffle([0, 1, 2, 3, 4, 5, 6]);
  const share = random.between(1, 6);
  const time = random.between(200, 3000) * MS;
  return (cluster) => {
    const nodes = order.filter((node) => node < cluster.size);
    const some = nodes.slice(0, Math.min(share, cluster.size - 1));
    cutFor(
      cluster,
      time,
      between(
        some,
        nodes.filter((node) => !some.includes(node)),
      ),
    );
  };
}

function slowNetwork(random: Random): Fault['strike'] {
  const slowness = random.between(20, 800) * MS;
  const time = random.between(100, 2000) * MS;
  return (cluster) => {
    cluster.network.slowDown(slowness);
    later(cluster, time, () => cluster.network.slowDown(0));
  };
}

function slowDisk(random: Random): Fault['strike'] {
  const node = someNode(random);
  const delay = random.between(5, 300) * MS;
  const time = random.between(200, 3000) * MS;
  return (cluster) => {
    const machine = cluster.machine(node(cluster));
    machine.diskDelay = delay;
    later(cluster, time, () => (machine.diskDelay = 0));
  };
}

/** All disks are slower than an election timeout, all alike or each by its own, as where they are one machine's. */
function slowDisks(random: Random): Fault['strike'] {
  const delay = random.between(100, 600) * MS;
  const varies = random.perMille(500);
  const time = random.between(1000, 6000) * MS;
  return (cluster) => {
    for (const node of cluster.nodes)
      Object.assign(cluster.machine(node), { diskDelay: delay, diskDelayMin: varies ? 0 : delay });
    later(cluster, time, () => {
      for (const node of cluster.nodes)
        Object.assign(cluster.machine(node), { diskDelay: 0, diskDelayMin: 0 });
    });
  };
}

function hangingDisk(random: Random): Fault['strike'] {
  const node = someNode(random);
  const time = random.pick([1000, 3000, 30_000]) * MS;
  return (cluster) => {
    cluster.machine(node(cluster)).diskHangsUntil = cluster.now + time;
  };
}

function failedWrite(random: Random): Fault['strike'] {
  const node = someNode(random);
  const down = random.between(10, 2000) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.machine(victim).failsNextWrite = true;
    later(cluster, down, () => cluster.start(victim));
  };
}

function clockJump(random: Random): Fault['strike'] {
  const node = someNode(random);
  const by = random.between(-5 * HOUR, 5 * HOUR);
  return (cluster) => {
    cluster.machine(node(cluster)).wallOffset += by;
  };
}

/** One loses its disk, where a majority of voters keeps theirs: never more than one at a time. */
function wipe(random: Random): Fault['strike'] {
  const node = someNode(random);
  const down = random.between(0, 800) * MS;
  return (cluster) => wipeOne(cluster, node(cluster), down);
}

function wipeOne(cluster: SimulatedCluster, victim: number, down: number): boolean {
  const allVote = cluster.nodes.every((node) => cluster.machine(node).disk.membership === 'voter');
  if (!allVote || cluster.size < 3) return false;
  cluster.wipe(victim);
  later(cluster, down, () => cluster.start(victim));
  return true;
}

/** The nodes that are not a leader and its smallest quorum, and that quorum's followers. */
function bystanders(cluster: SimulatedCluster, leader: number): { quorum: number[]; rest: number[] } {
  const others = cluster.nodes.filter((node) => node !== leader);
  const needed = quorumOf(cluster.size) - 1;
  return { quorum: others.slice(0, needed), rest: others.slice(needed) };
}

/**
 * A quorum commits what the rest does not have; then one of it loses its disk and the leader is cut off: the rest
 * and the wiped one are a majority that knows nothing of it.
 */
function wipeWhileOthersAreBehind(random: Random): Fault['strike'] {
  const down = random.below(300) * MS;
  const lag = random.between(100, 700) * MS;
  return (cluster) => {
    const { leader } = cluster;
    if (leader === null) return;
    const { quorum, rest } = bystanders(cluster, leader);
    cutFor(cluster, lag, between(rest, [leader, ...quorum]));
    later(cluster, lag, () => {
      const victim = quorum[0];
      if (victim === undefined || !wipeOne(cluster, victim, down)) return;
      cutFor(
        cluster,
        2500 * MS,
        between(
          [leader],
          cluster.nodes.filter((node) => node !== leader),
        ),
      );
    });
  };
}

/** The leader reaches one follower only for a while, and dies then (Raft, figure 8). */
function strandedLeader(random: Random): Fault['strike'] {
  const time = random.between(20, 400) * MS;
  const down = random.between(50, 1200) * MS;
  const step = random.below(5040);
  return (cluster) => {
    const { leader } = cluster;
    if (leader === null) return;
    const others = cluster.nodes.filter((node) => node !== leader);
    const friend = others[step % Math.max(1, others.length)];
    cutFor(
      cluster,
      time,
      between(
        [leader],
        others.filter((node) => node !== friend),
      ),
    );
    later(cluster, time, () => {
      cluster.crash(leader);
      later(cluster, down, () => cluster.start(leader));
    });
  };
}

/** More lose their disks than the cluster bears: it must stop, and not lose what the others hold. */
function wipeTwo(random: Random): Fault['strike'] {
  const step = random.below(5040);
  return (cluster) => {
    const voters = cluster.nodes.every((node) => cluster.machine(node).disk.membership === 'voter');
    const count = cluster.size - quorumOf(cluster.size) + 1;
    const victims = cluster.nodes.map((node) => (node + step) % cluster.size).slice(0, count);
    const keepers = cluster.nodes.filter((node) => !victims.includes(node));
    const keepLogs = keepers.some((node) => cluster.machine(node).disk.last !== null);
    if (!voters || !keepLogs || cluster.size < 2) return;
    for (const node of victims) {
      cluster.wipe(node);
      later(cluster, 50 * MS * (node + 1), () => cluster.start(node));
    }
  };
}

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
  slowDisk,
  slowDisks,
  hangingDisk,
  failedWrite,
  clockJump,
  wipe,
  wipeWhileOthersAreBehind,
  strandedLeader,
  wipeTwo,
} satisfies Record<string, Strike>;

export type FaultName = keyof typeof strikes;

/** A fault with its choices drawn. */
export function makeFault(name: FaultName, at: number, random: Random): Fault {
  return { at, name, strike: strikes[name](random) };
}
