import { setTimeout as delay } from 'node:timers/promises';
import { BenchCluster } from '../cluster/BenchCluster';
import type { BenchNode } from '../cluster/BenchNode';
import { addLoad, fillTo, levelLength } from '../load/fill';
import type { Load, LoadResult, SampledEntry } from '../load/load';
import { rounded } from '../report/percentiles';
import { diskBytes, memoryOf, type Memory } from '../cluster/resources';
import { OURS, type Row, type Run } from '../Run';
import { runLoad } from '../load/runLoad';

/** How long a cluster does nothing before its idle memory is taken, ms. */
const IDLE_MS = 1000;

/** Entries of a load that are compared with another node's. */
const COMPARED_MAX = 200;

const BYTES_PER_MB = 1_000_000;

/** What is measured of one level. */
export interface Level {
  readonly row: Row;
  readonly inflight: number;
  readonly rate: number;
  readonly p50: number | null;
}

/** Measures adds, or gets, one level after another on one cluster, and what its nodes take of memory and disk. */
export async function measureLoads(run: Run): Promise<Level[]> {
  const { options, life, directory } = run;
  const cluster = await BenchCluster.start({ ...options, directory }, life);
  await delay(IDLE_MS);
  const idle = cluster.running.map((node) => memoryOf(node.process.pid));
  if (options.get) await fillTo(run, cluster, options.entries);
  const levels: Level[] = [];
  for (const inflight of options.inflight) {
    const level = await measureLevel(run, cluster, inflight);
    levels.push(level);
    run.report(level.row);
  }
  for (const row of await nodeRows(cluster, idle)) run.report(row);
  await cluster.end();
  return levels;
}

async function measureLevel(run: Run, cluster: BenchCluster, inflight: number): Promise<Level> {
  const { options } = run;
  const { entries } = await cluster.settled();
  const node = await cluster.nodeOfRole(options.node);
  const { currentTerm } = await node.info();
  const adds = addLoad(run, inflight, entries, levelLength(run));
  const load: Load = options.get ? { ...adds, command: 'get_log' } : adds;
  const result = await loadWithProgress(run, node, load);
  await cluster.settled();
  await compareWithAnother(cluster, node, result.sample);
  const elections = (await node.info()).currentTerm - currentTerm;
  const { operations, seconds, rate, p50_ms, p99_ms, max_ms, client_cores } = result;
  const row: Row = {
    measure: options.get ? 'get' : 'add',
    system: OURS,
    ...{ mode: options.mode, node: options.node, size: options.size, inflight },
    ...{ key_bytes: options.keyBytes, value_bytes: options.valueBytes, seconds, operations },
    ...{ rate, p50_ms, p99_ms, max_ms, client_cores, elections },
  };
  return { row, inflight, rate, p50: p50_ms };
}

/** Runs a load under a progress line. */
export function loadWithProgress(run: Run, node: BenchNode, load: Load): Promise<LoadResult> {
  const what = load.command === 'get_log' ? 'gets' : 'adds';
  return runLoad(node, load, ({ operations, elapsedMs }) =>
    run.progress.show(
      `${load.inflight} in flight on node ${node.index}: ${operations} ${what}, ` +
        `${Math.round((operations / elapsedMs) * 1000)}/s for ${(elapsedMs / 1000).toFixed(1)} s`,
    ),
  );
}

/** @throws Error when an entry that was acknowledged is another one, or missing, on another node. */
async function compareWithAnother(
  cluster: BenchCluster,
  node: BenchNode,
  sample: readonly SampledEntry[],
): Promise<void> {
  const other = cluster.running.find((each) => each !== node) ?? node;
  for (const { index, hash, key } of sample.slice(-COMPARED_MAX)) {
    const entry = await other.entry(index);
    if (entry.hash !== hash || entry.log.key !== key)
      throw new Error(
        `node ${other.index} holds another entry ${index} than node ${node.index} acknowledged`,
      );
  }
}

async function nodeRows(cluster: BenchCluster, idle: readonly Memory[]): Promise<Row[]> {
  const { entries } = await cluster.settled();
  const leader = await cluster.leader();
  return cluster.running.map((node, at) => {
    const { rss_mb, file_pages_mb } = memoryOf(node.process.pid);
    const disk = diskBytes(cluster.dataDirectoryOf(node.index));
    return {
      measure: 'nodes',
      node: node.index,
      role: node === leader ? 'leader' : 'follower',
      idle_rss_mb: idle[at]?.rss_mb ?? null,
      ...{ rss_mb, file_pages_mb, entries },
      disk_mb: rounded(disk / BYTES_PER_MB, 1),
      disk_bytes_per_entry: entries === 0 ? null : Math.round(disk / entries),
    };
  });
}
