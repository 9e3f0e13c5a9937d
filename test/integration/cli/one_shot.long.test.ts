import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { COMMANDS } from '../../../src/cli/commands/CommandTable';
import { SOCKET_CLIENTS_MAX, VALUE_BYTES_MAX } from '../../../src/limits';
import type { LogEntry } from '../../../src/entry/Entry';
import { Cluster } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { StartedProgram, type Ending } from '../../StartedProgram';
import { BY_TS_NODE, MOKKA_CLUSTER, NODE } from '../../programs';

/** `npm run cli` against real nodes, whose directory's path is longer than a Unix socket's may be. */

const WITHIN_MS = 60_000;

let cluster: Cluster;
let dataDirectory: string;

beforeAll(async () => {
  cluster = await Cluster.create();
  dataDirectory = join(cluster.dataDirectory, 'a-long-name-'.repeat(10));
  for (const index of [0, 1, 2]) cluster.start(index, { DATA_DIR: dataDirectory });
  await cluster.leader();
});
afterAll(() => cluster.end());

/** `npm run cli -- WORDS…`. */
function start(...words: string[]): StartedProgram {
  const env = { ...process.env, DATA_DIR: dataDirectory, INDEX: '0' };
  return new StartedProgram([process.execPath, ...MOKKA_CLUSTER, ...words], { env, input: true });
}

function cli(...words: string[]): Promise<Ending> {
  return start(...words).ended;
}

/** With what a program pipes into it. */
function piped(input: string | Buffer, ...words: string[]): Promise<Ending> {
  const { child, ended } = start(...words);
  child.stdin?.end(input);
  return ended;
}

/** The log that a command with --json answered. */
function logOf({ stdout }: Ending): LogEntry {
  const answer = JSON.parse(stdout) as { ok: boolean; command: string; result: LogEntry };
  expect(answer).toMatchObject({ ok: true, command: expect.stringMatching(/^(add|get)_log$/) as string });
  return answer.result;
}

test('a log is stored on one node and read on another, for people and as JSON', async () => {
  const added = await cli('--json', 'add_log', 'super', 'two', 'words');
  expect(added).toMatchObject({ status: 0, stderr: '' });
  const { ok, result } = JSON.parse(added.stdout) as { ok: boolean; result: { index: number } };
  expect(ok).toBe(true);
  const read = await cli('--node', '1', 'get_log', String(result.index));
  expect(read).toMatchObject({ status: 0, stderr: '' });
  expect(read.stdout).toMatch(/^value +two words$/m);
  const status = await cli('status');
  expect(status.stdout.trimEnd().split('\n')).toHaveLength(3);
});

test('each kind of error has its status, and stdout stays empty', async () => {
  expect(await cli('get_log', '9999')).toMatchObject({
    ...{ status: 3, stdout: '' },
    stderr: expect.stringMatching(/^NOT_FOUND: /) as string,
  });
  expect(await cli('nonsense')).toMatchObject({ status: 2, stdout: '' });
  expect(await cli('exit')).toMatchObject({ status: 2, stdout: '' });
  expect(await cli('--node', '7', 'info')).toMatchObject({
    ...{ status: 1, stdout: '' },
    stderr: expect.stringMatching(/^NODE_UNREACHABLE: no node runs on /) as string,
  });
});

test.each([
  [['my key', 'my value'], 'my key', 'my value'],
  [['key', ' two  words ', '', 'more'], 'key', ' two  words   more'],
  [['key', ''], 'key', ''],
  [['key', 'two\nlines\r\n\u2028'], 'key', 'two\nlines\r\n\u2028'],
  [['"key"', '"value"'], '"key"', '"value"'],
  [['--json', '--help'], '--json', '--help'],
  [['key', '-', '-'], 'key', '- -'],
])('add_log %j: the first word is the key and the rest the value', async (words, key, value) => {
  const { index, log } = logOf(await cli('--json', 'add_log', ...words));
  expect(log).toMatchObject({ key, value: { value } });
  expect(logOf(await cli('--node=1', '--json', 'get_log', String(index))).log).toEqual(log);
});

