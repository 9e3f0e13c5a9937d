import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from '../../../src/entry/Entry';
import { BenchCluster } from '../cluster/BenchCluster';
import type { BenchNode } from '../cluster/BenchNode';
import { median, rounded } from '../report/percentiles';
import { Payloads } from '../load/requests';
import { OURS, type Row, type Run } from '../Run';

/** Between two adds that look for the first one that is committed again, ms. */
const ADD_EVERY_MS = 5;

/** Calm before a kill, ms: so much at least, and as much again at random, not in step with heartbeats. */
const CALM_MS = 300;

/**
 * kill -9 of the leader again and again: ms from the kill to the first add that a survivor acknowledges. Every add
 * that was acknowledged before must still be there.
 */
export async function measureFailover(run: Run): Promise<void> {
  const { options, life, directory, progress } = run;
  const cluster = await BenchCluster.start({ ...options, directory }, life);
  const payloads = new Payloads(options.keyBytes, options.valueBytes);
  const times: number[] = [];
  for (let nth = 1; nth <= options.failover; nth++) {
    progress.show(`failover ${nth} of ${options.failover}: the last took ${times.at(-1) ?? '-'} ms`);
    times.push(rounded(await failOver(cluster, payloads), 1));
  }
  await cluster.end();
  run.report(failoverRow(OURS, options.size, times));
}

/** The row of a system's failovers, ms each. */
export function failoverRow(system: string, size: number, all_ms: readonly number[]): Row {
  const max_ms = Math.max(...all_ms);
  return {
    measure: 'failover',
    system,
    size,
    kills: all_ms.length,
    median_ms: median(all_ms),
    max_ms,
    all_ms,
  };
}

async function failOver(cluster: BenchCluster, payloads: Payloads): Promise<number> {
  const { entries } = await cluster.settled();
  const leader = await cluster.leader();
  const add = (node: BenchNode, number: number): Promise<unknown> =>
    node.command(`add_log ${payloads.key(number)} ${payloads.value(number)}`);
  const before = (await add(leader, entries)) as LogEntry;
  await delay(CALM_MS * (1 + Math.random()));
  const survivors = cluster.running.filter((node) => node !== leader);
  const killedAt = performance.now();
  const killed = leader.kill();
  const ms = await firstCommit(survivors, (node, nth) => add(node, entries + 1 + nth), killedAt);
  await killed;
  for (const survivor of survivors) {
    const { hash } = await survivor.entry(before.index);
    if (hash !== before.hash) throw new Error(`node ${survivor.index} lost entry ${before.index}`);
  }
  cluster.startNode(leader.index);
  return ms;
}

/** Adds through the survivors in turn until one is committed, and waits for the answers to the rest. */
async function firstCommit(
  survivors: readonly BenchNode[],
  add: (node: BenchNode, nth: number) => Promise<unknown>,
  killedAt: number,
): Promise<number> {
  const adds: Promise<unknown>[] = [];
  let firstAt: number | undefined;
  while (firstAt === undefined) {
    const node = survivors[adds.length % survivors.length];
    if (node === undefined) throw new Error('no node has survived');
    const answer = add(node, adds.length).then(() => (firstAt ??= performance.now()));
    adds.push(answer);
    await Promise.race([answer, delay(ADD_EVERY_MS)]);
  }
  await Promise.all(adds);
  return firstAt - killedAt;
}
