import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { doorHealth, healthText } from '../../../src/bin/doorHealth';
import { HEALTH_LENGTH_MAX } from '../../../src/httpLimits';
import { OpenedDoor } from './FakeHttpNode';

let servers: Server[];
let sockets: Socket[];
beforeEach(() => ([servers, sockets] = [[], []]));
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => sockets.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const says =
  (status: number, text: string): RequestListener =>
  (_request, answer) =>
    answer.writeHead(status).end(text);

const NO_NODE = {
  code: 'NODE_UNREACHABLE',
  message: expect.stringMatching(/is no node: see that HTTP_PORT/) as string,
};

test.each([
  ['text', says(200, 'hello')],
  ['HTML', says(200, '<html></html>')],
  ['nothing', says(204, '')],
  ['other JSON', says(200, '{"checks": 5}')],
  ['that it has no such page', says(404, 'not found')],
])('who answers %s is no node, and is not live either', async (_name, listener) => {
  const port = await listen(createHttpServer(listener));
  for (const live of [false, true]) await expect(doorHealth({ port }, live)).rejects.toMatchObject(NO_NODE);
});

test.each<[string, Server, RegExp]>([
  [
    'speaks TLS',
    createServer((socket) => socket.end('\x15\x03\x03\0\x02\x02\x46', 'latin1')),
    /no node answers HTTP on .*Parse Error/,
  ],
  ['hangs up', createServer((socket) => socket.destroy()), /no node answers HTTP on/],
  [
    'never ends',
    createHttpServer((_request, answer) => answer.write('x'.repeat(2 * HEALTH_LENGTH_MAX))),
    /it answers without end/,
  ],
  [
    'is cut off',
    createHttpServer((_request, answer) => answer.write('{', () => answer.destroy())),
    /no node answers HTTP on .*aborted/,
  ],
])('who %s is none either', async (_name, server, words) => {
  const port = await listen(server);
  const error = { code: 'NODE_UNREACHABLE', message: expect.stringMatching(words) as string };
  await expect(doorHealth({ port }, false)).rejects.toMatchObject(error);
});

test('a node says how it is; one that is busy or stops says that', async () => {
  const opened = await OpenedDoor.open();
  const { node, door } = opened;
  const { port } = new URL(door.address);
  expect(await doorHealth({ port: Number(port) }, true)).toMatchObject({ ok: true });
  expect(await doorHealth({ port: Number(port) }, false)).toMatchObject({ ok: true, problem: null });
  node.info = { ...node.info, leader: null, problem: 'nobody leads' };
  expect(await doorHealth({ port: Number(port) }, false)).toMatchObject({
    ok: false,
    problem: 'nobody leads',
  });
  await opened.close();
  const problem = JSON.stringify({
    type: '',
    title: '',
    status: 503,
    detail: 'too much',
    code: 'BUSY',
    advice: '',
  });
  const busy = await listen(createHttpServer(says(503, problem)));
  expect(await doorHealth({ port: busy }, false)).toEqual({
    ok: false,
    checks: [{ name: 'answers', ok: false }],
    problem: 'too much',
  });
});

test('for a person what is not well, and why, is a line each; what came over the network is shown as text', () => {
  const checks = [
    { name: 'answers', ok: true },
    { name: 'leader known', ok: false },
    { name: 'member', ok: false },
  ];
  expect(healthText({ ok: true, checks: [], problem: null })).toBe('ok');
  expect(healthText({ ok: false, checks, problem: null })).toBe('not ok: leader known, member');
  expect(healthText({ ok: false, checks, problem: 'no\u001b[31m quorum' })).toBe(
    'not ok: leader known, member\nno\\x1b[31m quorum',
  );
});