test('- is the value from stdin, as it is', async () => {
  const value = `{\n  "a": "\u0001"\n}\n${'x'.repeat(300_000)}`;
  expect(logOf(await piped(value, '--json', 'add_log', 'key', '-')).log.value.value).toBe(value);
  const controls = '\u0001'.repeat(VALUE_BYTES_MAX);
  expect(logOf(await piped(controls, '--json', 'add_log', 'key', '-')).log.value.value).toBe(controls);
  const { index } = logOf(await piped('', '--json', 'add_log', 'key', '-'));
  const refused = await piped(`${controls}x`, '--json', 'add_log', 'key', '-');
  expect(refused).toMatchObject({ status: 2, stderr: '' });
  expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, error: { code: 'TOO_LARGE' } });
  expect(await piped(Buffer.from([0xff]), 'add_log', 'key', '-')).toMatchObject({
    ...{ status: 2, stdout: '' },
    stderr: expect.stringMatching(/^BAD_ARGUMENT: the value from stdin is not UTF-8/) as string,
  });
  expect((await cluster.node(0).info()).index).toBe(index);
});

test('--help is there for every command, with the node or without it', async () => {
  const all = await cli('--help');
  expect(all).toMatchObject({ status: 0, stderr: '' });
  for (const { usage, effect } of COMMANDS) expect(all.stdout.includes(usage)).toBe(effect !== 'exit');
  for (const { name, usage } of COMMANDS) {
    const one = await cli(name, '--help');
    expect(one).toMatchObject({ status: 0, stderr: '' });
    expect(one.stdout).toContain(usage);
  }
});

test.each([
  ['start', [...MOKKA_CLUSTER, 'start']],
  ['node', [...MOKKA_CLUSTER, 'node']],
  ['node', [...NODE]],
  ['gen-keys', [...MOKKA_CLUSTER, 'gen-keys']],
  ['backup', [...MOKKA_CLUSTER, 'backup']],
  ['restore', [...MOKKA_CLUSTER, 'restore']],
  ['verify', [...MOKKA_CLUSTER, 'verify']],
  ['transcripts', [...BY_TS_NODE, 'scripts/transcripts.ts']],
])('%s has --help, and starts nothing for it', (name, command) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, '--help'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^np(x mokka-cluster|m run) ${name}\\b`));
});

test.each([
  ['strat', 'BAD_COMMAND', 'start'],
  ['verfy data/node-0', 'BAD_COMMAND', 'verify'],
  ['getlog 1', 'BAD_COMMAND', 'get_log'],
  ['--jsn info', 'BAD_ARGUMENT', '--json'],
  ['gen-keys --nods 3', 'BAD_ARGUMENT', '--nodes'],
  ['backup --unconfirmd out', 'BAD_ARGUMENT', '--unconfirmed'],
  ['restore --same_cluster in', 'BAD_ARGUMENT', '--same-cluster'],
  ['verify --hlp', 'BAD_ARGUMENT', '--help'],
])('%s: its code, and in one line what was meant', async (line, code, meant) => {
  const { status, stdout, stderr } = await cli(...line.split(' '));
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^${code}: .*: did you mean ${meant}\\?\\n`));
});

test('options before a program’s name: said where they stand', async () => {
  expect(await cli('--node', '1', 'backup', 'out')).toMatchObject({
    ...{ status: 2, stdout: '' },
    stderr: 'BAD_ARGUMENT: the options of backup stand after it: backup --help lists them\n',
  });
});

test('a near miss is told what was meant', async () => {
  expect(await cli('addlog', 'k', 'v')).toMatchObject({
    ...{ status: 2, stdout: '' },
    stderr: expect.stringContaining('did you mean add_log?') as string,
  });
});

