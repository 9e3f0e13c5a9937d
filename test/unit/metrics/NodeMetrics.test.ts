import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddCounts } from '../../../src/counts/AddCounts';
import { DURATION_BOUNDS_MS, DurationCounts } from '../../../src/counts/DurationCounts';
import { RequestError } from '../../../src/errors';
import type { MemberStatus } from '../../../src/api';
import { NodeMetrics } from '../../../src/metrics/NodeMetrics';
import type { NodeVitals } from '../../../src/mokka/status/NodeVitals';
import { LoneNode } from '../mokka/LoneNode';
import { type Exposed, parseExposition } from './exposition';

const TYPES = {
  mokka_has_leader: 'gauge',
  mokka_is_leader: 'gauge',
  mokka_leader_changes_total: 'counter',
  mokka_term: 'gauge',
  mokka_problem: 'gauge',
  mokka_committed_index: 'gauge',
  mokka_adds_total: 'counter',
  mokka_add_duration_seconds: 'histogram',
  mokka_pending_adds: 'gauge',
  mokka_journal_sync_duration_seconds: 'histogram',
  mokka_followers: 'gauge',
  mokka_peer_connected: 'gauge',
  mokka_peer_behind_entries: 'gauge',
  mokka_peer_clock_offset_seconds: 'gauge',
  mokka_store_bytes: 'gauge',
  mokka_store_fill_ratio: 'gauge',
  mokka_disk_free_bytes: 'gauge',
  mokka_event_loop_delay_seconds: 'summary',
  mokka_build_info: 'gauge',
};

const LEADER: NodeVitals = {
  info: {
    index: 42,
    hash: '',
    term: 7,
    createdAt: 0,
    committedIndex: 41,
    floor: 0,
    node: 1,
    state: 'leader',
    leader: 1,
    currentTerm: 9,
    membership: 'voter',
    peers: [],
    problem: null,
  },
  members: [
    memberOf(0, { behind: 3, clockOffset: -250 }),
    memberOf(1, { behind: 0, clockOffset: 0 }),
    memberOf(2, { reachable: false, behind: 40 }),
  ],
  storeFill: 0.25,
  leaderChanges: 4,
  adds: new AddCounts(),
  writes: new DurationCounts(),
  pendingAdds: 17,
  followers: 2,
};

function memberOf(node: number, more: Partial<MemberStatus>): MemberStatus {
  return { node, address: '', role: 'follower', reachable: true, behind: null, clockOffset: null, ...more };
}

let directory: string;
let open: NodeMetrics[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-metrics-'));
  open = [];
});
afterEach(() => {
  for (const metrics of open) metrics.close();
  rmSync(directory, { recursive: true });
});

function metricsOf(vitals: () => NodeVitals, dataDirectory: string | null = directory): NodeMetrics {
  const metrics = new NodeMetrics({ vitals }, { dataDirectory });
  open.push(metrics);
  return metrics;
}

async function exposed(vitals: NodeVitals, dataDirectory?: string | null): Promise<Map<string, Exposed>> {
  return parseExposition(await metricsOf(() => vitals, dataDirectory).text());
}

/** A metric's values by their labels, as `peer=0`. */
function valuesOf(metrics: ReadonlyMap<string, Exposed>, name: string): Record<string, number> {
  const samples = metrics.get(name)?.samples ?? [];
  return Object.fromEntries(
    samples.map(({ name: own, labels, value }) => [
      own.slice(name.length) +
        Object.entries(labels)
          .map(([label, text]) => `${label}=${text}`)
          .join(),
      value,
    ]),
  );
}

test('there are these metrics, each with its type, and no others', async () => {
  const metrics = await exposed(LEADER);
  expect(Object.fromEntries([...metrics].map(([name, { type }]) => [name, type]))).toEqual(TYPES);
});

test('names, units and help are as promtool wants them', async () => {
  for (const [name, { type, help }] of await exposed(LEADER)) {
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(name).not.toMatch(
      /_(ms|milliseconds|minutes|kilobytes|kb|mb|count|sum|bucket|gauge|counter)(_|$)/,
    );
    expect(name.includes('duration') || name.includes('delay') || name.includes('offset')).toBe(
      name.endsWith('_seconds'),
    );
    expect(help).toMatch(/^[A-Z].*\.$/);
  }
});

