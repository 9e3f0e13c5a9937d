import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { FOLLOW_COMMENT_MS, HTTP_BYTES_OWN } from '../../../src/httpLimits';
import { FOLLOWERS_MAX } from '../../../src/limits';
import { BytesUnderWay } from '../../../src/http/answers/BytesUnderWay';
import { Exchange } from '../../../src/http/answers/Exchange';
import { LogTexts } from '../../../src/http/answers/LogTexts';
import { FollowStream, NDJSON, SSE } from '../../../src/http/routes/FollowStream';
import { FakeHttpNode } from './FakeHttpNode';

const MAX = 4 * HTTP_BYTES_OWN;

test('a log that finds no room is waited for, and comes once; its room is given back when it is sent', async () => {
  const node = new FakeHttpNode();
  const bytes = new BytesUnderWay(MAX);
  for (const length of [1, 2 * HTTP_BYTES_OWN, 1]) node.add('key', 'v'.repeat(length));
  const server = createServer((incoming, outgoing) => {
    const exchange = new Exchange(incoming, outgoing, {}, {}, node);
    void new FollowStream(exchange, { node, bytes, texts: new LogTexts() }, NDJSON).run(1);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const release = bytes.tryTake(MAX);
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const lines = (): string[] => text.split('\n').filter((line) => line !== '');
  const readTo = async (count: number): Promise<void> => {
    while (lines().length < count || !text.endsWith('\n'))
      text += decoder.decode((await reader?.read())?.value as Uint8Array, { stream: true });
  };
  await readTo(1);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(node.follows).toBe(1);
  // Meanwhile it keeps its place: others may take all that are left.
  const others = Array.from({ length: FOLLOWERS_MAX - 1 }, () => node.storedLogs.takePlace());
  expect(() => node.storedLogs.takePlace()).toThrow(expect.objectContaining({ code: 'BUSY' }) as Error);
  release?.();
  await readTo(3);
  expect(lines().map((line) => (JSON.parse(line) as { index: number }).index)).toEqual([1, 2, 3]);
  expect(node.follows).toBe(2);
  await reader?.cancel();
  for (const leave of others) leave();
  while (bytes.tryTake(MAX) === null) await new Promise(setImmediate);
  server.close();
  server.closeAllConnections();
});

test.each([
  ['SSE', SSE, ':\n\n', ': no leader\n\n', /^event: problem\ndata: \{.*"code":"NO_LEADER".*\}\n\n$/],
  ['NDJSON', NDJSON, '\n', '\n', /^\{"error":\{"code":"NO_LEADER",.*\}\}\n$/],
])(
  '%s, while nothing comes, is told that the connection is whole; at a node that goes on without a leader, its end',
  async (_, format, whole, noLeader, end) => {
    const node = new FakeHttpNode();
    let look: () => void = () => undefined;
    const every = jest.spyOn(globalThis, 'setInterval');
    every.mockImplementation((call) => {
      look = call;
      return setTimeout(() => undefined, 0);
    });
    const parts = { node, bytes: new BytesUnderWay(MAX), texts: new LogTexts() };
    const server = createServer((incoming, outgoing) => {
      void new FollowStream(new Exchange(incoming, outgoing, {}, {}, node), parts, format).run(1);
      every.mockRestore();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const reader = answer.body?.getReader();
    const next = async (): Promise<string> =>
      new TextDecoder().decode((await reader?.read())?.value as Uint8Array);
    expect(await next()).toBe(whole);
    const later = performance.now() + FOLLOW_COMMENT_MS;
    const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
    const lookAt = async (leader: number | null): Promise<string> => {
      node.info = { ...node.info, leader };
      look();
      return next();
    };
    expect(await lookAt(0)).toBe(whole);
    expect(await lookAt(null)).toBe(noLeader);
    expect(await lookAt(0)).toBe(whole);
    expect(await lookAt(null)).toBe(noLeader);
    expect(await lookAt(null)).toMatch(end);
    expect((await reader?.read())?.done).toBe(true);
    clock.mockRestore();
    server.close();
    server.closeAllConnections();
  },
);
