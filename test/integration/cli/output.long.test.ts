import { spawnSync, type SpawnSyncReturns, type StdioOptions } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOKKA_CLUSTER } from '../../programs';

/** What becomes of `mokka-cluster` when its words have nowhere to go, and when its stdin is none. No node runs. */

const LIMIT_MS = 60_000;

let directory: string;
let full: number;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-output-'));
  full = openSync('/dev/full', 'w');
});
afterAll(() => {
  closeSync(full);
  rmSync(directory, { recursive: true });
});

function run(words: readonly string[], stdio: StdioOptions): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...MOKKA_CLUSTER, ...words], {
    ...{ cwd: directory, encoding: 'utf8', timeout: LIMIT_MS, stdio },
    env: { ...process.env, DATA_DIR: directory, INDEX: '0' },
  });
}

test.each([
  ['--version'],
  ['--help'],
  ['gen-keys'],
  ['--json info'],
  ['backup --json out'],
  ['restore --help'],
  ['verify --help'],
])('%s on a full disk: one line, and no success', (line) => {
  const { status, stderr } = run(line.split(' '), ['ignore', full, 'pipe']);
  expect(stderr).toMatch(/^FILE_FAILED: stdout cannot be written to \(ENOSPC[^\n]*\n$/);
  expect(status).toBe(11);
});

test.each([['gen-keys'], ['--json info'], ['backup --json out'], ['restore --help']])(
  '%s whose reader has gone ends in silence',
  (line) => {
    const words = [...MOKKA_CLUSTER, ...line.split(' ')].map((word) => `'${word}'`).join(' ');
    const script = `{ read _; '${process.execPath}' ${words}; } | true`;
    const gone = spawnSync('bash', ['-c', script], {
      ...{ cwd: directory, encoding: 'utf8', timeout: LIMIT_MS },
      ...{ input: '\n', env: { ...process.env, DATA_DIR: directory } },
    });
    expect(gone).toMatchObject({ stdout: '', stderr: '' });
  },
);

test('where stderr is full the status is the same', () => {
  expect(run(['nonsense'], ['ignore', 'pipe', full])).toMatchObject({ status: 2, stdout: '' });
});

test('a stdin that is a directory is no empty value', () => {
  const fd = openSync(directory, 'r');
  const { status, stderr } = run(['add_log', 'key', '-'], [fd, 'pipe', 'pipe']);
  closeSync(fd);
  expect(stderr).toMatch(/^BAD_ARGUMENT: stdin, [^\n]*\n$/);
  expect(status).toBe(2);
});
