import { Cluster } from '../cluster/Cluster';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { runs } from '../../runs';

const ORDERS = [
  [2, 0, 1],
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 1, 0],
];

/** Waits until a node has told of an event, so that the next one starts after it. */
async function answers(node: NodeProcess): Promise<void> {
  await node.info();
}

describe('the tutorial on three real processes', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.started();
  });

  afterAll(() => cluster.end());

  test('the first add_log is index 1, and get_log shows it on every node', async () => {
    const added = await cluster.node(0).addLog('super', 'test');
    expect(added).toMatchObject({ index: 1, log: { key: 'super', value: { value: 'test' } } });
    for (const node of cluster.running) expect(await node.getLog(1)).toEqual(added);
  });

  test('what is added on each node is committed on all, at the same index with the same hash', async () => {
    const added = [];
    for (let index = 0; index < 3; index++)
      added.push(await cluster.node(index).addLog(`from-${index}`, 'a value'));
    expect(added.map((entry) => entry.index)).toEqual([2, 3, 4]);
    for (const node of cluster.running)
      for (const entry of added) expect(await node.getLog(entry.index)).toEqual(entry);
  });

  test('values keep their spaces', async () => {
    const { index } = await cluster.node(1).addLog('spaced', ' two  words ');
    expect((await cluster.node(2).getLog(index)).log.value.value).toBe(' two  words ');
  });

  test('a log that does not exist is NOT_FOUND on every node', async () => {
    for (const node of cluster.running)
      expect(await node.command('get_log 1000000')).toMatchObject({
        ok: false,
        error: { code: 'NOT_FOUND' },
      });
  });

  test('info shows the last log, the leader, and that all is well', async () => {
    await cluster.converged();
    const last = await cluster.node(0).addLog('last', 'one');
    await cluster.converged();
    const leader = (await cluster.leader()).options.index;
    for (const info of await cluster.infos()) {
      expect(info).toMatchObject({
        index: last.index,
        hash: last.hash,
        term: last.term,
        createdAt: last.createdAt,
        committedIndex: last.index,
        leader,
        state: info.node === leader ? 'leader' : 'follower',
        problem: null,
      });
      expect(info.peers.map((peer) => peer.connected)).toEqual([true, true]);
    }
  });

  test('SIGTERM to npm alone stops the node, with its port free, and its restart serves', async () => {
    const node = cluster.node(2);
    node.child.kill('SIGTERM');
    await until(60_000, 'node 2 has ended', () => (node.hasEnded ? true : undefined));
    const restarted = cluster.start(2);
    const added = await restarted.addLog('after', 'restart');
    expect(await cluster.node(0).getLog(added.index)).toEqual(added);
  });
});

test.each(ORDERS.slice(0, runs(ORDERS.length, 1)))(
  'nodes started in the order %d, %d, %d serve',
  async (first, second, third) => {
    const cluster = await Cluster.create();
    try {
      for (const index of [first, second]) {
        cluster.start(index);
        await answers(cluster.node(index));
      }
      cluster.start(third);
      // Its program is loaded, which takes a busy machine longer than an add is tried; then the cluster forms.
      await answers(cluster.node(third));
      const early = cluster.node(first).addLog('early', 'bird');
      expect((await early).index).toBe(1);
      await cluster.leader();
      expect(await cluster.node(third).getLog(1)).toEqual(await early);
    } finally {
      await cluster.end();
    }
  },
);
