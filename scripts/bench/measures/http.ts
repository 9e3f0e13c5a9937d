import { setTimeout as delay } from 'node:timers/promises';
import { BenchCluster } from '../cluster/BenchCluster';
import type { BenchNode } from '../cluster/BenchNode';
import { memoryOf } from '../cluster/resources';
import { addLoad, levelLength } from '../load/fill';
import { HttpFollower } from '../load/HttpFollower';
import { httpLoad } from '../load/HttpLoad';
import { NdjsonChannel } from '../load/NdjsonChannel';
import { PacedAdds } from '../load/PacedAdds';
import { PipeLoad } from '../load/PipeLoad';
import { AddRequests, JSON_BODY, Payloads, randomIndex } from '../load/requests';
import { runLoad } from '../load/runLoad';
import { availablePeers, ETCD, peerLevels } from '../peers/peerScript';
import { Latencies, median, rounded } from '../report/percentiles';
import { OURS, type Row, type Run } from '../Run';

/** Lines of one request that are unanswered at any time, and requests that are. */
const LINES = 256;
const CONNECTIONS = 64;

const FOLLOWERS = 20;
const FOLLOWED_ADDS_PER_S = 5000;

/** How long a cluster does nothing before its memory is taken, ms. */
const IDLE_MS = 3000;

const OURS_SIZE = 3;

/** What HTTP costs: each figure beside what it is compared with, in the same run, alternating. */
export async function measureHttp(run: Run): Promise<void> {
  const { options, life, directory } = run;
  await measureIdle(run);
  const cluster = await BenchCluster.start({ ...options, size: OURS_SIZE, directory, http: true }, life);
  await measureLines(run, cluster);
  await measureRequests(run, cluster);
  await measureGets(run, cluster);
  await measureFollowers(run, cluster);
  await cluster.end();
}

/** A node's memory with and without HTTP, before anybody has asked anything. */
async function measureIdle(run: Run): Promise<void> {
  for (const http of [false, true]) {
    const { options, life, directory } = run;
    const cluster = await BenchCluster.start({ ...options, size: OURS_SIZE, directory, http }, life);
    await delay(IDLE_MS);
    const all = cluster.running.map((node) => memoryOf(node.process.pid).rss_mb ?? 0);
    run.report({ measure: 'idle', http, nodes: all.length, median_rss_mb: median(all), all_rss_mb: all });
    await cluster.end();
  }
}

/** Adds as lines of one request, beside adds as lines at the node's stdin. */
async function measureLines(run: Run, cluster: BenchCluster): Promise<void> {
  const ratios: number[] = [];
  for (let round = 0; round < run.options.rounds; round++) {
    const rates = new Map<string, number>();
    for (const way of round % 2 === 0 ? ['pipe', 'ndjson'] : ['ndjson', 'pipe']) {
      const { entries } = await cluster.settled();
      const node = await cluster.nodeOfRole(run.options.node);
      const load = addLoad(run, LINES, entries, levelLength(run));
      run.progress.show(`${way}, ${LINES} under way`);
      const result =
        way === 'pipe' ? await runLoad(node, load, () => undefined) : await overLines(cluster, node, load);
      rates.set(way, result.rate);
      run.report(rowOf(way, LINES, result));
    }
    ratios.push(rounded((rates.get('ndjson') ?? 0) / (rates.get('pipe') ?? NaN), 2));
  }
  run.report({ measure: 'ratio', of: 'ndjson', to: 'pipe', median_rate: median(ratios), all_rates: ratios });
}

async function overLines(
  cluster: BenchCluster,
  node: BenchNode,
  load: ReturnType<typeof addLoad>,
): Promise<Awaited<PipeLoad['result']>> {
  const channel = new NdjsonChannel(node.index, cluster.httpPortOf(node.index), cluster.token);
  try {
    return await new PipeLoad(channel, { ...load, json: true }, () => undefined).result;
  } finally {
    channel.close();
  }
}

