import type { Random } from '../world/Random';
import { later, MS, someNode, type Strike } from './Fault';
import { between, cutFor } from './links';

export function crash(random: Random): Strike {
  const node = someNode(random);
  const down = random.between(1, 2500) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.crash(victim);
    later(cluster, down, () => cluster.start(victim));
  };
}

/** Stops cleanly: a leader may hand over first (dissertation 3.10). Killed when that takes too long. */
export function stop(random: Random): Strike {
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
export function dieInEvent(random: Random): Strike {
  const node = someNode(random, 600);
  const down = random.between(1, 1500) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.processAt(victim)?.dieInNextEffect();
    later(cluster, down, () => cluster.start(victim));
  };
}

export function storm(random: Random): Strike {
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
export function rivals(random: Random): Strike {
  const order = random.shuffle([0, 1, 2, 3, 4, 5, 6]);
  const down = random.between(1, 10) * MS;
  const slowness = random.between(10, 200) * MS;
  return (cluster) => {
    const [one, other, ...voters] = order.filter((node) => node < cluster.size);
    if (one === undefined || other === undefined) return;
    const time = 1000 * MS;
    cutFor(cluster, time, between([one], [other]));
    cluster.network.slowDown(slowness);
    for (const node of voters) cluster.dieAfterVotes(node, down);
    later(cluster, time, () => {
      cluster.network.slowDown(0);
      for (const node of voters) cluster.machine(node).afterVote = null;
    });
    const leader = cluster.leader ?? one;
    cluster.crash(leader);
    later(cluster, MS, () => cluster.start(leader));
  };
}

/** All at once, as when the power fails. */
export function blackout(random: Random): Strike {
  const down = random.between(1, 500) * MS;
  return (cluster) => {
    for (const node of cluster.nodes) {
      cluster.crash(node);
      later(cluster, down * (1 + (node % 3)), () => cluster.start(node));
    }
  };
}

export function pause(random: Random): Strike {
  const node = someNode(random);
  const time = random.between(50, 3000) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.pause(victim);
    later(cluster, time, () => cluster.resume(victim));
  };
}
