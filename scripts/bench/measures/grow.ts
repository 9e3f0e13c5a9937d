import { MEMBERS_MAX } from '../../../src/limits';
import { BenchCluster } from '../cluster/BenchCluster';
import { addLoad, fillTo, levelLength } from '../load/fill';
import { memoryOf } from '../cluster/resources';
import { OURS, type Row, type Run } from '../Run';
import { loadWithProgress } from './loads';

const ENTRIES = [10_000, 100_000, 1_000_000];
const VALUE_BYTES = [100, 1024, 10_240, 102_400];
const SIZES = [3, 5, MEMBERS_MAX];

/** What of the cluster grows from row to row. */
export type Growing = 'entries' | 'value' | 'size';

/** Adds and memory as the work grows: by entries that are there, by bytes of a value, by nodes. */
export async function measureGrow(run: Run): Promise<void> {
  const { growTo } = run.options;
  const entries = [...ENTRIES.filter((each) => each < growTo), growTo];
  await measureOn(run, 'entries', entries);
  for (const valueBytes of VALUE_BYTES)
    await measureOn({ ...run, options: { ...run.options, valueBytes } }, 'value', [0]);
  for (const size of SIZES) await measureOn({ ...run, options: { ...run.options, size } }, 'size', [0]);
}

/** One cluster, filled to so many entries before each of its rows. */
async function measureOn(run: Run, growing: Growing, entriesBefore: readonly number[]): Promise<void> {
  const { options, life, directory } = run;
  const cluster = await BenchCluster.start({ ...options, directory }, life);
  for (const entries of entriesBefore) run.report(await growRow(run, cluster, growing, entries));
  await cluster.end();
}

async function growRow(run: Run, cluster: BenchCluster, growing: Growing, fill: number): Promise<Row> {
  const { options } = run;
  const entries = await fillTo(run, cluster, fill);
  const node = await cluster.nodeOfRole(options.node);
  const inflight = Math.max(...options.inflight);
  const load = addLoad(run, inflight, entries, levelLength(run));
  const { rate, p50_ms, p99_ms } = await loadWithProgress(run, node, load);
  await cluster.settled();
  const memories = cluster.running.map(({ process }) => memoryOf(process.pid));
  const ofLargest = memories.reduce((a, b) => ((b.rss_mb ?? 0) > (a.rss_mb ?? 0) ? b : a));
  return {
    measure: 'grow',
    ...{ system: OURS, growing, size: cluster.size, value_bytes: options.valueBytes, entries, inflight },
    ...{ rate, p50_ms, p99_ms, ...ofLargest },
  };
}
