import { setTimeout as delay } from 'node:timers/promises';
import { BenchCluster } from '../cluster/BenchCluster';
import type { BenchNode } from '../cluster/BenchNode';
import { fillTo } from '../load/fill';
import { PacedAdds } from '../load/PacedAdds';
import { rounded } from '../report/percentiles';
import { Payloads } from '../load/requests';
import { OURS, type Run } from '../Run';

/** Adds that go on meanwhile, per second. */
const ADDS_PER_SECOND = 1000;

/** How long they run before the member comes back, ms: what their gaps are without it. */
const BEFORE_MS = 2000;

const LOOK_EVERY_MS = 20;

/** A member that is many entries behind: how fast it catches up, and how long commits stand still meanwhile. */
export async function measureCatchUp(run: Run): Promise<void> {
  const { options, life, directory } = run;
  const cluster = await BenchCluster.start({ ...options, directory }, life);
  const behind = await cluster.nodeOfRole('follower');
  await behind.kill();
  const entries = await fillTo(run, cluster, options.catchUp);
  const leader = await cluster.leader();
  const payloads = new Payloads(options.keyBytes, options.valueBytes);
  const adds = new PacedAdds(leader, payloads, ADDS_PER_SECOND, entries);
  const startedAt = performance.now();
  await delay(BEFORE_MS);
  const spawnedAt = performance.now();
  const back = cluster.startNode(behind.index);
  const { heldAtFirst, servedAt } = await firstInfo(back);
  const caughtUpAt = await holds(run, back, entries);
  await adds.stop();
  await cluster.settled();
  await cluster.end();
  run.report({
    measure: 'catch-up',
    ...{ system: OURS, size: options.size, entries, value_bytes: options.valueBytes },
    rate: rounded(((entries - heldAtFirst) / Math.max(1, caughtUpAt - servedAt)) * 1000, 0),
    seconds: rounded((caughtUpAt - servedAt) / 1000),
    seconds_from_spawn: rounded((caughtUpAt - spawnedAt) / 1000),
    adds_per_second: rounded((adds.answered(spawnedAt, caughtUpAt) / (caughtUpAt - spawnedAt)) * 1000, 0),
    longest_gap_ms: rounded(adds.longestGap(spawnedAt, caughtUpAt), 1),
    longest_gap_before_ms: rounded(adds.longestGap(startedAt + BEFORE_MS / 2, spawnedAt), 1),
  });
}

async function firstInfo(node: BenchNode): Promise<{ heldAtFirst: number; servedAt: number }> {
  const { committedIndex } = await node.info();
  return { heldAtFirst: committedIndex, servedAt: performance.now() };
}

/** Waits until a node has committed so many entries; returns when. */
async function holds(run: Run, node: BenchNode, entries: number): Promise<number> {
  for (;;) {
    const { committedIndex } = await node.info();
    if (committedIndex >= entries) return performance.now();
    run.progress.show(`catching up: ${committedIndex} of ${entries} entries`);
    await delay(LOOK_EVERY_MS);
  }
}
