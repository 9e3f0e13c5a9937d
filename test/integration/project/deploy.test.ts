import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PROGRAMS } from '../../../src/bin/programs';
import { COMMANDS } from '../../../src/cli/commands/CommandTable';
import { readEnvironment } from '../../../src/config/environment';
import { keyFileName } from '../../../src/config/keyFile';
import { STOP_MS_MAX } from '../../../src/limits';
import { unless } from '../cluster/disturbances';
import { REPOSITORY } from '../cluster/NodeProcess';

/** What the files for systemd and Docker say of the code, held against the code. */

const file = (name: string): string => readFileSync(join(REPOSITORY, 'scripts/deploy', name), 'utf8');

const UNIT = file('mokka-cluster@.service');
const DOCKERFILE = file('Dockerfile');
const PAGE = file('README.md');

/** Exposure, in tenths, up to which systemd-analyze calls a unit OK; ours is at 14. */
const EXPOSURE_MAX = 20;

/** Variables that a node's configuration looks at, seen by an environment that remembers it. */
function variablesOfNode(): Set<string> {
  const seen = new Set<string>();
  const get = (env: NodeJS.ProcessEnv, name: string): string | undefined => {
    seen.add(name);
    return env[name];
  };
  readEnvironment(new Proxy<NodeJS.ProcessEnv>({ INDEX: '0' }, { get }));
  return seen;
}

/** `mokka-cluster` where it is a command, not a user or a directory, and the word after it and its options. */
const CALL =
  /(?<![\w@./=-]|-[ugo] )(?:[\w./]*\/)?mokka-cluster(?: --node \d)? ([a-z][a-z_-]*[a-z])(?![\w.-])/g;

function calledIn(text: string): string[] {
  return [...text.matchAll(CALL)].map(([, word = '']) => word);
}

const WORDS = [...PROGRAMS, ...COMMANDS].map(({ name }) => name);

