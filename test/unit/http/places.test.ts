import { connect, type Socket } from 'node:net';
import { HTTP_PIPELINED_MAX, HTTP_REQUESTS_MAX } from '../../../src/httpLimits';
import { OpenedDoor } from './FakeHttpNode';

let opened: OpenedDoor;
let faults: Error[];
let release: () => void;
beforeEach(async () => {
  faults = [];
  opened = await OpenedDoor.open({}, { unexpected: (error) => faults.push(error) });
  opened.node.held = new Promise((resolve) => (release = resolve));
});
afterEach(async () => {
  release();
  await opened.close();
});

const BODY = '{"key":"a","value":"1"}';

function push(length = BODY.length): string {
  return `POST /v1/log HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer token-of-admin\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${BODY}`;
}

function send(text: string): Socket {
  const socket = connect(Number(new URL(opened.door.address).port), '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.write(text);
  return socket;
}

async function pushed(times: number): Promise<void> {
  while (opened.node.pushes.length < times) await new Promise(setImmediate);
}

test('probes are answered while programs have all their places, and one more program is not', async () => {
  const pushes = Array.from({ length: HTTP_REQUESTS_MAX }, () => opened.post(BODY));
  await pushed(HTTP_REQUESTS_MAX);
  const more = await opened.post(BODY);
  expect([more.status, ((await more.json()) as { code: string }).code]).toEqual([503, 'BUSY']);
  for (const path of ['/livez', '/readyz']) expect((await opened.fetch(path)).status).toBe(200);
  release();
  for (const answer of await Promise.all(pushes)) expect(answer.status).toBe(201);
});

test('a connection has so many of them, and with one more it is closed', async () => {
  const socket = send(push().repeat(HTTP_PIPELINED_MAX));
  await pushed(HTTP_PIPELINED_MAX);
  expect((await opened.fetch('/v1/info')).status).toBe(200);
  expect(socket.closed).toBe(false);
  socket.write(push());
  await new Promise((resolve) => socket.once('close', resolve));
  expect(opened.node.pushes).toHaveLength(HTTP_PIPELINED_MAX);
});

test('clients that go give back the places of all that they have asked for, behind the first too', async () => {
  const connections = HTTP_REQUESTS_MAX / HTTP_PIPELINED_MAX;
  const sockets = Array.from({ length: connections }, () => send(push().repeat(HTTP_PIPELINED_MAX)));
  await pushed(HTTP_REQUESTS_MAX);
  expect((await opened.fetch('/v1/info')).status).toBe(503);
  for (const socket of sockets) socket.destroy();
  while ((await opened.fetch('/v1/info')).status === 503);
  const more = Array.from({ length: HTTP_REQUESTS_MAX }, () => opened.post(BODY));
  await pushed(2 * HTTP_REQUESTS_MAX);
  release();
  for (const answer of await Promise.all(more)) expect(answer.status).toBe(201);
});

test('a body that its client breaks off is no fault of the node, and gives its place back', async () => {
  for (let client = 0; client < HTTP_REQUESTS_MAX + 1; client++) {
    const socket = send(push(100));
    await new Promise((resolve) => socket.once('connect', resolve));
    // The node reads what was sent before.
    await opened.fetch('/livez');
    socket.resetAndDestroy();
  }
  expect((await opened.fetch('/v1/info')).status).toBe(200);
  expect(faults).toEqual([]);
  expect(opened.node.pushes).toEqual([]);
});
