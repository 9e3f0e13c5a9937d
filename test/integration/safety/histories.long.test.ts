import { cpSync, renameSync, rmSync } from 'node:fs';
import { Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { healthy } from '../cluster/onCluster';
import { until } from '../cluster/until';

/** Disks that went back in time: what Raft takes for impossible, and a person with a backup does all the same. */
jest.setTimeout(300_000);

let cluster: Cluster;

beforeEach(async () => {
  cluster = await Cluster.create();
});

afterEach(() => cluster.end());

async function add(count: number, node = 0): Promise<void> {
  for (let n = 0; n < count; n++) await cluster.node(node).addLog('key', `value ${n}`);
}

async function stopAll(): Promise<void> {
  await Promise.all(cluster.running.map((node) => node.kill()));
}

/** Waits until a node tells of a problem that names what it should, and returns it. */
async function problemOf(index: number, word: RegExp): Promise<string> {
  return until(SERVES_WITHIN_MS, `node ${index} tells of ${word.source}`, async () => {
    const { problem } = await cluster.node(index).info();
    return problem !== null && word.test(problem) ? problem : undefined;
  });
}

function moveAway(index: number): string {
  const away = `${cluster.directoryOf(index)}-away`;
  renameSync(cluster.directoryOf(index), away);
  return away;
}

/** A node gives up what it holds for what the others hold, and all are well again. */
async function rejoinEmpty(index: number): Promise<void> {
  await cluster.node(index).kill();
  moveAway(index);
  cluster.start(index);
  await cluster.converged();
  await healthy(cluster);
}

test('an old copy of a directory, and a majority with it: the node that holds more acknowledges nothing (CASES 31)', async () => {
  const SHARED = 5;
  cluster.startAll();
  await cluster.leader();
  await add(SHARED);
  await cluster.converged();
  await stopAll();
  const old = `${cluster.directoryOf(1)}-old`;
  cpSync(cluster.directoryOf(1), old, { recursive: true, filter: (name) => !name.endsWith('.sock') });
  cluster.start(0);
  cluster.start(1);
  await cluster.leader();
  await add(20);
  await cluster.converged();
  const { currentTerm: lastTerm } = await cluster.node(0).info();
  await stopAll();
  rmSync(cluster.directoryOf(1), { recursive: true });
  renameSync(old, cluster.directoryOf(1));
  cluster.start(1);
  cluster.start(2);
  // In a later term than that of the logs that they do not hold: else node 0, which holds more, could lead them.
  let leader = await cluster.leader();
  while ((await leader.info()).currentTerm <= lastTerm) {
    await stopAll();
    cluster.start(1);
    cluster.start(2);
    leader = await cluster.leader();
  }
  for (let n = 0; n < 3; n++) await leader.addLog('later', `${n}`);

  const conflicted = cluster.start(0);
  expect(await problemOf(0, /different logs/)).toContain(`from log ${SHARED + 1} on`);
  expect(await problemOf(leader.options.index, /different logs/)).toMatch(/^node 0 and this node know/);
  expect(await conflicted.command('add_log not here')).toMatchObject({
    ok: false,
    error: { code: 'HISTORIES_DIFFER' },
  });
  expect(await conflicted.command(`get_log ${SHARED + 1}`)).toMatchObject({
    ok: false,
    error: { code: 'HISTORIES_DIFFER' },
  });
  expect((await conflicted.getLog(SHARED)).log.value.value).toBe(`value ${SHARED - 1}`);
  // The others go on.
  await leader.addLog('goes', 'on');

  // A person decides: what the others hold stays.
  await rejoinEmpty(0);
});

test('a disk that was mounted late: nodes of two clusters under one set of keys refuse each other (CASES 32)', async () => {
  cluster.startAll();
  await cluster.leader();
  await add(20);
  await cluster.converged();
  await stopAll();
  const away = [0, 1, 2].map(moveAway);
  cluster.startAll();
  await cluster.leader();
  await add(3);
  await cluster.converged();
  await cluster.node(2).kill();
  rmSync(cluster.directoryOf(2), { recursive: true });
  renameSync(away[2] ?? '', cluster.directoryOf(2));
  const old = cluster.start(2);

  expect(await problemOf(2, /two clusters/)).toMatch(/^node 0, node 1 and this node hold/);
  expect(await problemOf(0, /two clusters/)).toMatch(/^node 2 and this node hold/);
  expect((await old.info()).peers.map(({ connected }) => connected)).toEqual([false, false]);
  expect((await old.info()).peers[0]?.reason).toContain('another cluster that had the same keys');
  expect((await old.getLog(10)).log.value.value).toBe('value 9');
  expect(await old.command('add_log not here')).toMatchObject({ ok: false, error: { code: 'NO_LEADER' } });
  expect((await cluster.node(0).addLog('goes', 'on')).index).toBe(4);

  await rejoinEmpty(2);
});

test('a wiped member takes the identity from the leader that readmits it, and keeps it', async () => {
  cluster.startAll();
  await cluster.leader();
  await add(3);
  const follower = await cluster.follower();
  const { index } = follower.options;
  await follower.kill();
  moveAway(index);
  cluster.start(index);
  await until(SERVES_WITHIN_MS, 'it votes again', async () =>
    (await cluster.node(index).info()).membership === 'voter' ? true : undefined,
  );
  // All start anew, with the identity that each has kept.
  await stopAll();
  cluster.startAll();
  await cluster.leader();
  await add(1);
  await cluster.converged();
  expect((await cluster.infos()).map(({ problem }) => problem)).toEqual([null, null, null]);
});
