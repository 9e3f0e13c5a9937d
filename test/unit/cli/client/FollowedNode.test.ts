import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FollowedNode } from '../../../../src/cli/client/FollowedNode';
import { SOCKET_NAME } from '../../../../src/cli/socket/CommandSocket';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mokka-followed-'))));
afterEach(() => rmSync(directory, { recursive: true }));

test('a node that does not run yet is waited for, which is told once, with where it was looked for', async () => {
  const told: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', () => socket.write('{"command":"info","ok":true,"result":{"committedIndex":7}}\n'));
  });
  const listen = (text: string): void => {
    told.push(text);
    server.listen(join(directory, SOCKET_NAME));
  };
  const node = new FollowedNode(directory, listen, new AbortController().signal);
  expect(await node.committedIndex()).toBe(7);
  expect(told).toEqual([
    expect.stringMatching(
      /^no node runs on .*; when it answers, its logs are shown here \(Ctrl-C ends this\)$/,
    ),
  ]);
  expect(told[0]).toContain(directory);
  node.close();
  await new Promise((resolve) => server.close(resolve));
});

test('the wait ends with its signal', async () => {
  const ended = new AbortController();
  const node = new FollowedNode(directory, () => ended.abort(), ended.signal);
  await expect(node.committedIndex()).rejects.toMatchObject({ name: 'AbortError' });
});
