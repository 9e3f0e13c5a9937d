import { writeFileSync } from 'node:fs';
import { Cluster } from '../integration/cluster/Cluster';

/** A test that never ends, for leftovers.long.test.ts: it tells where its nodes are, and waits. */
test('holds a cluster', async () => {
  const cluster = await Cluster.started();
  const { startPort, running } = cluster;
  writeFileSync(
    process.env['TELL_CLUSTER'] ?? '',
    JSON.stringify({ startPort, pids: running.map(({ pid }) => pid), directory: cluster.dataDirectory }),
  );
  await new Promise(() => undefined);
});
