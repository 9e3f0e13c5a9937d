import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../../src/config/ClusterConfig';
import { keyPairFromSecret } from '../../../src/config/keyPair';
import { MOKKA_CLUSTER } from '../../programs';
import { runToEnd, type Ending } from '../../StartedProgram';

// Each run of npm and ts-node takes 1 to 3 s; on a busy machine many times that.
const RUN_DEADLINE_MS = 60_000;
const PAIR = /^pair\[(\d)\] \{publicKey: ([0-9a-f]{130}), secretKey: ([0-9a-f]{128})\}$/;

/** `npm run --silent gen-keys` as a user runs it; `rest` stands after the script's name. */
function npmGenKeys(...rest: string[]): Promise<Ending> {
  return runHere('npm', 'run', '--silent', 'gen-keys', ...rest);
}

function runHere(...command: string[]): Promise<Ending> {
  // What npm sets for the tests' own run would reach the inner npm as its options.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  return runToEnd(command, { env, timeout: RUN_DEADLINE_MS });
}

function genKeys(...options: string[]): Promise<Ending> {
  return runHere(process.execPath, ...MOKKA_CLUSTER, 'gen-keys', ...options);
}

function pairsOf({ stdout }: Ending): { number: string; publicKey: string; secretKey: string }[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, number = '', publicKey = '', secretKey = ''] = PAIR.exec(line) ?? [];
      expect(line).toMatch(PAIR);
      return { number, publicKey, secretKey };
    });
}

function expectRefusal(run: Ending, message: RegExp): void {
  expect(run).toMatchObject({ status: 2, stdout: '' });
  expect(run.stderr).toMatch(/^BAD_(CONFIG|ARGUMENT): .*\n$/);
  expect(run.stderr).toMatch(message);
}

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gen-keys-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('printing', () => {
  test('three pairs as the tutorial prints them, usable, and others each time', async () => {
    const runs = [await npmGenKeys(), await npmGenKeys('--', '--nodes', '3')];
    const pairs = runs.flatMap((run) => {
      expect(run).toMatchObject({ status: 0, stderr: '' });
      const printed = pairsOf(run);
      expect(printed.map(({ number }) => number)).toEqual(['1', '2', '3']);
      return printed;
    });
    for (const { publicKey, secretKey } of pairs)
      expect(keyPairFromSecret(secretKey).publicKey).toBe(publicKey);
    expect(new Set(pairs.map(({ secretKey }) => secretKey)).size).toBe(6);
  });

  test('as many as --nodes says', async () => {
    expect(pairsOf(await genKeys('--nodes', '7'))).toHaveLength(7);
  });
});

