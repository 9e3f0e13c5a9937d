import { HANG_LOOK_MS, HUNG_WRITE_MS_MAX } from '../../../src/limits';
import type { NodeInfo } from '../../../src/api';
import { Cluster } from '../cluster/Cluster';
import { injectInto, unless, whyNoTrace } from '../cluster/disturbances';
import { type NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { runToEnd } from '../../StartedProgram';

/** A disk that hangs in a sync, and with it the node's main thread (CASES 37), on real processes. */
jest.setTimeout(180_000);

/** Longer than a node waits for its disk. */
const HANGS = 'fsync,fdatasync:delay_enter=60000000';
/** What `npm run cli` is promised to say within, s; npm and a busy machine may take as long again to start it. */
const CLI_SAYS_WITHIN_MS = 5000;
const STARTS_WITHIN_MS = 15_000;
const WITHIN_MS = 60_000;

let cluster: Cluster;
const stopping: (() => void)[] = [];

afterEach(async () => {
  for (const stop of stopping.splice(0)) stop();
  for (const node of cluster.running) await node.kill();
  await cluster.end();
});

interface CliEnd {
  readonly status: number | null;
  readonly stderr: string;
  readonly tookMs: number;
}

async function cli(node: NodeProcess, words: readonly string[]): Promise<CliEnd> {
  const { index, dataDirectory } = node.options;
  const from = performance.now();
  const { status, stderr } = await runToEnd(
    ['npm', 'run', '--silent', 'cli', '--', '--node', String(index), ...words],
    { env: { ...process.env, DATA_DIR: dataDirectory, NO_COLOR: '1' } },
  );
  return { status, stderr, tookMs: performance.now() - from };
}

function record(node: NodeProcess, event: string): Promise<{ time: string; directory: string; msg: string }> {
  const line = new RegExp(`^.*"event":"${event}".*$`, 'm');
  return until(WITHIN_MS, `a record ${event}`, () => {
    const [found] = line.exec(node.lastWords) ?? [];
    return found === undefined
      ? undefined
      : (JSON.parse(found) as { time: string; directory: string; msg: string });
  });
}

const tracing = unless(whyNoTrace());

tracing('a leader whose disk hangs: others lead, stderr and the cli say so, and the node ends', async () => {
  cluster = await Cluster.started();
  await cluster.node(0).addLog('before', 'it');
  const victim = await cluster.leader();
  const others = cluster.running.filter((node) => node !== victim);
  const release = await injectInto(victim.pid, HANGS);
  stopping.push(release);
  const hung = victim.command('add_log hung line').catch((error: unknown) => error);
  const hungAt = performance.now();
  const told = await record(victim, 'disk_hangs');
  process.stdout.write(`told after ${Math.round(performance.now() - hungAt)} ms\n`);
  expect(told.directory).toBe(cluster.directoryOf(victim.options.index));
  expect(told.msg).toMatch(/^a write to .* has not ended since \d{4}-/);
  const info = await cli(victim, ['info']);
  process.stdout.write(`the cli answered after ${Math.round(info.tookMs)} ms\n`);
  expect(info.status).toBe(1);
  expect(info.stderr).toMatch(
    new RegExp(
      `^NODE_UNREACHABLE: the process ${victim.pid} of the node on .* runs and does not answer; its disk may hang`,
    ),
  );
  expect(info.tookMs).toBeLessThan(CLI_SAYS_WITHIN_MS + STARTS_WITHIN_MS);
  const next = await cluster.leader(others);
  expect(next).not.toBe(victim);
  expect((await next.addLog('while', 'it hangs')).log.key).toBe('while');
  // A tracer keeps what it delays even when that is killed: without it the node is gone, and has done nothing more.
  await until(WITHIN_MS, 'its last words', () =>
    /^STORE_FAILED/m.test(victim.lastWords) ? true : undefined,
  );
  process.stdout.write(`ended after ${Math.round(performance.now() - hungAt)} ms\n`);
  expect(performance.now() - hungAt).toBeGreaterThan(HUNG_WRITE_MS_MAX - HANG_LOOK_MS);
  release();
  const { code, signal } = await victim.exited;
  expect([code, signal]).not.toContain(0);
  expect(victim.lastWords).toMatch(
    /^STORE_FAILED: cannot write to .*: a write has not ended for 20 s; .*start again$/m,
  );
  expect(victim.lastWords).not.toMatch(/disk_answers/);
  await hung;
  const again = cluster.start(victim.options.index);
  const { index } = await cluster.converged();
  expect((await again.info()).index).toBe(index);
});

tracing('a disk that hangs for a few seconds: the node says so, goes on, and says that too', async () => {
  cluster = await Cluster.started();
  const victim = await cluster.follower();
  const release = await injectInto(victim.pid, HANGS);
  stopping.push(release);
  const added = cluster.node(victim.options.index === 0 ? 1 : 0).addLog('to', 'all');
  await record(victim, 'disk_hangs');
  release();
  await record(victim, 'disk_answers');
  await added;
  await cluster.converged();
  expect(victim.hasEnded).toBe(false);
});

test('a command that waits for a leader is not taken for a node that does not answer', async () => {
  cluster = await Cluster.started();
  const alone = cluster.node(0);
  for (const index of [1, 2]) await cluster.node(index).kill();
  await until(WITHIN_MS, 'it knows no leader', async () =>
    (await alone.info()).leader === null ? true : undefined,
  );
  const added = await cli(alone, ['add_log', 'no', 'leader']);
  expect(added.stderr).toMatch(/^(NO_LEADER|UNKNOWN_OUTCOME)/m);
  expect(added.tookMs).toBeGreaterThan(CLI_SAYS_WITHIN_MS);
});

test('a node that is held does not answer the cli, and its watcher takes the pause for no hang', async () => {
  cluster = await Cluster.started();
  const held = await cluster.follower();
  held.signalGroup('SIGSTOP');
  const info = await cli(held, ['info']);
  expect(info.stderr).toMatch(/^NODE_UNREACHABLE: the process \d+ .* does not answer/);
  held.signalGroup('SIGCONT');
  expect(((await held.info()) satisfies NodeInfo).node).toBe(held.options.index);
  expect(held.lastWords).not.toMatch(/disk_hangs|STORE_FAILED/);
});
