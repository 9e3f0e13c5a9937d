import { BenchCluster } from '../cluster/BenchCluster';
import { fillTo } from '../load/fill';
import { median, rounded } from '../report/percentiles';
import { OURS, type Run } from '../Run';

const RESTARTS = 3;

/** kill -9 and start of a follower with a long log: ms from its start to its answers to `info` and `get_log`. */
export async function measureRestart(run: Run): Promise<void> {
  const { options, life, directory, progress } = run;
  const cluster = await BenchCluster.start({ ...options, directory }, life);
  const entries = await fillTo(run, cluster, options.restart);
  const infoMs: number[] = [];
  const getMs: number[] = [];
  for (let nth = 1; nth <= RESTARTS; nth++) {
    progress.show(`restart ${nth} of ${RESTARTS}`);
    await cluster.settled();
    const { index, ...follower } = await stopFollower(cluster);
    const spawnedAt = performance.now();
    const node = cluster.startNode(index);
    await Promise.all([
      node.info().then(() => infoMs.push(rounded(performance.now() - spawnedAt, 1))),
      node.entry(entries).then((entry) => {
        getMs.push(rounded(performance.now() - spawnedAt, 1));
        if (entry.hash !== follower.hash) throw new Error(`node ${index} lost entry ${entries}`);
      }),
    ]);
  }
  await cluster.end();
  run.report({
    measure: 'restart',
    ...{ system: OURS, size: options.size, entries, restarts: RESTARTS },
    median_info_ms: median(infoMs),
    median_get_log_ms: median(getMs),
    max_ms: Math.max(...getMs),
  });
}

/** Kills a follower; returns which, and the hash of its last entry. */
async function stopFollower(cluster: BenchCluster): Promise<{ index: number; hash: string }> {
  const follower = await cluster.nodeOfRole('follower');
  const { hash } = await follower.info();
  await follower.kill();
  return { index: follower.index, hash };
}