test('tail --follow shows each log in a line, over a restart of the node, until it is interrupted', async () => {
  const { index } = await cluster.node(2).addLog('followed', 'from here');
  const follower = start('--json', 'tail', '--follow', '--from', String(index));
  const shown = async (count: number): Promise<void> => {
    await until(WITHIN_MS, `${count} logs`, () => (follower.lines.length >= count ? true : undefined));
  };
  await shown(1);
  await cluster.node(2).addLog('followed', 'by tail');
  await shown(2);
  await cluster.node(0).kill();
  await cluster.leader([cluster.node(1), cluster.node(2)]);
  await cluster.node(2).addLog('followed', 'while it is away');
  await until(WITHIN_MS, 'the notice', () => (follower.stderr === '' ? undefined : true));
  cluster.start(0, { DATA_DIR: dataDirectory });
  await shown(3);
  await cluster.leader();
  await cluster.node(2).addLog('followed', 'again');
  await shown(4);
  follower.child.kill('SIGINT');
  const { status, stderr, stdout } = await follower.ended;
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: 'the node does not answer; when it does, the logs go on here\n',
  });
  const logs = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogEntry);
  expect(logs.map((log) => log.index)).toEqual([0, 1, 2, 3].map((after) => index + after));
});

test('tail --follow waits for a node that does not run, until it is interrupted', async () => {
  const follower = start('--node', '6', '--json', 'tail', '--follow');
  await until(WITHIN_MS, 'the notice', () => (follower.stderr.endsWith('\n') ? true : undefined));
  follower.child.kill('SIGINT');
  expect(await follower.ended).toMatchObject({
    ...{ status: 0, stdout: '' },
    stderr: expect.stringMatching(/^no node runs on .*node-6 .*\(Ctrl-C ends this\)\n$/) as string,
  });
});

test('tail --follow for people has one shape of line', async () => {
  const follower = start('tail', '2', '--follow');
  await until(WITHIN_MS, 'the tail', () => (follower.lines.length >= 2 ? true : undefined));
  await cluster.node(2).addLog('the', 'next');
  await until(WITHIN_MS, 'the next', () => (follower.lines.length >= 3 ? true : undefined));
  follower.child.kill('SIGTERM');
  expect(await follower.ended).toMatchObject({ status: 0, stderr: '' });
  for (const line of follower.lines)
    expect(line).toMatch(/^\d+ {2}\d{4}-\d\d-\d\d [\d:.]+ {2}(?:the|followed) {2}\S/);
});

test('the socket is its owner’s alone, takes many lines, and turns away one client too many', async () => {
  const path = join(dataDirectory, 'node-0', 'commands.sock');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  // Through this process's working directory, since the whole path is too long.
  process.chdir(join(dataDirectory, 'node-0'));
  const clients = Array.from({ length: SOCKET_CLIENTS_MAX }, () => connect('commands.sock'));
  try {
    const [first] = clients;
    await Promise.all(clients.map((client) => once(client, 'connect')));
    const tooMany = connect('commands.sock').on('error', () => undefined);
    await once(tooMany, 'close');
    let text = '';
    first?.on('data', (chunk) => (text += String(chunk)));
    first?.end('info\n'.repeat(500));
    await until(WITHIN_MS, '500 answers', () => (text.split('\n').length > 500 ? true : undefined));
  } finally {
    for (const client of clients) client.destroy();
    process.chdir(REPOSITORY);
  }
});

