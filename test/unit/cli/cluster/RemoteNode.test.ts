import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandSocket } from '../../../../src/cli/socket/CommandSocket';
import { RemoteNode } from '../../../../src/cli/cluster/RemoteNode';
import { until } from '../../../integration/cluster/until';
import { KEYS } from '../../storage/logFixture';
import { FakeNode } from '../FakeNode';

/** Shorter than users have it. */
const START_MS_MAX = 2500;
const STARTS_MS = 300;

/** A node through its socket, which the test opens when the node "has started". */
let directory: string;
let running: boolean;
let remote: RemoteNode;
let socket: CommandSocket | null;
let node: FakeNode;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-remote-'));
  running = true;
  socket = null;
  remote = new RemoteNode(directory, () => running, START_MS_MAX);
});
afterEach(async () => {
  remote.close();
  await socket?.stop(0);
  rmSync(directory, { recursive: true });
});

async function start(): Promise<void> {
  node = new FakeNode();
  socket = await CommandSocket.open(directory, { node }, () => undefined);
}

const state = () => remote.getDb().getState();

/** Each command, typed at once. */
const askAll = (): readonly Promise<unknown>[] => [
  state().getInfo(),
  state().getStatus(),
  remote.getDb().getEntry().get(1),
  remote.logApi.push('key', { value: 'value' }),
];

async function expectAllFail(asked: readonly Promise<unknown>[], message: string): Promise<void> {
  const failure = { status: 'rejected', reason: { code: 'NODE_UNREACHABLE', message } };
  expect(await Promise.allSettled(asked)).toMatchObject(asked.map(() => failure));
}

test('a log is added on the condition that it was to have', async () => {
  await start();
  const conditions = [{}, { ifLast: 0 }, { ifLast: 41 }, { ifKeyLast: 0 }, { ifKeyLast: 41 }];
  for (const condition of conditions) await remote.logApi.push('key', { value: 'value' }, condition);
  expect(node.options).toEqual(conditions);
});

test('logs of a key come as the node has them, whatever the key is', async () => {
  await start();
  const entries = remote.getDb().getEntry();
  for (const key of KEYS) for (const value of ['1', '2', '3']) await remote.logApi.push(key, { value });
  for (const [at, key] of KEYS.entries()) {
    expect(await entries.latest(key)).toMatchObject({ index: 3 * at + 3, log: { key } });
    const { logs, next } = await entries.history(key, { limit: 1, before: 3 * at + 3 });
    expect([logs.map(({ index }) => index), next]).toEqual([[3 * at + 2], 3 * at + 2]);
  }
  expect(await entries.latest('none')).toBeNull();
  expect(await entries.history('none')).toEqual({ logs: [], next: null });
});

test('commands wait for a node that starts', async () => {
  const asked = askAll();
  let answered = 0;
  for (const answer of asked) void answer.finally(() => answered++);
  await pause(STARTS_MS);
  expect(answered).toBe(0);
  await start();
  expect((await Promise.all(asked))[0]).toMatchObject({ state: 'leader' });
});

test('they fail when the node has not started in time', async () => {
  const since = performance.now();
  await expectAllFail(
    askAll(),
    `the node of this prompt has not started within ${START_MS_MAX} ms: wait, or use another`,
  );
  expect(performance.now() - since).toBeGreaterThan(START_MS_MAX);
});

test('they fail at once when the node ends while it starts, or does not run', async () => {
  const message = 'the node of this prompt does not answer: start it, or use another';
  const asked = askAll();
  await pause(STARTS_MS);
  running = false;
  await expectAllFail(asked, message);
  await expectAllFail(askAll(), message);
});

test('a look does not wait', async () => {
  const look = expect(remote.lookAtInfo()).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  const command = state().getInfo();
  expect(await Promise.race([look.then(() => 'the look'), command.then(() => 'the command')])).toBe(
    'the look',
  );
  await start();
  expect(await remote.lookAtInfo()).toMatchObject({ state: 'leader' });
  await command;
});

test('neither looks nor reads wait for what was asked before them', async () => {
  const node = new FakeNode();
  socket = await CommandSocket.open(directory, { node }, () => undefined);
  node.hold();
  const asked = [
    remote.logApi.push('key', { value: 'value' }),
    remote.getDb().getEntry().get(1),
    remote.lookAtInfo(),
  ];
  await until(30_000, 'all three are at work', () => (node.waiting === 3 ? true : undefined));
  node.letGo();
  await Promise.all(asked);
});
