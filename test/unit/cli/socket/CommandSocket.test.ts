import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandSocket, SOCKET_NAME } from '../../../../src/cli/socket/CommandSocket';
import { FakeNode } from '../FakeNode';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mokka-command-socket-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const context = { node: new FakeNode() };
const open = (): Promise<CommandSocket> => CommandSocket.open(directory, context, () => undefined);

test('a second socket in a directory is refused while the first one is open, and then no more', async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(existsSync(join(directory, SOCKET_NAME))).toBe(true);
  await first.stop();
  const second = await open();
  await first.stop();
  expect(existsSync(join(directory, SOCKET_NAME))).toBe(true);
  await second.stop();
});