describe('writing', () => {
  test('a cluster that every one of its nodes can start with, and no secret on the screen', async () => {
    const out = join(directory, 'a cluster');
    const run = await genKeys(
      '--out',
      out,
      '--hosts',
      '10.0.0.1,db.example.com,::1,[2001:db8::1]',
      '--start-port',
      '7000',
    );
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const files = ['cluster.json', 'node-0.key', 'node-1.key', 'node-2.key', 'node-3.key'];
    expect(readdirSync(out).sort()).toEqual(files);
    expect(statSync(out).mode & 0o777).toBe(0o700);
    const CLUSTER_CONFIG = join(out, 'cluster.json');
    for (const index of [0, 1, 2, 3]) {
      const config = readConfig({ INDEX: String(index), CLUSTER_CONFIG });
      expect(config.members.map(({ host, port }) => `${host} ${port}`)).toEqual([
        '10.0.0.1 7000',
        'db.example.com 7001',
        '::1 7002',
        '2001:db8::1 7003',
      ]);
      expect(statSync(join(out, `node-${index}.key`)).mode & 0o777).toBe(0o600);
      expect(run.stdout + readFileSync(CLUSTER_CONFIG, 'utf8')).not.toContain(
        config.keys.secretKey.slice(0, 16),
      );
      expect(run.stdout).toContain(`CLUSTER_CONFIG="${CLUSTER_CONFIG}" INDEX=${index} `);
    }
    for (const name of files) expect(run.stdout).toContain(`wrote ${join(out, name)}\n`);
  });

  test('three nodes on this machine, ports from 2000, where nothing else is said', async () => {
    const out = join(directory, 'out');
    expect((await genKeys('--out', out)).status).toBe(0);
    const { members } = readConfig({ INDEX: '2', CLUSTER_CONFIG: join(out, 'cluster.json') });
    expect(members.map(({ host, port }) => `${host}:${port}`)).toEqual([
      '127.0.0.1:2000',
      '127.0.0.1:2001',
      '127.0.0.1:2002',
    ]);
  });

  test('overwrites nothing: one file in the way, even a dead link, and no file is written', async () => {
    writeFileSync(join(directory, 'node-1.key'), 'precious');
    symlinkSync(join(directory, 'nowhere'), join(directory, 'node-2.key'));
    expectRefusal(await genKeys('--out', directory), /already there: .*node-1\.key, .*node-2\.key$/m);
    expect(readdirSync(directory).sort()).toEqual(['node-1.key', 'node-2.key']);
    expect(readFileSync(join(directory, 'node-1.key'), 'utf8')).toBe('precious');
    expect(lstatSync(join(directory, 'node-2.key')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(directory, 'nowhere'))).toBe(false);
  });

  test('where it cannot, it says why and ends', async () => {
    writeFileSync(join(directory, 'file'), '');
    mkdirSync(join(directory, 'present'));
    for (const out of ['file', 'missing/child'])
      expectRefusal(await genKeys('--out', join(directory, out)), /nothing was written/);
    expect(readdirSync(directory).sort()).toEqual(['file', 'present']);
  });

  test('a write that fails leaves neither a file nor the directory', async () => {
    const out = join(directory, 'out');
    const run = await runHere(
      'sh',
      '-c',
      // No file may grow: the first write fails as on a full disk.
      'ulimit -f 0 && exec "$0" "$1" gen-keys --out "$2"',
      process.execPath,
      ...MOKKA_CLUSTER,
      out,
    );
    expectRefusal(run, /nothing was written.*EFBIG/);
    expect(existsSync(out)).toBe(false);
  });
});

describe('options that cannot be', () => {
  test.each<[string, string[], RegExp]>([
    ['no node', ['--nodes', '0'], /1 to 7 nodes/],
    ['eight nodes', ['--nodes', '8'], /1 to 7 nodes/],
    ['half a node', ['--nodes', '1.5'], /1 to 7 nodes/],
    ['nodes without a number', ['--nodes'], /--nodes/],
    ['a word that is no option', ['5'], /'5'/],
    ['an unknown option', ['--node', '5'], /'--node'/],
    ['hosts without --out', ['--hosts', 'a,b,c'], /need --out/],
    ['a port without --out', ['--start-port', '7000'], /need --out/],
    ['an empty --out', ['--out='], /--out needs/],
    ['fewer hosts than nodes', ['--out', '{out}', '--hosts', 'a,b', '--nodes', '3'], /2 hosts for 3 nodes/],
    ['an empty host', ['--out', '{out}', '--hosts', 'a,,b'], /"" is no host/],
    ['an address nobody can connect to', ['--out', '{out}', '--hosts', '0.0.0.0'], /"0\.0\.0\.0" is no host/],
    ['a port that leaves none for the last', ['--out', '{out}', '--start-port', '65534'], /1 to 65533/],
    ['a port that is none', ['--out', '{out}', '--start-port', '0'], /1 to 65533/],
  ])('%s: one line, status 2, nothing written', async (_name, options, message) => {
    const out = join(directory, 'out');
    expectRefusal(await genKeys(...options.map((option) => option.replace('{out}', out))), message);
    expect(existsSync(out)).toBe(false);
  });

  test('options that npm keeps to itself, since -- is missing, print no secret', async () => {
    expectRefusal(await npmGenKeys('--out=somewhere'), /npm run gen-keys -- --out/);
    expectRefusal(await npmGenKeys('--nodes', '5'), /npm run gen-keys -- --nodes/);
  });

  test('--help says how', async () => {
    const run = await genKeys('--help');
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('--out DIR');
  });
});
