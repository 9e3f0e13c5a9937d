import type { BenchCluster } from '../cluster/BenchCluster';
import type { Load } from './load';
import type { Run } from '../Run';
import { runLoad } from './runLoad';

/** Adds in flight where a log is only to be filled. */
const FILL_INFLIGHT = 256;

/** An add load of the run's keys and values. */
export function addLoad(run: Run, inflight: number, entries: number, length: Load['length']): Load {
  const { keyBytes, valueBytes } = run.options;
  return { command: 'add_log', inflight, length, keyBytes, valueBytes, entries };
}

/** The length of a level, as the options say. */
export function levelLength({ options }: Run): Load['length'] {
  return { warmupMs: options.warmup * 1000, measureMs: options.seconds * 1000 };
}

/** Adds entries on the leader until all running nodes hold `entries` of them; returns how many they hold. */
export async function fillTo(run: Run, cluster: BenchCluster, entries: number): Promise<number> {
  const before = (await cluster.settled()).entries;
  const requests = entries - before;
  if (requests <= 0) return before;
  await runLoad(await cluster.leader(), addLoad(run, FILL_INFLIGHT, before, { requests }), ({ operations }) =>
    run.progress.show(`filling: ${operations} of ${requests} entries`),
  );
  return (await cluster.settled()).entries;
}
