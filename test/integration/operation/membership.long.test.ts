import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { rounds } from '../cluster/checks/rounds';
import { CALM, Cluster, freeStartPort } from '../cluster/Cluster';
import { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

const ADDED = 100;
/** CASES 7: a wiped follower is whole again without a write; within this time on a busy machine. */
const WHOLE_WITHIN_MS = 60_000;
/** How long a thing that must not happen is watched for. */
const WATCHED_MS = 5_000;
const ALONE_MS = 1000 * rounds(60, 6);

async function filled(): Promise<Cluster> {
  const cluster = await Cluster.createWithOwnKeys({}, CALM);
  cluster.startAll();
  await cluster.leader();
  await Promise.all(
    Array.from({ length: ADDED }, (_, n) => cluster.node(n % 3).addLog('filled', `value ${n}`)),
  );
  await cluster.converged();
  // The next entry takes along to the disks that these are committed.
  await cluster.node(0).addLog('last', 'one');
  await cluster.converged();
  return cluster;
}

test('a follower whose directory was removed is whole again without a write (CASES 7)', async () => {
  const cluster = await filled();
  try {
    const { index, hash } = await cluster.converged();
    const follower = await cluster.follower();
    await follower.kill();
    rmSync(cluster.directoryOf(follower.options.index), { recursive: true });
    const wiped = cluster.start(follower.options.index);
    await until(WHOLE_WITHIN_MS, 'the wiped node holds the log and is a voter', async () => {
      const info = await wiped.info();
      const whole = info.committedIndex === index && info.hash === hash;
      return whole && info.membership === 'voter' ? true : undefined;
    });
    // It is a full member again: with another one down the cluster still commits.
    const other = cluster.running.find((node) => node !== wiped);
    await other?.kill();
    expect((await wiped.addLog('after', 'rejoin')).index).toBe(ADDED + 2);
  } finally {
    await cluster.end();
  }
});

test('two emptied nodes form no cluster of their own while the third, stopped, holds the log', async () => {
  const cluster = await filled();
  try {
    for (const index of [0, 1, 2]) await cluster.node(index).kill();
    for (const index of [0, 1]) {
      rmSync(cluster.directoryOf(index), { recursive: true });
      cluster.start(index);
    }
    const end = performance.now() + WATCHED_MS;
    while (performance.now() < end) {
      for (const info of await cluster.infos()) {
        expect(info).toMatchObject({ leader: null, index: 0, committedIndex: 0 });
        expect(info.problem).toMatch(/node 2/);
      }
      await delay(100);
    }
    // The third comes back with the log: the two can neither vote nor count, so nothing is lost or made up.
    cluster.start(2);
    expect((await cluster.node(2).getLog(ADDED)).index).toBe(ADDED);
    for (const info of await cluster.infos()) expect(info.leader).toBeNull();
  } finally {
    await cluster.end();
  }
});

test('a second process on one data directory ends with 1 and says why (CASES 12)', async () => {
  const cluster = await Cluster.started();
  try {
    const second = new NodeProcess({
      index: 0,
      startPort: await freeStartPort(),
      dataDirectory: cluster.dataDirectory,
    });
    expect((await second.exited).code).toBe(1);
    expect(second.lastWords).toMatch(/DATA_LOCKED/);
    // After kill -9 of the first the lock is not stale.
    await cluster.node(0).kill();
    const again = cluster.start(0);
    expect((await again.info()).node).toBe(0);
  } finally {
    await cluster.end();
  }
});

test(`a node that was alone for ${ALONE_MS} ms disturbs nothing when the rest come (CASES 2)`, async () => {
  const cluster = await filled();
  try {
    for (const index of [0, 1, 2]) await cluster.node(index).kill();
    const alone = cluster.start(0);
    const { currentTerm } = await alone.info();
    await delay(ALONE_MS);
    const later = await alone.info();
    expect(later).toMatchObject({ currentTerm, leader: null });
    expect(later.problem).toMatch(/2 are needed/);
    for (const index of [1, 2]) cluster.start(index);
    const leader = await cluster.leader();
    expect((await leader.info()).currentTerm).toBeLessThanOrEqual(currentTerm + 2);
    expect((await alone.addLog('after', 'alone')).index).toBe(ADDED + 2);
  } finally {
    await cluster.end();
  }
});
