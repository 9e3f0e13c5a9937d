import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SOCKET_CLIENTS_MAX } from '../../../src/limits';
import { Cluster } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** `npm run cli` against real nodes, whose directory's path is longer than a Unix socket's may be. */
jest.setTimeout(240_000);

const WITHIN_MS = 30_000;

let cluster: Cluster;
let dataDirectory: string;

beforeAll(async () => {
  cluster = await Cluster.create();
  dataDirectory = join(cluster.dataDirectory, 'a-long-name-'.repeat(10));
  for (const index of [0, 1, 2]) cluster.start(index, { DATA_DIR: dataDirectory });
  await cluster.leader();
});
afterAll(() => cluster.end());

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...words: string[]): ChildProcess {
  return spawn(process.execPath, ['-r', './scripts/typescript', 'scripts/cli.ts', ...words], {
    cwd: REPOSITORY,
    env: { ...process.env, DATA_DIR: dataDirectory, INDEX: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function cli(...words: string[]): Promise<Outcome> {
  const child = start(...words);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => (stdout += String(text)));
  child.stderr?.on('data', (text) => (stderr += String(text)));
  const [status] = (await once(child, 'close')) as [number];
  return { status, stdout, stderr };
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

test('tail --follow shows what is added, until it is interrupted: status 0', async () => {
  const child = start('tail', '1', '--follow');
  let stdout = '';
  child.stdout?.on('data', (text) => (stdout += String(text)));
  await until(WITHIN_MS, 'the tail', () => (stdout === '' ? undefined : true));
  await cluster.node(2).addLog('followed', 'by tail');
  await until(WITHIN_MS, 'the added log', () => (stdout.includes('followed  by tail') ? true : undefined));
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([0, null]);
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

test('without a leader an add ends with 4; a node that is gone leaves no socket that answers', async () => {
  await Promise.all([cluster.node(1).kill(), cluster.node(2).kill()]);
  await until(WITHIN_MS, 'no leader', async () =>
    (await cluster.node(0).info()).leader === null ? true : undefined,
  );
  expect(await cli('add_log', 'k', 'v')).toMatchObject({
    ...{ status: 4, stdout: '' },
    stderr: expect.stringMatching(/^NO_LEADER: /) as string,
  });
  await cluster.node(0).kill();
  expect(await cli('info')).toMatchObject({ status: 1 });
  cluster.start(0, { DATA_DIR: dataDirectory });
  await until(WITHIN_MS, 'the socket answers again', async () =>
    (await cli('help')).status === 0 ? true : undefined,
  );
});
