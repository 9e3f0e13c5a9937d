import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { HTTP_BODY_BYTES_MAX, HTTP_BYTES_OWN } from '../../../src/httpLimits';
import { BytesUnderWay } from '../../../src/http/answers/BytesUnderWay';
import { Exchange } from '../../../src/http/answers/Exchange';
import { NdjsonAppends } from '../../../src/http/routes/NdjsonAppends';
import { FakeHttpNode } from './FakeHttpNode';

/** Room for one long line. */
const MAX = HTTP_BODY_BYTES_MAX;

let node: FakeHttpNode;
let bytes: BytesUnderWay;
let server: Server;
beforeEach(async () => {
  node = new FakeHttpNode();
  bytes = new BytesUnderWay(MAX);
  server = createServer((incoming, outgoing) => {
    void new NdjsonAppends(new Exchange(incoming, outgoing, {}, {}, node), node, bytes).run();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** A request that has begun. */
async function begun(): Promise<{ lines: ClientRequest; answer: IncomingMessage }> {
  const { port } = server.address() as AddressInfo;
  const lines = request({ host: '127.0.0.1', port, method: 'POST' });
  lines.on('error', () => undefined).flushHeaders();
  const [answer] = (await once(lines, 'response')) as [IncomingMessage];
  return { lines, answer: answer.setEncoding('utf8') };
}

const hasRoom = (): boolean => {
  const release = bytes.tryTake(MAX);
  release?.();
  return release !== null;
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise(setImmediate);
};
const START = `{"key":"long","value":"${'v'.repeat(4 * HTTP_BYTES_OWN)}`;

test('a long line holds room before it is whole, and gives it back when it is answered', async () => {
  const { lines, answer } = await begun();
  lines.write(START);
  await until(() => !hasRoom());
  expect(node.pushes).toEqual([]);
  lines.end('"}\n');
  const [told] = (await once(answer, 'data')) as [string];
  expect(told).toContain('"ok":true');
  await until(hasRoom);
});

test('those that find no room wait for those that have it, and all are stored', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, begun));
  for (const { lines } of all) lines.write(START);
  await until(() => !hasRoom());
  for (const { lines } of all) lines.end('"}\n');
  await Promise.all(all.map(({ answer }) => once(answer, 'data')));
  expect(node.log).toHaveLength(4);
  await until(hasRoom);
});

test('one whose client goes gives its room back', async () => {
  const { lines } = await begun();
  lines.write(START);
  await until(() => !hasRoom());
  lines.destroy();
  await until(hasRoom);
});
