import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOKKA_CLUSTER } from '../../programs';
import { REPOSITORY } from '../cluster/NodeProcess';

/** Starts on a machine that cannot run them: without packages, or with an old Node.js. */
jest.setTimeout(120_000);

let bare: string;
beforeAll(() => {
  bare = mkdtempSync(join(tmpdir(), 'mokka-bare-'));
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'scripts'])
    cpSync(join(REPOSITORY, name), join(bare, name), { recursive: true });
});
afterAll(() => rmSync(bare, { recursive: true }));

function run(command: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd, encoding: 'utf8' });
}

test.each(['start', 'node:0', 'cli', 'verify', 'gen-keys', 'simulate', 'prepare'])(
  'npm run %s without npm ci says in one line to run it',
  (script) => {
    const { status, stdout, stderr } = run('npm', ['run', '--silent', script], bare);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^BAD_CONFIG: packages are not installed \(.*typescript.*\): run {2}npm ci {2}in .*\n$/,
    );
  },
);

test.each([
  ['npm’s scripts in a clone', ['scripts/build']],
  ['npm’s scripts from the source', ['scripts/build/checkInstallation.js']],
  ['mokka-cluster', [...MOKKA_CLUSTER, 'node']],
])('an old Node.js is told in one line by %s', (_who, program) => {
  const old = join(bare, 'old.js');
  writeFileSync(old, "Object.defineProperty(process, 'versions', { value: { node: '18.20.8' } });");
  const { status, stdout, stderr } = run(process.execPath, ['-r', old, ...program], REPOSITORY);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^BAD_CONFIG: this is Node.js 18.20.8, and 20 or newer is needed: .*\n$/);
});

test('mokka-cluster needs the Node.js that package.json names', () => {
  const { engines } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const source = readFileSync(join(REPOSITORY, 'src/bin/requireNode.ts'), 'utf8');
  expect(engines.node).toBe(`>=${/NEEDED_MAJOR = (\d+)/.exec(source)?.[1] ?? ''}`);
});

test.each([
  ['scripts/build/index.js', 'ES5'],
  ['scripts/build/checkInstallation.js', 'ES5'],
  ['dist/bin/mokkaCluster.js', 'ES2015'],
  ['dist/bin/requireNode.js', 'ES2015'],
] as const)('what tells it is read by an old Node.js: no syntax in %s that came after %s', (name, age) => {
  const ts = jest.requireActual<typeof import('typescript')>('typescript');
  const text = readFileSync(join(REPOSITORY, name), 'utf8');
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget[age], removeComments: false },
  });
  const tokens = (code: string): string =>
    code.replace(/^\s*"use strict";|^\s*'use strict';|\/\/# sourceMappingURL.*/gm, '').replace(/\s+/g, '');
  expect(tokens(outputText)).toBe(tokens(text));
});
