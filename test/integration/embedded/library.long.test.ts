import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { generateKeyPair } from '../../../src/config/keyPair';
import { CLUSTER_FILE_NAME, writeCluster } from '../../../src/config/writeCluster';
import { freeStartPort, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { BY_TS_NODE, LIBRARY } from '../../programs';
import { StartedProgram } from '../../StartedProgram';

/** What says of packages without types what they are. */
const AMBIENT = ['transport/axon.d.ts', 'metrics/promClient.d.ts'];

/** A node in a program that does not listen for 'fatal', on a port that is taken. */
const PROGRAM = `
const { generateKeyPair, MemoryLogStore, TCPMokka } = require('./dist/index.js');
const { publicKey, secretKey, votingKey: privateKey } = generateKeyPair();
const address = 'tcp://127.0.0.1:' + process.argv[1] + '/' + publicKey;
const silent = () => undefined;
const mokka = new TCPMokka({
  address, members: [address], heartbeat: 50, electionTimeout: 200, store: new MemoryLogStore(), privateKey, secretKey,
  logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
});
const tell = async (asked) => console.log(await asked.then(() => 'done', ({ code }) => code));
(async () => {
  await tell(mokka.logApi.push('key', { value: 'value' }));
  await tell(mokka.getDb().getEntry().get(1));
  await tell(mokka.getDb().getEntry().get('1'));
  await tell(mokka.getDb().getState().getInfo());
  mokka.connect();
})();
`;

test('before connect nothing is stored or waited for; a fatal that nobody listens for ends the process with its error', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port } = other.address() as AddressInfo;
    const run = spawnSync(process.execPath, ['-e', PROGRAM, String(port)], {
      cwd: REPOSITORY,
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(run.stdout.trim().split('\n')).toEqual([
      'NODE_UNREACHABLE',
      'NODE_UNREACHABLE',
      'BAD_ARGUMENT',
      'done',
    ]);
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('PORT_TAKEN');
  } finally {
    other.close();
  }
});

/** What the README's program tells of its map. */
const MAP_AFTER_3 = 'after log 3: {"super":"test","color":"dark blue"}\n';

describe('the README’s program', () => {
  let directory: string;
  let env: NodeJS.ProcessEnv;
  const running: StartedProgram[] = [];

  /** Its file in a project of its own, and a cluster of one member for it. */
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mokka-library-'));
    const readme = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
    const code = /## As a library[^]*?```ts\n([^]*?)```/.exec(readme)?.[1] ?? '';
    writeFileSync(join(directory, 'program.ts'), code);
    symlinkSync(join(REPOSITORY, 'node_modules'), join(directory, 'node_modules'));
    const member = { host: '127.0.0.1', port: await freeStartPort(), keys: generateKeyPair() };
    writeCluster(join(directory, 'cluster'), [member]);
    env = {
      ...process.env,
      INDEX: '0',
      CLUSTER_CONFIG: join(directory, 'cluster', CLUSTER_FILE_NAME),
      DATA_DIR: join(directory, 'data'),
      TS_NODE_PROJECT: join(REPOSITORY, 'tsconfig.json'),
    };
  });
  afterAll(() => {
    for (const program of running) program.child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  test('compiles under strict rules', () => {
    const tsconfig = {
      extends: join(REPOSITORY, 'tsconfig.json'),
      compilerOptions: {
        baseUrl: directory,
        paths: { 'mokka-cluster': [join(REPOSITORY, 'src', 'index.ts')] },
        typeRoots: [join(REPOSITORY, 'node_modules', '@types')],
        types: ['node'],
        noEmit: true,
      },
      include: [],
      files: ['program.ts', ...AMBIENT.map((file) => join(REPOSITORY, 'src', file))],
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(tsconfig));
    const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
    const run = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stdout: '' });
  });

  test('keeps its keys and its log, and is asked by the commands and backed up as any node', async () => {
    const first = await start();
    expect(first.stdout).toMatch(/index: 1,[^]*value: 'test'/);
    expect(run('cli', ['add_log', 'color', 'dark blue'])).toMatchObject({ status: 0 });
    await kill(first, 'SIGKILL');
    const second = await start();
    expect(second.stdout).toMatch(/index: 3,/);
    // Its map is that of before it was killed.
    await until(SERVES_WITHIN_MS, 'its map', () => second.stdout.includes(MAP_AFTER_3) || undefined);
    expect(run('cli', ['get_log', '2'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('dark blue') as string,
    });
    expect(run('backup', [join(directory, 'log.backup')])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('3 of them logs') as string,
    });
    expect(await kill(second, 'SIGTERM')).toBe(0);
  });

  /** Runs it until it has told its info. */
  async function start(): Promise<StartedProgram> {
    const file = join(directory, 'run.ts');
    const source = readFileSync(join(directory, 'program.ts'), 'utf8');
    writeFileSync(file, source.replace("'mokka-cluster'", JSON.stringify(LIBRARY)));
    const program = new StartedProgram([process.execPath, ...BY_TS_NODE, file], { cwd: directory, env });
    running.push(program);
    await until(
      SERVES_WITHIN_MS,
      'it tells its info',
      () => /problem: null/.exec(program.printed) ?? undefined,
      () => program.printed,
    );
    return program;
  }

  async function kill(program: StartedProgram, signal: NodeJS.Signals): Promise<number | null> {
    program.child.kill(signal);
    return (await program.ended).status;
  }

  function run(script: string, args: readonly string[]): ReturnType<typeof spawnSync> {
    return spawnSync('npm', ['run', '--silent', script, '--', ...args], {
      cwd: REPOSITORY,
      env,
      encoding: 'utf8',
    });
  }
});
