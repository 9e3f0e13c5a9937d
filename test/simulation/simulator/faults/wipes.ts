import { quorumOf } from '../../../../src/mokka/log/quorum';
import type { Random } from '../world/Random';
import type { SimulatedCluster } from '../SimulatedCluster';
import { later, MS, someNode, type Strike } from './Fault';
import { between, cutFor } from './links';

/** Some lose their disks soon after one another, as many at a time as the cluster bears. */
export function wipe(random: Random): Strike {
  const wipes = Array.from({ length: random.between(1, 4) }, (_, number) => ({
    wait: number === 0 ? 0 : random.below(600) * MS,
    down: random.between(0, 800) * MS,
    node: someNode(random),
  }));
  return (cluster) => {
    for (const { wait, down, node } of wipes)
      later(cluster, wait, () => wipeOne(cluster, node(cluster), down));
  };
}

/** Returns whether it lost its disk: not where the cluster would not bear it. */
function wipeOne(cluster: SimulatedCluster, victim: number, down: number): boolean {
  if (!cluster.hasQuorumWithout(victim)) {
    if (!cluster.isEmptyWithout(victim)) return false;
    cluster.lostWhileForming = true;
  }
  cluster.wipe(victim);
  later(cluster, down, () => cluster.start(victim));
  return true;
}

/** One loses its disk, and again in the middle of its readmission, or of forming, or as soon as it votes again. */
export function wipeAgain(random: Random): Strike {
  const node = someNode(random, 300);
  const times = random.between(1, 3);
  const at = random.pick(['rejoining', 'voter', 'voter'] as const);
  const wait = random.pick([0, 0, 1, 5, 20, 100]) * MS;
  const down = random.pick([0, 1, 20, 300]) * MS;
  return (cluster) => {
    const victim = node(cluster);
    const machine = cluster.machine(victim);
    if (!wipeOne(cluster, victim, down)) return;
    let left = times;
    machine.onMembership = (membership) => {
      if (membership !== at) return;
      if (--left <= 0) machine.onMembership = null;
      later(cluster, wait, () => wipeOne(cluster, victim, down));
    };
  };
}

/**
 * Voters lose their disks as soon as they have voted for a rival of a leader that still leads, and come back to that
 * leader, which knows of neither.
 */
export function voterWiped(random: Random): Strike {
  const order = random.shuffle([0, 1, 2, 3, 4, 5, 6]);
  const down = random.between(1, 20) * MS;
  const wait = random.between(0, 5) * MS;
  const wipesAll = random.perMille(500);
  const rivalIsAlone = random.perMille(700);
  return (cluster) => {
    const { leader, size, network } = cluster;
    const [rival, ...others] = order.filter((node) => node < size && node !== leader);
    if (leader === null || rival === undefined) return;
    const voters = others.slice(0, quorumOf(size) - 1);
    const restore = (voter: number): void => {
      cluster.machine(voter).afterVote = null;
      network.heal(leader, voter);
    };
    cutFor(cluster, 1400 * MS, between([leader], [rival]));
    voters.forEach((voter, number) => {
      network.cut(leader, voter);
      cluster.machine(voter).afterVote = () => {
        restore(voter);
        if (number === 0 || wipesAll) later(cluster, wait, () => wipeOne(cluster, voter, down));
        const rest = cluster.nodes.filter((node) => node !== rival);
        if (rivalIsAlone && number === voters.length - 1)
          later(cluster, 4 * MS, () => cutFor(cluster, 900 * MS, between([rival], rest)));
      };
    });
    later(cluster, 700 * MS, () => voters.forEach(restore));
  };
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
export function wipeWhileOthersAreBehind(random: Random): Strike {
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

/** More lose their disks than the cluster bears: it must stop, and not lose what the others hold. */
export function wipeTwo(random: Random): Strike {
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
