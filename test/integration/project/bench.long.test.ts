import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '../cluster/until';
import { BY_TS_NODE } from '../../programs';
import { StartedProgram, type Ending } from '../../StartedProgram';

/** A run of a second or two, on a busy machine, ms. */
const RUN_MS_MAX = 120_000;

const runs = new Set<StartedProgram>();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'mokka-bench-'));
});

afterEach(() => {
  for (const run of runs) run.child.kill('SIGTERM');
  rmSync(directory, { recursive: true, force: true });
});

function startBench(...args: string[]): StartedProgram {
  const command = [process.execPath, ...BY_TS_NODE, 'scripts/bench.ts', '--dir', directory, ...args];
  const run = new StartedProgram(command);
  runs.add(run);
  void run.ended.then(() => runs.delete(run));
  return run;
}

function bench(...args: string[]): Promise<Ending> {
  return startBench(...args).ended;
}

function rowsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The processes that were started by a process and run. */
function childrenOf(pid: number | undefined): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=']).toString().trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const TINY = ['--inflight', '64', '--seconds', '1', '--warmup', '0.2', '--json'];

/** What a bench says that it could not do. */
const errorsIn = (stderr: string): string[] => stderr.split('\n').filter((line) => line.includes('bench:'));

describe('npm run bench', () => {
  test('measures adds of three nodes through a pipe, and says why it skips peers', async () => {
    const plot = path.join(directory, 'plot.svg');
    const none = path.join(directory, 'none');
    const { status, stdout, stderr } = await bench(...TINY, '--plot', plot, '--peers', none);
    expect(stderr).toMatch(/^peers are skipped: .* is not there\n$/);
    expect(status).toBe(0);
    const [add, ...nodes] = rowsOf(stdout);
    expect(add).toMatchObject({
      measure: 'add',
      system: 'mokka-cluster',
      mode: 'pipe',
      node: 'leader',
      size: 3,
      inflight: 64,
      key_bytes: 16,
      value_bytes: 100,
      seconds: 1,
    });
    for (const column of ['operations', 'rate', 'p50_ms', 'p99_ms', 'max_ms', 'client_cores'])
      expect({ [column]: add?.[column] }).toEqual({ [column]: expect.any(Number) as number });
    expect(add?.['rate']).toBeGreaterThan(0);
    expect(nodes.map(({ measure, node }) => [measure, node])).toEqual([
      ['nodes', 0],
      ['nodes', 1],
      ['nodes', 2],
    ]);
    for (const node of nodes) {
      expect(node['idle_rss_mb']).toBeGreaterThan(10);
      expect(node['rss_mb']).toBeGreaterThan(10);
      // Warm-up and drained requests count too.
      expect(node['entries']).toBeGreaterThanOrEqual(Number(add?.['operations']));
      expect(node['disk_bytes_per_entry']).toBeGreaterThan(100);
    }
    expect(readFileSync(plot, 'utf8')).toContain('adds per second');
    expect(readdirSync(directory)).toEqual(['plot.svg']);
  });

  test('measures gets inside a follower that is used as a library', async () => {
    const { status, stdout } = await bench(
      ...TINY,
      ...['--mode', 'library', '--node', 'follower', '--get', '--entries', '200'],
    );
    expect(status).toBe(0);
    const [get] = rowsOf(stdout);
    expect(get).toMatchObject({ measure: 'get', mode: 'library', node: 'follower', client_cores: null });
    expect(get?.['rate']).toBeGreaterThan(0);
  });

  test('measures a failover, a catch-up and a restart', async () => {
    const { status, stdout } = await bench(
      ...['--json', '--failover', '1', '--catch-up', '500', '--restart', '500'],
    );
    expect(status).toBe(0);
    const [failover, catchUp, restart] = rowsOf(stdout);
    expect(failover).toMatchObject({ measure: 'failover', kills: 1 });
    expect(failover?.['median_ms']).toBeGreaterThan(0);
    expect(catchUp).toMatchObject({ measure: 'catch-up', entries: 500 });
    expect(catchUp?.['seconds_from_spawn']).toBeGreaterThan(0);
    expect(catchUp?.['longest_gap_ms']).toBeGreaterThan(0);
    expect(restart).toMatchObject({ measure: 'restart', entries: 500 });
    expect(restart?.['median_get_log_ms']).toBeGreaterThan(0);
  });

  test('sets the levels of a peers script beside its own', async () => {
    const script = path.join(directory, 'peers.js');
    writeFileSync(
      script,
      `const level = { peer: process.argv[2], inflight: 64, rate: 0.001, p50_ms: 1e6, p99_ms: 1e6 };
       if (level.peer === 'ceiling') console.log(JSON.stringify(level));
       else { console.error('no such peer'); process.exitCode = 1; }`,
    );
    const { status, stdout, stderr } = await bench(...TINY, '--rounds', '1', '--peers', script);
    expect(status).toBe(0);
    for (const name of ['etcd', 'nats']) expect(stderr).toMatch(new RegExp(`^${name} is skipped: `, 'm'));
    const rows = rowsOf(stdout);
    expect(rows.filter(({ measure }) => measure === 'add').map(({ system }) => system)).toEqual([
      'mokka-cluster',
      'ceiling',
    ]);
    const ratio = rows.find(({ measure, to }) => measure === 'ratio' && to === 'ceiling');
    expect(ratio).toMatchObject({ inflight: 64, rounds: 1 });
    expect(ratio?.['median_rate']).toBeGreaterThan(1);
  });

  test('sets what one disk alone gives beside its own', async () => {
    const { status, stdout } = await bench(...TINY, '--rounds', '1', '--peers');
    expect(status).toBe(0);
    const rows = rowsOf(stdout);
    const disk = rows.find(({ measure, system }) => measure === 'add' && system === 'one-disk');
    expect(disk).toMatchObject({ size: 1, inflight: 64, key_bytes: 16, value_bytes: 100 });
    expect(disk?.['rate']).toBeGreaterThan(0);
    expect(disk?.['p50_ms']).toBeGreaterThan(0);
    const ratio = rows.find(({ measure, to }) => measure === 'ratio' && to === 'one-disk');
    expect(ratio).toMatchObject({ inflight: 64, rounds: 1 });
  });

  test('refuses a bad option in one line, with status 2', async () => {
    const { status, stdout, stderr } = await bench('--inflight', '0');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^bench: --inflight must be a whole number from 1 to 65536 \(it is "0"\).*\n$/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('%s ends the nodes with it', async (signal, status) => {
    const { child, ended } = startBench('--seconds', '300');
    const nodes = await until(RUN_MS_MAX, 'three nodes have data', () => {
      const [run] = readdirSync(directory);
      const all = [0, 1, 2].every((index) =>
        existsSync(path.join(directory, run ?? '', `node-${index}`, 'journal-0')),
      );
      return all ? childrenOf(child.pid) : undefined;
    });
    expect(nodes).toHaveLength(3);
    child.kill(signal);
    expect((await ended).status).toBe(status);
    await until(RUN_MS_MAX, 'the nodes have ended', () => (nodes.some(isRunning) ? undefined : true));
    if (signal === 'SIGINT') expect(readdirSync(directory)).toEqual([]);
  });
});

test('what HTTP costs stands beside what it is compared with', async () => {
  const { status, stdout, stderr } = await bench('--http', '--rounds', '1', ...TINY);
  expect({ status, errors: errorsIn(stderr) }).toEqual({ status: 0, errors: [] });
  const rows = rowsOf(stdout);
  const shown = rows.map(({ measure, system, way, of, http }) =>
    [measure, system === 'etcd' ? system : null, way, of, http]
      .filter((word) => (word ?? null) !== null)
      .join(' '),
  );
  const withoutEtcd = shown.filter((row) => !row.includes('etcd') && row !== 'ratio post');
  expect(withoutEtcd).toEqual([
    ...['idle false', 'idle true', 'http pipe', 'http ndjson', 'ratio ndjson', 'http post', 'http get'],
    'followers',
  ]);
  for (const { measure, operations, logs } of rows)
    if (measure === 'http' && operations !== undefined) expect(operations).toBeGreaterThan(0);
    else if (measure === 'followers') expect(logs).toBeGreaterThan(0);
});
