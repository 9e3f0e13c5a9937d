import type { Room } from '../../../../src/storage/LogStore';
import type { Random } from '../world/Random';
import { later, MS, someNode, type Strike } from './Fault';

const HOUR = 3_600_000;

export function slowDisk(random: Random): Strike {
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
export function slowDisks(random: Random): Strike {
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

export function hangingDisk(random: Random): Strike {
  const node = someNode(random);
  const time = random.pick([1000, 3000, 30_000]) * MS;
  return (cluster) => {
    cluster.machine(node(cluster)).diskHangsUntil = cluster.now + time;
  };
}

export function failedWrite(random: Random): Strike {
  const node = someNode(random);
  const down = random.between(10, 2000) * MS;
  return (cluster) => {
    const victim = node(cluster);
    cluster.machine(victim).failsNextWrite = true;
    later(cluster, down, () => cluster.start(victim));
  };
}

/** No file can grow for a while: a store that is like users' ends its node, which is started again and again. */
export function fullDisk(random: Random): Strike {
  const node = someNode(random);
  const time = random.between(100, 3000) * MS;
  const pause = random.between(50, 1000) * MS;
  return (cluster) => {
    const victim = node(cluster);
    const { durable } = cluster.machine(victim).disk;
    if (durable === null) return;
    durable.isFull = true;
    for (let wait = pause; wait < time; wait += pause) later(cluster, wait, () => cluster.start(victim));
    later(cluster, time, () => {
      durable.isFull = false;
      cluster.start(victim);
    });
  };
}

/** One disk, or all, have no room for logs for a while, or for nothing at all: nodes and cluster live with it. */
export function noRoom(random: Random): Strike {
  const node = someNode(random, 500);
  const fillsAll = random.perMille(400);
  const room = random.pick(['full', 'full', 'none'] as const);
  const time = random.between(200, 3000) * MS;
  return (cluster) => {
    const victims = fillsAll ? cluster.nodes : [node(cluster)];
    const set = (to: Room): void => {
      for (const victim of victims) cluster.machine(victim).disk.room = to;
      cluster.trace.add(
        cluster.now,
        'room',
        victims.length,
        0,
        () => `the disks of nodes ${victims.join(', ')} have room: ${to}`,
      );
    };
    set(room);
    later(cluster, time, () => set('some'));
  };
}

export function clockJump(random: Random): Strike {
  const node = someNode(random);
  const by = random.between(-5 * HOUR, 5 * HOUR);
  return (cluster) => {
    cluster.machine(node(cluster)).wallOffset += by;
  };
}