/** A request an add, beside a put an add at etcd. */
async function measureRequests(run: Run, cluster: BenchCluster): Promise<void> {
  const { keyBytes, valueBytes, rounds, node: role } = run.options;
  const withEtcd = availablePeers(run).includes(ETCD);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { entries } = await cluster.settled();
    const node = await cluster.nodeOfRole(role);
    const adds = new AddRequests(new Payloads(keyBytes, valueBytes), entries, JSON_BODY);
    const body = adds.lines(0, 1);
    const head = Buffer.from(
      `POST /v1/log HTTP/1.1\r\nHost: 127.0.0.1:${cluster.httpPortOf(node.index)}\r\nAuthorization: Bearer ${cluster.token}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    run.progress.show(`a request an add, ${CONNECTIONS} connections`);
    const result = await httpLoad({
      ...{ port: cluster.httpPortOf(node.index), connections: CONNECTIONS, length: levelLength(run) },
      ...{ status: 201, request: (number) => Buffer.concat([head, adds.lines(number, 1)]) },
    });
    run.report(rowOf('post', CONNECTIONS, result));
    if (!withEtcd) continue;
    const [etcd] = await peerLevels({ ...run, options: { ...run.options, inflight: [CONNECTIONS] } }, ETCD);
    if (etcd === undefined) continue;
    const { rate, p50_ms, p99_ms } = etcd;
    run.report({ measure: 'http', system: 'etcd', way: 'put', under_way: CONNECTIONS, rate, p50_ms, p99_ms });
    ratios.push(rounded(result.rate / rate, 2));
  }
  if (ratios.length > 0)
    run.report({ measure: 'ratio', of: 'post', to: 'etcd', median_rate: median(ratios), all_rates: ratios });
}

async function measureGets(run: Run, cluster: BenchCluster): Promise<void> {
  const { entries } = await cluster.settled();
  const node = await cluster.nodeOfRole(run.options.node);
  const port = cluster.httpPortOf(node.index);
  const tail = ` HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${cluster.token}\r\n\r\n`;
  const result = await httpLoad({
    ...{ port, connections: CONNECTIONS, length: levelLength(run), status: 200 },
    request: () => Buffer.from(`GET /v1/log/${randomIndex(entries)}${tail}`),
  });
  run.report(rowOf('get', CONNECTIONS, result));
}

/** How long after its adder's answer a log is with the last of some followers. */
async function measureFollowers(run: Run, cluster: BenchCluster): Promise<void> {
  const { keyBytes, valueBytes, seconds, warmup, node: role } = run.options;
  const { entries } = await cluster.settled();
  const node = await cluster.nodeOfRole(role);
  const fail = (error: Error): void => run.life.fail(error);
  const followers = Array.from(
    { length: FOLLOWERS },
    () => new HttpFollower(cluster.httpPortOf(node.index), cluster.token, entries + 1, fail),
  );
  await delay(IDLE_MS);
  const adds = new PacedAdds(node, new Payloads(keyBytes, valueBytes), FOLLOWED_ADDS_PER_S, entries);
  await delay((warmup + seconds) * 1000);
  await adds.stop();
  const added = adds.answeredAt.length;
  const allCame = (): boolean => followers.every(({ cameAt }) => cameAt.length >= added);
  for (const end = performance.now() + IDLE_MS; !allCame() && performance.now() < end;) await delay(50);
  if (!allCame()) throw new Error('a follower did not get all logs');
  const delays = new Latencies();
  // Adds of one node are answered in the order of the log.
  for (const [at, answeredAt] of adds.answeredAt.entries())
    delays.add(Math.max(...followers.map(({ cameAt }) => cameAt[at] ?? Infinity)) - answeredAt);
  for (const follower of followers) follower.close();
  run.report({
    measure: 'followers',
    ...{ followers: FOLLOWERS, adds_per_s: Math.round(added / (warmup + seconds)), logs: added },
    ...delays.summary(),
  });
}

function rowOf(way: string, underWay: number, result: Awaited<ReturnType<typeof httpLoad>>): Row {
  const { seconds, operations, rate, p50_ms, p99_ms, max_ms } = result;
  return {
    measure: 'http',
    system: OURS,
    ...{ way, under_way: underWay, seconds, operations, rate, p50_ms, p99_ms, max_ms },
  };
}