test('a log is added on the condition that another is the last of its key, or of the log', async () => {
  const added = async (...words: string[]): Promise<unknown> => {
    const { status, stdout } = await cli('--json', ...words);
    return { status, ...(JSON.parse(stdout) as object) };
  };
  const lines = 'one line\nand another';
  const first = await added('add_log_if_key', '0', 'its key', lines);
  expect(first).toMatchObject({
    ...{ status: 0, command: 'add_log_if_key', ok: true },
    result: { log: { key: 'its key', value: { value: lines } } },
  });
  const { index } = (first as { result: LogEntry }).result;
  await cli('add_log', 'another key', 'between');
  const refused = { status: 14, ok: false, error: { code: 'CONDITION_FAILED', lastIndex: index } };
  expect(await added('add_log_if_key', '0', 'its key', 'late')).toMatchObject(refused);
  expect(await added('add_log_if', String(index), 'its key', 'late')).toMatchObject({
    ...refused,
    error: { lastIndex: index + 1 },
  });
  expect(await added('add_log_if_key', String(index), 'its key', 'next')).toMatchObject({
    status: 0,
    result: { index: index + 2 },
  });
  expect(await cluster.node(1).command(`add_log_if_key ${index} "its key" late`)).toMatchObject({
    error: { code: 'CONDITION_FAILED', lastIndex: index + 2 },
  });
  expect(await cli('add_log_if_key', 'its key', 'no index')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('add_log_if_key INDEX KEY VALUE…') as string,
  });
});

test('a trim is done with --yes alone, and then told of by status', async () => {
  await cli('add_log', 'trimmed', '1');
  const last = logOf(await cli('--json', 'add_log', 'kept', '2')).index;
  const asked = await cli('trim', String(last - 1));
  expect(asked).toMatchObject({ status: 2, stderr: expect.stringContaining('nothing was done') as string });
  const trimmed = await cli('--node', '1', 'trim', String(last - 1), '--yes');
  expect(trimmed).toMatchObject({ status: 0, stdout: `the log begins with ${last}\n`, stderr: '' });
  const gone = await cli('--node', '1', '--json', 'get', 'trimmed');
  expect([gone.status, JSON.parse(gone.stdout)]).toMatchObject([
    15,
    { ok: false, error: { code: 'TRIMMED', floor: last - 1 } },
  ]);
  // Of a key that is gone, the floor stands for the index of its last log.
  const unknown = await cli('add_log_if_key', '0', 'trimmed', '3');
  expect(unknown).toMatchObject({
    status: 15,
    stderr: expect.stringContaining(`with ${last - 1} for that one’s index it is stored`) as string,
  });
  expect((await cli('add_log_if_key', String(last - 1), 'trimmed', '3')).status).toBe(0);
});

test('without a leader an add ends with 4; a node that is gone leaves no socket that answers', async () => {
  await Promise.all([cluster.node(1).kill(), cluster.node(2).kill()]);
  await until(WITHIN_MS, 'no leader', async () =>
    (await cluster.node(0).info()).leader === null ? true : undefined,
  );
  expect(await cli('add_log', 'k', 'v')).toMatchObject({
    ...{ status: 4, stdout: '' },
    stderr: expect.stringMatching(
      /^the add waits; info says: 1 of 3 members are reachable and 2 are needed; not reachable: node 1[^\n]+Ctrl-C ends the wait.\nNO_LEADER: /,
    ) as string,
  });
  const waiting = start('--json', 'add_log', 'k', 'v');
  await until(WITHIN_MS, 'it waits', () => (waiting.stderr === '' ? undefined : true));
  waiting.child.kill('SIGINT');
  const { status, stdout } = await waiting.ended;
  expect(status).toBe(5);
  expect(JSON.parse(stdout)).toMatchObject({
    command: 'add_log',
    ok: false,
    error: { code: 'UNKNOWN_OUTCOME' },
  });
  expect((await cluster.node(0).info()).leader).toBeNull();
  await cluster.node(0).kill();
  expect(await cli('info')).toMatchObject({ status: 1 });
  const help = await cli('help', 'NODE_UNREACHABLE');
  expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining('(status 1)') as string });
  cluster.start(0, { DATA_DIR: dataDirectory });
  await until(WITHIN_MS, 'the socket answers again', async () =>
    (await cli('info')).status === 0 ? true : undefined,
  );
});
