import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freeStartPort, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { StartedProgram } from '../../StartedProgram';

/**
 * What a user of the package does: install it, compile the README's program with strict types, run it as three members,
 * and use the command. Without the network: the packages that it depends on are copied from here, and no others are.
 */
jest.setTimeout(900_000);

const PACKAGE = 'mokka-cluster';
const TSC = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
const MEMBERS = [0, 1, 2];

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as Manifest;

let home: string;
let packed: string;
const running: StartedProgram[] = [];
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'mokka-package-'));
  // Its prepare would compile anew what other tests' nodes run from.
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', home], {
    cwd: REPOSITORY,
  });
  packed = join(home, `${PACKAGE}-${manifest.version}.tgz`);
});
afterAll(() => {
  for (const program of running) program.child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** The folders below node_modules of what the package depends on, as the lock file has them. */
function runtimeDependencies(): string[] {
  const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path]) => path)
    .filter((path) => existsSync(join(REPOSITORY, path)));
}

/** A project of a user's with the package installed, and the README's program in it. */
function project(type: 'module' | 'commonjs'): string {
  const directory = join(home, type);
  const installed = join(directory, 'node_modules', PACKAGE);
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', packed, '-C', installed, '--strip-components=1']);
  for (const path of runtimeDependencies())
    cpSync(join(REPOSITORY, path), join(directory, path), { recursive: true });
  // As npm does.
  mkdirSync(join(directory, 'node_modules', '.bin'));
  for (const [name, file] of Object.entries(manifest.bin)) {
    chmodSync(join(installed, file), 0o755);
    symlinkSync(join('..', PACKAGE, file), join(directory, 'node_modules', '.bin', name));
  }
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type, dependencies: { [PACKAGE]: '*' } }));
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const readme = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
  const program = /## As a library[^]*?```ts\n([^]*?)```/.exec(readme)?.[1] ?? '';
  writeFileSync(join(directory, 'program.ts'), program);
  const page = readFileSync(join(REPOSITORY, 'src', 'http', 'README.md'), 'utf8');
  const client = /## From JavaScript[^]*?```ts\n([^]*?)```/.exec(page)?.[1] ?? '';
  writeFileSync(join(directory, 'client.ts'), client);
  return directory;
}

test('holds what a user needs and no more', () => {
  const names = execFileSync('tar', ['-tzf', packed], { encoding: 'utf8' }).trim().split('\n');
  const files = names.map((name) => name.replace(/^package\//, ''));
  const compiled = files.filter((name) => name.startsWith('dist/'));
  expect(files.filter((name) => !compiled.includes(name)).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'package.json',
    'scripts/bench/README.md',
    'scripts/bench/performance.svg',
    'scripts/deploy/Dockerfile',
    'scripts/deploy/Dockerfile.dockerignore',
    'scripts/deploy/README.md',
    'scripts/deploy/compose.yaml',
    'scripts/deploy/mokka-cluster@.service',
    'src/HAZARDS.md',
    'src/README.md',
    'src/cli/README.md',
    'src/config/README.md',
    'src/http/README.md',
    ...['narrow', 'node_down', 'page'].map((name) => `src/http/page/pictures/${name}.png`),
    'src/metrics/README.md',
    'src/transport/README.md',
  ]);
  const isOfSource = (name: string): boolean =>
    existsSync(join(REPOSITORY, name.replace(/^dist/, 'src').replace(/(?:\.d\.ts|\.js)$/, '.ts')));
  // What an earlier build left is in no package: `prepare` removes it first.
  expect(compiled.filter(isOfSource).length).toBeGreaterThan(200);
  const page = ['icon.svg', 'index.html', 'page.css'].map((name) => `dist/http/page/${name}`);
  expect(compiled.filter((name) => !/\.(?:js|d\.ts)$/.test(name)).sort()).toEqual(page);
});

test('every page that its pages link to is in it, and has the chapter', () => {
  const unpacked = join(home, 'pages');
  mkdirSync(unpacked);
  execFileSync('tar', ['-xzf', packed, '-C', unpacked, '--strip-components=1']);
  const pages = execFileSync('find', [unpacked, '-name', '*.md'], { encoding: 'utf8' }).trim().split('\n');
  const broken: string[] = [];
  for (const page of pages)
    for (const [, link = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)) {
      const [file = '', chapter] = link.split('#');
      const target = file === '' ? page : join(dirname(page), file);
      if (!existsSync(target) || (chapter !== undefined && !chaptersOf(target).includes(chapter)))
        broken.push(`${page.slice(unpacked.length + 1)}: ${link}`);
    }
  expect(pages).toContain(join(unpacked, 'README.md'));
  expect(broken).toEqual([]);
});

test('the client and its types import nothing but its own files', () => {
  const unpacked = join(home, 'client');
  mkdirSync(unpacked);
  execFileSync('tar', ['-xzf', packed, '-C', unpacked, '--strip-components=1']);
  const folder = join(unpacked, 'dist', 'client');
  const imported = readdirSync(folder).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const words = /(?:from |import\(|require\()["']([^"']+)["']|<reference [^>]*"([^"]+)"/g;
    return [...text.matchAll(words)].map(([, path, reference]) => path ?? reference ?? '');
  });
  expect(imported.length).toBeGreaterThan(10);
  expect(imported.filter((path) => !/^\.\/\w+$/.test(path))).toEqual([]);
});

