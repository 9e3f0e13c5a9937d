import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../cluster/NodeProcess';
import { MOKKA_CLUSTER } from '../../programs';

/** What programs say of files whose names break lines, turn the direction of text or steer a terminal. */
const NAME = 'a\nb\x1b[2J\u202e\u061c\u200b\u{e0041}z';
/** In quotes it is escaped as in JSON. */
const SHOWN = /a\\(x0a|n)b\\(x1b|u001b)\[2J\\u202e\\u061c\\u200b\\u\{e0041\}z/;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-names-'));
  path = join(directory, NAME);
});
afterEach(() => rmSync(directory, { recursive: true }));

function run(words: readonly string[], env: NodeJS.ProcessEnv): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...MOKKA_CLUSTER, ...words], {
    cwd: REPOSITORY,
    env: { ...process.env, LOG_LEVEL: 'fatal', ...env },
    encoding: 'utf8',
    input: '',
  });
  expect(status).not.toBe(0);
  expect(stdout).toBe('');
  return stderr;
}

const file = (): string => {
  writeFileSync(path, 'no directory');
  return path;
};

test.each<[string, () => string]>([
  ['a node: a data directory that is a file', () => run(['node'], { INDEX: '0', DATA_DIR: file() })],
  [
    'a node: something in the place of its socket',
    () => {
      mkdirSync(join(path, 'node-0', 'commands.sock'), { recursive: true });
      return run(['node'], {
        INDEX: '0',
        DATA_DIR: path,
        START_PORT: '22904',
      });
    },
  ],
  ['a node: a cluster file that is missing', () => run(['node'], { INDEX: '0', CLUSTER_CONFIG: path })],
  ['cli: no node', () => run(['info'], { DATA_DIR: path })],
  ['verify: no data', () => run(['verify', path], {})],
  ['backup: no node', () => run(['backup', 'out'], { DATA_DIR: path })],
  ['restore: no backup', () => run(['restore', path], { INDEX: '0', DATA_DIR: directory })],
  ['gen-keys: a directory that is a file', () => run(['gen-keys', '--out', file()], {})],
])('%s: all of its name is seen, in one line', (_what, stderrOf) => {
  const stderr = stderrOf();
  expect(stderr).toMatch(SHOWN);
  expect(stderr.trimEnd()).toMatch(/^[^\p{Cc}\u202e\u061c\u200b\u{e0041}]+$/u);
});
