import { rmSync } from 'node:fs';
import { Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { until } from '../cluster/until';

/** A log that forgets its beginning, on three real nodes. */
jest.setTimeout(120_000);

test('a trim forgets the same on every node, also on one that lost its disk, and over restarts', async () => {
  const cluster = await Cluster.create();
  try {
    cluster.startAll();
    await cluster.leader();
    for (let n = 1; n <= 6; n++) await cluster.node(n % 3).addLog('key', `value ${n}`);
    const refused = await cluster.node(1).command('trim 4');
    expect(refused).toMatchObject({ ok: false, error: { code: 'BAD_ARGUMENT' } });
    expect(await cluster.node(1).command('trim 7 --yes')).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((await cluster.node(1).info()).floor).toBe(0);
    expect(await cluster.node(1).expectOk('trim 4 --yes')).toEqual({ floor: 4 });

    await cluster.node(2).kill();
    rmSync(cluster.directoryOf(2), { recursive: true });
    await cluster.node(0).addLog('key', 'while 2 was away');
    const back = cluster.start(2);
    await until(SERVES_WITHIN_MS, 'node 2 is a voter again', async () =>
      (await back.info()).membership === 'voter' ? true : undefined,
    );
    for (const index of [0, 1, 2]) {
      const node = cluster.node(index);
      await until(SERVES_WITHIN_MS, `node ${index} has all`, async () =>
        (await node.info()).committedIndex === 7 ? true : undefined,
      );
      expect(await node.info()).toMatchObject({ index: 7, floor: 4 });
      expect(await node.command('get_log 4')).toMatchObject({ error: { code: 'TRIMMED' } });
      expect((await node.getLog(5)).log.value.value).toBe('value 5');
      expect(await node.expectOk('tail 10')).toMatchObject({
        logs: [{ index: 5 }, { index: 6 }, { index: 7 }],
      });
      expect(await node.command('list 1')).toMatchObject({ error: { code: 'TRIMMED' } });
    }

    await Promise.all(cluster.running.map((node) => node.kill()));
    cluster.startAll();
    await cluster.leader();
    expect((await cluster.node(2).addLog('key', 'after all restarted')).index).toBe(8);
    expect(await cluster.node(2).command('get_log 1')).toMatchObject({ error: { code: 'TRIMMED' } });
    expect((await cluster.node(2).info()).floor).toBe(4);
    await cluster.converged();
  } finally {
    await cluster.end();
  }
});