/** A page's headings, as links name them. */
function chaptersOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(['module', 'commonjs'] as const)('in a project of type %s', (type) => {
  let directory: string;
  beforeAll(() => (directory = project(type)));

  test('the README’s program and that of the client compile, with the package’s types checked too', () => {
    const { status, stdout } = spawnSync(process.execPath, [TSC], { cwd: directory, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  test('the client is there for import and require', () => {
    const load = (...code: string[]) =>
      spawnSync(process.execPath, code, { cwd: directory, encoding: 'utf8' });
    const print = `console.log(typeof connect, new RequestError('BUSY', '').code)`;
    const names = '{ connect, RequestError }';
    const from = `${PACKAGE}/client`;
    for (const run of [
      load('--input-type=module', '-e', `import ${names} from '${from}'; ${print}`),
      load('--input-type=commonjs', '-e', `const ${names} = require('${from}'); ${print}`),
    ])
      expect(run).toMatchObject({ status: 0, stdout: 'function BUSY\n', stderr: '' });
  });

  test('it runs as three members, is killed, started again, and stops', async () => {
    const startPort = await freeStartPort();
    const first = MEMBERS.map((index) => start(directory, index, startPort));
    for (const member of first) await serves(member);
    for (const member of first) member.child.kill('SIGKILL');
    for (const member of first) await member.ended;
    const second = MEMBERS.map((index) => start(directory, index, startPort));
    for (const member of second) await serves(member);
    const stored = second.map(({ printed }) => Number(/index: (\d+),/.exec(printed)?.[1]));
    expect(stored.sort()).toEqual([4, 5, 6]);
    for (const member of second) member.child.kill('SIGTERM');
    for (const member of second) expect(await member.ended).toMatchObject({ status: 0 });
  });

  test('npx mokka-cluster is there', () => {
    const npx = (...words: string[]) =>
      spawnSync('npx', ['--offline', PACKAGE, ...words], { cwd: directory, encoding: 'utf8' });
    const help = npx('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    for (const name of ['add_log', 'start', 'node', 'gen-keys', 'backup', 'restore', 'verify'])
      expect(help.stdout).toMatch(new RegExp(`^${name}\\b`, 'm'));
    expect(npx('--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n` });
    expect(npx('gen-keys', '--out', 'cluster')).toMatchObject({ status: 0, stderr: '' });
    expect(npx('--node', '2', 'info')).toMatchObject({
      ...{ status: 1, stdout: '' },
      stderr: expect.stringMatching(/^NODE_UNREACHABLE: /) as string,
    });
  });
});

function start(directory: string, index: number, startPort: number): StartedProgram {
  const env = { ...process.env, INDEX: String(index), START_PORT: String(startPort) };
  const program = new StartedProgram([process.execPath, 'program.js'], { cwd: directory, env });
  running.push(program);
  return program;
}

/** It has added its log and told of it. */
async function serves(program: StartedProgram): Promise<void> {
  await until(
    SERVES_WITHIN_MS,
    'a member tells its info',
    () => /problem: /.exec(program.printed) ?? undefined,
    () => program.printed,
  );
}
