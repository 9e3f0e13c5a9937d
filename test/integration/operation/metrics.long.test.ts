import { readFileSync } from 'node:fs';
import path from 'node:path';
import { HTTP_PORT_OFFSET, SHARED_TOKEN_NAME } from '../../../src/config/httpConfig';
import { JOURNAL_BYTES } from '../../../src/storage/StoreLimits';
import { type Exposed, parseExposition } from '../../unit/metrics/exposition';
import { Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { until } from '../cluster/until';

const ADDS = 5;

let cluster: Cluster;

beforeAll(async () => (cluster = await Cluster.started()));
afterAll(() => cluster.end());

function ask(node: number, headers: Record<string, string>): Promise<Response> {
  return fetch(`http://127.0.0.1:${cluster.startPort + HTTP_PORT_OFFSET + node}/metrics`, { headers });
}

/** What a node tells one that has the token. */
async function scrape(node: number): Promise<ReadonlyMap<string, Exposed>> {
  const token = readFileSync(path.join(cluster.dataDirectory, SHARED_TOKEN_NAME), 'utf8').trim();
  const answer = await ask(node, { authorization: `Bearer ${token}` });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parseExposition(await answer.text());
}

/** The value of the line with this name and these labels; undefined where there is none. */
function valueOf(
  metrics: ReadonlyMap<string, Exposed>,
  name: string,
  labels: Record<string, string> = {},
  suffix = '',
): number | undefined {
  const samples = metrics.get(name)?.samples ?? [];
  return samples.find(
    (sample) =>
      sample.name === name + suffix &&
      Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
  )?.value;
}

test('nobody is told without a token', async () => {
  expect((await ask(0, {})).status).toBe(401);
});

test('Prometheus reads of each node who leads, what was added there and what its disk did', async () => {
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  for (let add = 0; add < ADDS; add++) await follower.addLog('key', `value ${add}`);
  const scrapes = await until(SERVES_WITHIN_MS, 'all nodes know that the adds are committed', async () => {
    const told = await Promise.all(cluster.nodes.map((_, node) => scrape(node)));
    return told.every((metrics) => valueOf(metrics, 'mokka_committed_index') === ADDS) ? told : undefined;
  });
  for (const [node, metrics] of scrapes.entries()) {
    const isFollower = node === follower.options.index;
    expect(valueOf(metrics, 'mokka_has_leader')).toBe(1);
    expect(valueOf(metrics, 'mokka_is_leader')).toBe(node === leader.options.index ? 1 : 0);
    expect(valueOf(metrics, 'mokka_leader_changes_total')).toBeGreaterThanOrEqual(1);
    expect(valueOf(metrics, 'mokka_term')).toBe(valueOf(scrapes[0] ?? new Map(), 'mokka_term'));
    expect(valueOf(metrics, 'mokka_adds_total', { result: 'ok' })).toBe(isFollower ? ADDS : 0);
    expect(valueOf(metrics, 'mokka_add_duration_seconds', {}, '_count')).toBe(isFollower ? ADDS : 0);
    expect(valueOf(metrics, 'mokka_journal_sync_duration_seconds', {}, '_count')).toBeGreaterThanOrEqual(1);
    expect(valueOf(metrics, 'mokka_store_bytes')).toBeGreaterThan(JOURNAL_BYTES);
    expect(valueOf(metrics, 'mokka_disk_free_bytes')).toBeGreaterThan(0);
    for (const peer of [0, 1, 2])
      expect([peer, valueOf(metrics, 'mokka_peer_connected', { peer: String(peer) })]).toEqual([
        peer,
        peer === node ? undefined : 1,
      ]);
  }
});

test('the leader tells of a peer that is gone, and how far it is behind', async () => {
  const leader = await cluster.leader();
  const gone = await cluster.follower();
  const peer = String(gone.options.index);
  await gone.kill();
  await leader.addLog('key', 'without it');
  await until(SERVES_WITHIN_MS, 'the peer is told to be gone and behind', async () => {
    const metrics = await scrape(leader.options.index);
    const isGone = valueOf(metrics, 'mokka_peer_connected', { peer }) === 0;
    const behind = valueOf(metrics, 'mokka_peer_behind_entries', { peer }) ?? 0;
    return isGone && behind >= 1 ? true : undefined;
  });
});
