import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { REPOSITORY } from '../cluster/NodeProcess';
import { runToEnd } from '../../StartedProgram';

const PAGE = '<!doctype html>\n';

/** `node scripts/build`, which npm's scripts run first, in a clone with a source of its own. */

let clone: string;
let source: string;
let compiled: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'mokka-build-'));
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build'])
    cpSync(join(REPOSITORY, name), join(clone, name), { recursive: true });
  // Node.js's types are most of what would be compiled.
  const settings = join(clone, 'tsconfig.build.json');
  writeFileSync(settings, readFileSync(settings, 'utf8').replace('"types": ["node"]', '"types": []'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
  mkdirSync(join(clone, 'src', 'http', 'page'), { recursive: true });
  writeFileSync(join(clone, 'src', 'http', 'page', 'index.html'), PAGE);
  source = join(clone, 'src', 'given.ts');
  compiled = join(clone, 'dist', 'given.js');
});
afterEach(() => rmSync(clone, { recursive: true }));

function build(): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ['scripts/build'], { cwd: clone, encoding: 'utf8' });
}

const DONE = { status: 0, stdout: '', stderr: '' };

test('compiles what has changed, and nothing where nothing has', () => {
  writeFileSync(source, 'export const said: string = "one";\n');
  expect(build()).toMatchObject(DONE);
  expect(readFileSync(compiled, 'utf8')).toContain('"one"');
  expect(readFileSync(join(clone, 'dist', 'http', 'page', 'index.html'), 'utf8')).toBe(PAGE);
  const { ino } = statSync(compiled);
  expect(build()).toMatchObject(DONE);
  writeFileSync(join(clone, 'src', 'other.ts'), 'export const said: string = "other";\n');
  expect(build()).toMatchObject(DONE);
  expect(readFileSync(join(clone, 'dist', 'other.js'), 'utf8')).toContain('"other"');
  expect(statSync(compiled).ino).toBe(ino);
  writeFileSync(source, 'export const said: string = "two";\n');
  expect(build()).toMatchObject(DONE);
  expect(readFileSync(compiled, 'utf8')).toContain('"two"');
});

test('where nothing has changed the compiler is not even loaded', () => {
  writeFileSync(source, 'export const said: string = "one";\n');
  expect(build()).toMatchObject(DONE);
  const look = `process.on('exit', () => console.log(Object.keys(require.cache).some((path) => path.endsWith('typescript.js')))); require('./scripts/build')`;
  const loaded = (): string =>
    spawnSync(process.execPath, ['-e', look], { cwd: clone, encoding: 'utf8' }).stdout.trim();
  expect(loaded()).toBe('false');
  writeFileSync(source, 'export const said: string = "two";\n');
  expect(loaded()).toBe('true');
});

test('an error in a source: its place on stderr, status 1, each time until it is mended', () => {
  writeFileSync(source, '\nexport const said: string = 1;\n');
  for (let time = 1; time <= 2; time++) {
    const { status, stdout, stderr } = build();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^src\/given\.ts\(2,14\): error TS2322: .*\n$/);
  }
  writeFileSync(source, '\nexport const said: string = "mended";\n');
  expect(build()).toMatchObject(DONE);
});

test('three at once: whoever reads what they compile sees no half of a file', async () => {
  const text = (version: number): string =>
    `export const version = ${version};\nexport const long = '${'x'.repeat(4_000_000)}';\n// the end\n`;
  writeFileSync(source, text(0));
  expect(build()).toMatchObject(DONE);
  writeFileSync(source, text(1));
  let running = 3;
  const ends = [1, 2, 3].map(async () => {
    const { status } = await runToEnd([process.execPath, 'scripts/build'], { cwd: clone });
    running--;
    return status;
  });
  while (running > 0) {
    expect(readFileSync(compiled, 'utf8').slice(-60)).toContain('// the end');
    await turn();
  }
  expect(await Promise.all(ends)).toEqual([0, 0, 0]);
  expect(readFileSync(compiled, 'utf8').slice(0, 200)).toContain('version = 1;');
});

test('mokka-cluster is a program after each build', () => {
  const program = join(clone, 'dist', 'bin', 'mokkaCluster.js');
  mkdirSync(join(clone, 'src', 'bin'));
  for (const version of [1, 2]) {
    writeFileSync(join(clone, 'src', 'bin', 'mokkaCluster.ts'), `export const version = ${version};\n`);
    expect(build()).toMatchObject(DONE);
    expect(statSync(program).mode & 0o777).toBe(0o755);
  }
});
