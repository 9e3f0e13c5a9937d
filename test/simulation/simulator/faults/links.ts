import type { Random } from '../world/Random';
import type { SimulatedCluster } from '../SimulatedCluster';
import { later, MS, someNode, type Strike } from './Fault';

/** Cuts directions for a while. */
export function cutFor(
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

export function between(some: readonly number[], others: readonly number[]): [number, number][] {
  return some.flatMap((one) =>
    others.flatMap((other): [number, number][] => [
      [one, other],
      [other, one],
    ]),
  );
}

export function cutOff(random: Random): Strike {
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

export function cutOneWay(random: Random): Strike {
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
export function cutPair(random: Random): Strike {
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

export function split(random: Random): Strike {
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

export function slowNetwork(random: Random): Strike {
  const slowness = random.between(20, 800) * MS;
  const time = random.between(100, 2000) * MS;
  return (cluster) => {
    cluster.network.slowDown(slowness);
    later(cluster, time, () => cluster.network.slowDown(0));
  };
}

/** The leader reaches one follower only for a while, and dies then (Raft, figure 8). */
export function strandedLeader(random: Random): Strike {
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

/**
 * Packets of one way between two nodes, or between one and all others, are late, and those of the other way are not: so
 * answers are overtaken by what is sent after them.
 */
export function slowWay(random: Random): Strike {
  const node = someNode(random, 700);
  const peer = random.below(5040);
  const way = random.pick(['request', 'answer'] as const);
  const outwards = random.perMille(500);
  const toAll = random.perMille(300);
  const slowness = random.between(20, 1000) * MS;
  const time = random.between(200, 3000) * MS;
  return (cluster) => {
    const one = node(cluster);
    const others = cluster.nodes.filter((other) => other !== one);
    const ends = toAll ? others : others.slice(peer % Math.max(1, others.length)).slice(0, 1);
    const slowDown = (by: number): void => {
      for (const end of ends) {
        const [from, to] = outwards ? [one, end] : [end, one];
        cluster.network.slowDownWay(from, to, way, by);
      }
    };
    slowDown(slowness);
    later(cluster, time, () => slowDown(0));
  };
}
