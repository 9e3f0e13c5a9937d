import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { REPOSITORY } from './cluster/NodeProcess';

/** Starts on a machine that cannot run them: without packages, or with an old Node.js. */
jest.setTimeout(120_000);

let bare: string;
beforeAll(() => {
  bare = mkdtempSync(join(tmpdir(), 'mokka-bare-'));
  for (const name of ['package.json', 'tsconfig.json', 'src', 'scripts'])
    cpSync(join(REPOSITORY, name), join(bare, name), { recursive: true });
});
afterAll(() => rmSync(bare, { recursive: true }));

function run(command: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd, encoding: 'utf8' });
}

test.each(['start', 'node:0', 'cli', 'verify', 'gen-keys'])(
  'npm run %s without npm ci says in one line to run it',
  (script) => {
    const { status, stdout, stderr } = run('npm', ['run', '--silent', script], bare);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^BAD_CONFIG: packages are not installed \(.*typescript.*\): run {2}npm ci {2}in .*\n$/,
    );
  },
);

test.each(['scripts/start_cluster.ts', 'scripts/cli.ts'])(
  'an old Node.js is told in one line by %s',
  (script) => {
    const old = join(bare, 'old.js');
    writeFileSync(old, "Object.defineProperty(process, 'versions', { value: { node: '18.20.8' } });");
    const args = ['-r', old, '-r', './scripts/typescript', script];
    const { status, stdout, stderr } = run(process.execPath, args, REPOSITORY);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^BAD_CONFIG: this is Node.js 18.20.8, and 20 or newer is needed: .*\n$/);
  },
);

test('what tells it is read by a Node.js of any age: no syntax that came after JavaScript of 2009', () => {
  const ts = jest.requireActual<typeof import('typescript')>('typescript');
  for (const name of ['index.js', 'checkInstallation.js']) {
    const file = join(REPOSITORY, 'scripts', 'typescript', name);
    const text = ts.sys.readFile(file) ?? '';
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ES5, removeComments: false },
    });
    const tokens = (code: string): string =>
      code.replace(/^\s*"use strict";|^\s*'use strict';/gm, '').replace(/\s+/g, '');
    expect(`${relative(REPOSITORY, file)} ${tokens(outputText)}`).toBe(
      `${relative(REPOSITORY, file)} ${tokens(text)}`,
    );
  }
});