describe('the systemd unit', () => {
  const values = (name: string): string[] =>
    [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
  let directory: string;
  let unit: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mokka-unit-'));
    unit = join(directory, 'mokka-cluster@.service');
    // Where the package is not installed, its command is none that can be run.
    writeFileSync(unit, UNIT.replace('/usr/local/bin/mokka-cluster', process.execPath));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('sets variables that there are, and runs a program that there is', () => {
    const names = values('Environment').map((value) => value.split('=')[0]);
    expect(names).toEqual(['INDEX', 'CLUSTER_CONFIG', 'DATA_DIR']);
    for (const name of names) expect(variablesOfNode()).toContain(name);
    expect(calledIn(values('ExecStart').join())).toEqual(['node']);
  });

  test('lets the node write where its data are', () => {
    expect(values('Environment')).toContain(`DATA_DIR=/var/lib/${values('StateDirectory').join()}`);
  });

  test('starts a node again, but not one that is configured wrongly, and waits for a clean stop', () => {
    expect(values('Type')).toEqual(['exec']);
    expect(values('Restart')).toEqual(['on-failure']);
    expect(values('RestartPreventExitStatus')).toEqual(['2']);
    expect(Number(values('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(STOP_MS_MAX);
  });

  const analyze = (...args: readonly string[]): SpawnSyncReturns<string> =>
    spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const installed = analyze('--version').status === 0;
  const withSystemd = unless(installed ? null : 'systemd-analyze is not installed');

  withSystemd('is accepted by systemd-analyze without a word', () => {
    const { status, stdout, stderr } = analyze('verify', unit);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  withSystemd('is rated OK', () => {
    const { status, stdout } = analyze('security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, unit);
    expect(stdout).toMatch(/Overall exposure level for .*: [\d.]+ OK/);
    expect(status).toBe(0);
  });
});

interface Service {
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly (string | { readonly source: string; readonly target: string })[];
  readonly configs: readonly { readonly source: string; readonly target: string }[];
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly configs: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** What a service of a compose file may say, of what this one does. */
const SERVICE_OPTIONS = [
  'cap_drop',
  'configs',
  'environment',
  'healthcheck',
  'image',
  'ports',
  'pull_policy',
  'read_only',
  'restart',
  'secrets',
  'security_opt',
  'stop_grace_period',
  'ulimits',
  'volumes',
];

describe('the compose file', () => {
  const compose = parse(file('compose.yaml'), { merge: true }) as Compose;
  const services = Object.entries(compose.services);

  test('runs three nodes, each with its own key and volume', () => {
    expect(services.map(([name]) => name)).toEqual(['node-0', 'node-1', 'node-2']);
    for (const [index, [name, service]] of services.entries()) {
      const key = keyFileName(index);
      expect(service.environment).toMatchObject({
        INDEX: String(index),
        NODE_KEY_FILE: `/run/secrets/${key}`,
      });
      expect(service.secrets[0]).toBe(key);
      expect(compose.secrets[key]?.file).toBe(`./cluster/${key}`);
      expect(service.volumes).toEqual([`${name}:/var/lib/mokka-cluster`]);
      expect(service.ports).toEqual([`127.0.0.1:${2100 + index}:2100`]);
    }
  });

  test.each(services)('%s names only what there is', (_, service) => {
    expect(Object.keys(service).sort()).toEqual(SERVICE_OPTIONS);
    for (const name of Object.keys(service.environment)) expect(variablesOfNode()).toContain(name);
    const secrets = service.secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source));
    expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(secrets));
    expect(Object.keys(compose.volumes)).toContain(service.volumes[0]?.split(':')[0]);
    expect(service.configs).toEqual([
      { source: Object.keys(compose.configs).join(), target: service.environment['CLUSTER_CONFIG'] },
    ]);
    const [kind, ...command] = service.healthcheck.test;
    expect(kind).toBe('CMD');
    expect(calledIn(command.join(' '))).toEqual(['health']);
  });
});

describe('the Dockerfile', () => {
  const lines = DOCKERFILE.replaceAll('\\\n', ' ').split('\n');
  const all = (instruction: string): string[] =>
    lines
      .filter((line) => line.startsWith(`${instruction} `))
      .map((line) => line.slice(instruction.length + 1));

  test('takes in files that there are, and no others', () => {
    const sources = all('COPY')
      .filter((words) => !words.startsWith('--from='))
      .flatMap((words) => words.split(' ').slice(0, -1));
    for (const source of sources)
      expect([source, existsSync(join(REPOSITORY, source))]).toEqual([source, true]);
    const allowed = file('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(allowed.map((line) => line.slice(1)).sort()).toEqual(sources.sort());
  });

  test('has two stages, of which the second runs the node as its own user', () => {
    expect(all('FROM')).toHaveLength(2);
    expect(all('USER')).toEqual(['10001:10001']);
    expect(PAGE).toContain('sudo chown 10001 ');
    expect(all('ENTRYPOINT')).toEqual(['["mokka-cluster"]']);
    expect(all('CMD')).toEqual(['["node"]']);
    expect(all('ENV').join()).toContain('DATA_DIR=/var/lib/mokka-cluster');
  });

  test('has the command where package.json says that it is', () => {
    const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
      version: string;
    };
    expect(DOCKERFILE).toContain(
      `/opt/mokka-cluster/${manifest.bin['mokka-cluster']} /usr/local/bin/mokka-cluster`,
    );
    expect(PAGE).toContain(`mokka-cluster-${manifest.version}.tgz`);
  });
});

test('all of them, and the page, call programs and commands that there are', () => {
  const called = [UNIT, file('compose.yaml').replaceAll(/', '/g, ' '), PAGE].flatMap(calledIn);
  expect(called).toEqual(expect.arrayContaining(['gen-keys', 'health', 'status']));
  for (const word of called) expect(WORDS).toContain(word);
});