test('the text is of the type that Prometheus asks for', () => {
  expect(metricsOf(() => LEADER).contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('a leader tells of itself and of its peers', async () => {
  const metrics = await exposed(LEADER);
  const plain = [...metrics.keys()].filter((name) => Object.keys(valuesOf(metrics, name)).join() === '');
  const told = Object.fromEntries(plain.map((name) => [name, valuesOf(metrics, name)['']]));
  expect(told).toEqual({
    mokka_has_leader: 1,
    mokka_is_leader: 1,
    mokka_leader_changes_total: 4,
    mokka_term: 9,
    mokka_committed_index: 41,
    mokka_pending_adds: 17,
    mokka_followers: 2,
    mokka_problem: 0,
    mokka_store_bytes: 0,
    mokka_store_fill_ratio: 0.25,
    mokka_disk_free_bytes: expect.any(Number) as number,
  });
  expect(valuesOf(metrics, 'mokka_peer_connected')).toEqual({ 'peer=0': 1, 'peer=2': 0 });
  expect(valuesOf(metrics, 'mokka_peer_behind_entries')).toEqual({ 'peer=0': 3, 'peer=2': 40 });
  expect(valuesOf(metrics, 'mokka_peer_clock_offset_seconds')).toEqual({ 'peer=0': -0.25 });
});

test('what a node that knows no leader does not know is not told', async () => {
  const info = { ...LEADER.info, state: 'candidate', leader: null, problem: 'No leader.' } as const;
  const metrics = await exposed({ ...LEADER, info, members: [memberOf(0, { reachable: false })] });
  expect(valuesOf(metrics, 'mokka_has_leader')).toEqual({ '': 0 });
  expect(valuesOf(metrics, 'mokka_is_leader')).toEqual({ '': 0 });
  expect(valuesOf(metrics, 'mokka_problem')).toEqual({ '': 1 });
  expect(valuesOf(metrics, 'mokka_peer_connected')).toEqual({ 'peer=0': 0 });
  expect(valuesOf(metrics, 'mokka_peer_behind_entries')).toEqual({});
});

test('a peer of which something is not known any more is not told of as it was', async () => {
  let { members } = LEADER;
  const metrics = metricsOf(() => ({ ...LEADER, members }));
  await metrics.text();
  members = [memberOf(0, { behind: 1 })];
  const now = parseExposition(await metrics.text());
  expect(valuesOf(now, 'mokka_peer_behind_entries')).toEqual({ 'peer=0': 1 });
  expect(valuesOf(now, 'mokka_peer_clock_offset_seconds')).toEqual({});
});

test('adds are told by their results, with 0 for errors that there were none of, and never by their keys', async () => {
  const adds = new AddCounts();
  for (const ms of [0.1, 0.25, 0.3, 20_000]) adds.committed.took(ms);
  adds.refused(new RequestError('BUSY', ''));
  adds.refused(new RequestError('BUSY', ''));
  adds.refused(new TypeError('a bug'));
  const metrics = await exposed({ ...LEADER, adds });
  expect(valuesOf(metrics, 'mokka_adds_total')).toMatchObject({
    'result=ok': 4,
    'result=BUSY': 2,
    'result=INTERNAL': 1,
    'result=NO_LEADER': 0,
    'result=UNKNOWN_OUTCOME': 0,
  });
  const durations = valuesOf(metrics, 'mokka_add_duration_seconds');
  expect(durations).toMatchObject({
    '_bucketle=0.00025': 2,
    '_bucketle=0.0005': 3,
    '_bucketle=8.192': 3,
    '_bucketle=+Inf': 4,
    _count: 4,
  });
  expect(durations['_sum']).toBeCloseTo(20.00065);
  const labels = [...metrics.values()].flatMap(({ samples }) =>
    samples.flatMap((one) => Object.keys(one.labels)),
  );
  expect([...new Set(labels)].sort()).toEqual(['le', 'node', 'peer', 'quantile', 'result', 'version']);
});

test('times of writes are told in buckets of a quarter of a millisecond, doubled up to eight seconds', async () => {
  const writes = new DurationCounts();
  for (const bound of DURATION_BOUNDS_MS) writes.took(bound);
  const metrics = await exposed({ ...LEADER, writes });
  const buckets = metrics
    .get('mokka_journal_sync_duration_seconds')
    ?.samples.filter(({ labels }) => 'le' in labels);
  expect(buckets?.map(({ labels }) => Number(labels['le'])).slice(0, -1)).toEqual(
    DURATION_BOUNDS_MS.map((ms) => ms / 1000),
  );
  expect(buckets?.map(({ value }) => value)).toEqual([...DURATION_BOUNDS_MS.map((_, at) => at + 1), 16]);
});

test('the store is as large as its files, and its disk is looked at', async () => {
  writeFileSync(join(directory, 'journal-0'), 'x'.repeat(1000));
  mkdirSync(join(directory, 'log'));
  writeFileSync(join(directory, 'log', '00000000000000000001.seg'), 'x'.repeat(100));
  const metrics = await exposed(LEADER);
  expect(valuesOf(metrics, 'mokka_store_bytes')).toEqual({ '': 1100 });
  expect(valuesOf(metrics, 'mokka_disk_free_bytes')['']).toBeGreaterThan(0);
});

test('a store in memory has no files and no disk', async () => {
  const metrics = await exposed(LEADER, null);
  expect(valuesOf(metrics, 'mokka_store_bytes')).toEqual({});
  expect(valuesOf(metrics, 'mokka_disk_free_bytes')).toEqual({});
});

test('the versions are those of package.json and of Node.js', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const metrics = await exposed(LEADER);
  expect(metrics.get('mokka_build_info')?.samples).toEqual([
    { name: 'mokka_build_info', labels: { version, node: process.version }, value: 1 },
  ]);
});

test('two that look at once are told the same', async () => {
  const metrics = metricsOf(() => LEADER, null);
  const [one, other] = await Promise.all([metrics.text(), metrics.text()]);
  const withoutDelays = (text: string): string => text.replaceAll(/^mokka_event_loop.*$/gm, '');
  expect(withoutDelays(one)).toBe(withoutDelays(other));
});

test('a node that has stopped tells nothing', async () => {
  const stopped = new RequestError('NODE_UNREACHABLE', 'this node has stopped');
  const metrics = metricsOf(() => {
    throw stopped;
  });
  await expect(metrics.text()).rejects.toBe(stopped);
});

test('a node can be measured before it is connected, and not after it has stopped', async () => {
  const node = new LoneNode();
  const metrics = metricsOf(() => node.vitals(), null);
  await node.logApi.push('key', { value: 'too early' }).catch(() => undefined);
  const early = parseExposition(await metrics.text());
  expect(valuesOf(early, 'mokka_has_leader')).toEqual({ '': 0 });
  expect(valuesOf(early, 'mokka_adds_total')).toMatchObject({ 'result=ok': 0, 'result=NODE_UNREACHABLE': 1 });
  await node.disconnect();
  await expect(metrics.text()).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
});

test('a node counts its leaders, its adds and its writes, and those who follow its log', async () => {
  const node = new LoneNode();
  const elected = new Promise<void>((resolve) =>
    node.on('state', () => node.vitals().info.state === 'leader' && resolve()),
  );
  node.connect();
  await elected;
  for (const value of ['a', 'b']) await node.logApi.push('key', { value });
  const logs = node.follow();
  await logs.next();
  const metrics = parseExposition(await metricsOf(() => node.vitals(), null).text());
  expect(valuesOf(metrics, 'mokka_has_leader')).toEqual({ '': 1 });
  expect(valuesOf(metrics, 'mokka_is_leader')).toEqual({ '': 1 });
  expect(valuesOf(metrics, 'mokka_leader_changes_total')).toEqual({ '': 1 });
  expect(valuesOf(metrics, 'mokka_committed_index')).toEqual({ '': 2 });
  expect(valuesOf(metrics, 'mokka_adds_total')).toMatchObject({ 'result=ok': 2 });
  expect(valuesOf(metrics, 'mokka_add_duration_seconds')).toMatchObject({ _count: 2 });
  expect(valuesOf(metrics, 'mokka_journal_sync_duration_seconds')['_count']).toBeGreaterThanOrEqual(2);
  expect(valuesOf(metrics, 'mokka_pending_adds')).toEqual({ '': 0 });
  expect(valuesOf(metrics, 'mokka_followers')).toEqual({ '': 1 });
  await logs.return();
  await node.disconnect();
});
