import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type LogClient, type LogEntry, TrimmedError } from '../../../src/client';
import { HTTP_PORT_OFFSET } from '../../../src/config/httpConfig';
import { Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { until } from '../cluster/until';
import { runs } from '../../runs';
import { setTimeout as delay } from 'node:timers/promises';

/** Appends under way at once. */
const UNDER_WAY = 64;

/** How long nodes are killed, ms. */
const KILLING_MS = 1000 * runs(60, 30);

/** Between a node's start and the next one's end, ms: so that each is met while it leads, follows and catches up. */
const BETWEEN_KILLS_MS = 500;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.started();
});
afterAll(() => cluster.end());

function client(nodes: readonly number[] = [0, 1, 2]): LogClient {
  const endpoints = nodes.map((index) => `http://127.0.0.1:${cluster.startPort + HTTP_PORT_OFFSET + index}`);
  const token = readFileSync(join(cluster.dataDirectory, 'token'), 'utf8').trim();
  // Longer than any start of a node on a busy machine.
  return connect({ endpoints, token, underWay: UNDER_WAY, deadline: 300_000 });
}

test('while each node in turn is killed, every answered append is there once, and a follower sees each once in order', async () => {
  const log = client();
  const stop = new AbortController();
  const followed: LogEntry[] = [];
  const following = (async () => {
    for await (const entry of client().follow({ from: 1, signal: stop.signal })) followed.push(entry);
  })();

  const answered = new Map<string, LogEntry>();
  const endsAt = performance.now() + KILLING_MS;
  let kills = 0;
  const adding = Array.from({ length: UNDER_WAY }, async (_, adder) => {
    for (let count = 0; performance.now() < endsAt; count++) {
      const value = `${adder}-${count}`;
      answered.set(value, await log.append('key', value));
    }
  });
  const killing = (async () => {
    for (let index = 0; performance.now() < endsAt; index = (index + 1) % 3) {
      await cluster.node(index).kill();
      cluster.start(index);
      kills++;
      // All serve again before the next is killed: a majority runs at any time.
      await cluster.leader();
      await delay(BETWEEN_KILLS_MS);
    }
  })();
  await Promise.all([...adding, killing]);

  const stored: LogEntry[] = [];
  for (let next = 1, upToDate = false; !upToDate;) {
    const page = await log.entries({ from: next, limit: 1000 });
    stored.push(...page.logs);
    ({ next, upToDate } = page);
  }
  await cluster.converged();
  while (followed.length < stored.length) await delay(BETWEEN_KILLS_MS);
  stop.abort();
  await following;

  expect(kills).toBeGreaterThan(2);
  expect(answered.size).toBeGreaterThan(UNDER_WAY);
  const places = new Map(stored.map((entry) => [entry.log.value.value, entry.index]));
  // None twice, and none that was not asked for.
  expect(places.size).toBe(stored.length);
  expect(stored.length).toBe(answered.size);
  const elsewhere = [...answered].filter(([value, { index }]) => places.get(value) !== index);
  expect(elsewhere).toEqual([]);
  expect(followed.map(({ index }) => index)).toEqual(stored.map((_, at) => at + 1));
  expect(followed.map(({ hash }) => hash)).toEqual(stored.map(({ hash }) => hash));
  process.stdout.write(`${answered.size} appends over ${kills} kills\n`);
});

test('a program that names its session appends once over its own restarts', async () => {
  const token = readFileSync(join(cluster.dataDirectory, 'token'), 'utf8').trim();
  const endpoints = [`http://127.0.0.1:${cluster.startPort + HTTP_PORT_OFFSET}`];
  const before = connect({ endpoints, token, session: 'billing' });
  const saved = { nonce: 17, since: await before.since() };
  const { index } = await before.append('once', 'value', saved);
  const after = connect({ endpoints, token, session: 'billing' });
  expect((await after.append('once', 'value', saved)).index).toBe(index);
  await expect(after.append('once', 'another', saved)).rejects.toMatchObject({ code: 'NONCE_REUSED' });
});

test('a trim is known to every node, may be asked for again, and takes no log that is not there yet', async () => {
  const log = client();
  const { index } = await log.append('trimmed', 'kept');
  const floor = index - 1;
  await expect(log.trim(index + 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  for (let asked = 0; asked < 2; asked++) expect(await log.trim(floor)).toEqual({ floor });
  for (const node of [0, 1, 2]) {
    const one = client([node]);
    await until(SERVES_WITHIN_MS, `node ${node} has trimmed`, async () =>
      (await one.info()).floor === floor ? true : undefined,
    );
    await expect(one.get(floor)).rejects.toThrow(TrimmedError);
    await expect(one.entries({ from: 1 })).rejects.toMatchObject({ code: 'TRIMMED', floor });
    expect((await one.get(index))?.log.value.value).toBe('kept');
  }
});
