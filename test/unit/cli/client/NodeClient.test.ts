import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeClient, NodeUnreachableError } from '../../../../src/cli/client/NodeClient';
import { CLIENT_PROBE_MS_MAX, LINE_BYTES_MAX } from '../../../../src/limits';
import { SOCKET_NAME } from '../../../../src/cli/socket/CommandSocket';

let directory: string;
let server: Server;
let answer: (socket: Socket) => void;

beforeEach((done) => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-client-'));
  // A client that has gone resets what is still under way to it.
  server = createServer((socket) => socket.on('error', () => undefined).on('data', () => answer(socket)));
  server.listen(join(directory, SOCKET_NAME), done);
});
afterEach((done) => {
  server.close(done);
  rmSync(directory, { recursive: true });
});

test('an answer may be longer than a line that a node takes', async () => {
  const result = 'v'.repeat(LINE_BYTES_MAX + 1);
  answer = (socket) => socket.write(`${JSON.stringify({ command: 'list', ok: true, result })}\n`);
  const client = await NodeClient.connect(directory);
  expect(await client.request('list 1')).toBe(result);
  client.close();
});

test('an answer that ends in the middle is none', async () => {
  answer = (socket) => socket.end('{"command":"info","ok":true,"res');
  const client = await NodeClient.connect(directory);
  await expect(client.request('info')).rejects.toThrow(NodeUnreachableError);
  client.close();
});

test.each([0, 41])('a condition that failed is told with the last index, here %d', async (lastIndex) => {
  const error = { code: 'CONDITION_FAILED', message: 'the log ends elsewhere', lastIndex };
  answer = (socket) => socket.write(`${JSON.stringify({ command: 'add_log_if', ok: false, error })}\n`);
  const client = await NodeClient.connect(directory);
  await expect(client.request('add_log_if 7 key value')).rejects.toMatchObject(error);
  client.close();
});

test('a machine that stood still while the client asks whether its node answers anything', async () => {
  let asked: Socket | undefined;
  const done = `${JSON.stringify({ command: 'add_log', ok: true, result: 1 })}\n`;
  answer = (socket) => {
    asked ??= socket;
    if (socket === asked) return;
    // Both processes are held, longer than a silent node has.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CLIENT_PROBE_MS_MAX + 100);
    setTimeout(() => {
      socket.write(done);
      asked?.write(done);
    });
  };
  const client = await NodeClient.connect(directory);
  expect(await client.request('add_log super test')).toBe(1);
  client.close();
}, 30_000);

test('what is trimmed is told with the floor', async () => {
  const error = { code: 'TRIMMED', message: 'the log was trimmed', floor: 41 };
  answer = (socket) => socket.write(`${JSON.stringify({ command: 'get_log', ok: false, error })}\n`);
  const client = await NodeClient.connect(directory);
  await expect(client.request('get_log 7')).rejects.toMatchObject(error);
  client.close();
});
