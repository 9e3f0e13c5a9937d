import type { LogEntry } from '../../../src/entry/Entry';
import { STOP_MS_MAX } from '../../../src/limits';
import { AwakeTime } from '../../AwakeTime';
import { HttpCluster } from './HttpCluster';

const PUSHERS = 8;
const PUSHES_EACH = 60;
const LAST = 'the last';

let http: HttpCluster;
beforeAll(async () => (http = await HttpCluster.started()));
afterAll(() => http.cluster.end());

test('what is pushed at one node is read at the others, and pushed again at another it is the same log', async () => {
  const pushed = await http.push(0, 'a', '1', { 'idempotency-key': 'first' });
  const log = (await pushed.json()) as LogEntry;
  for (const index of [1, 2]) {
    expect(await (await http.fetch(index, `/v1/log/${log.index}`)).json()).toEqual(log);
    const again = await http.push(index, 'a', '1', { 'idempotency-key': 'first' });
    expect([again.status, await again.json()]).toEqual([201, log]);
  }
  expect((await http.push(1, 'a', '2', { 'idempotency-key': 'first' })).status).toBe(422);
});

test('over kill -9 of each node in turn every answered push is there once, and a follower sees each once, in order', async () => {
  const answered = new Map<string, number>();
  const pusher = async (name: number): Promise<void> => {
    for (let push = 0; push < PUSHES_EACH; push++)
      answered.set(`${name}/${push}`, await http.pushOnce(`${name}/${push}`));
  };
  const seen: LogEntry[] = [];
  const follows = http.follow(
    1,
    ({ log }) => log.value.value === LAST,
    (log) => seen.push(log),
  );
  const pushers = Promise.all(Array.from({ length: PUSHERS }, (_, name) => pusher(name)));
  for (const index of [0, 1, 2]) {
    const before = answered.size;
    while (answered.size < before + 40 && answered.size < PUSHERS * PUSHES_EACH)
      await new Promise(setImmediate);
    await http.cluster.node(index).kill();
    http.cluster.start(index);
    await http.cluster.leader();
  }
  await pushers;
  await http.pushOnce(LAST);
  await follows;
  expect(seen.map(({ index }) => index)).toEqual(seen.map((_, at) => at + 1));
  const found = new Map(seen.map(({ index, log }) => [log.value.value, index]));
  expect(found.size).toBe(new Set(seen.map(({ log }) => log.value.value)).size);
  expect(seen.filter(({ log }) => log.key === 'once')).toHaveLength(answered.size + 1);
  for (const [value, index] of answered) expect([value, found.get(value)]).toEqual([value, index]);
});

test('a node that stops lets its followers go, and ends soon', async () => {
  const node = http.cluster.node(1);
  const follows = http.fetch(1, '/v1/log?follow=sse');
  await (await follows).body?.getReader().read();
  const stopping = new AwakeTime();
  process.kill(node.pid, 'SIGTERM');
  expect((await node.exited).code).toBe(0);
  expect(stopping.end()).toBeLessThan(STOP_MS_MAX);
});
