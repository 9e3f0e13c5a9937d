import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CALM, Cluster } from '../cluster/Cluster';
import { unless } from '../cluster/disturbances';
import { until } from '../cluster/until';
import { cpuMs, openFiles } from '../../linuxProcesses';

/** What an operator's machine does to a node that runs for years, on real processes. */

const HOUR_MS = 3_600_000;
/** How long a thing that must not happen is watched for. */
const WATCHED_MS = 2_000;
const SERVES_WITHIN_MS = 60_000;
/** More than a node that only keeps its cluster together needs, of WATCHED_MS; less than one that spins takes. */
const CPU_MS_MAX = 1_000;
const STRANGERS = 40;

const whyNoLimits =
  spawnSync('prlimit', ['--version']).status === 0
    ? null
    : 'prlimit, which sets limits of a running process, is missing';

let cluster: Cluster;
afterEach(() => cluster.end());

/** Nobody took over, and all three serve. */
async function expectUndisturbed(before: { term: number; leader: number }): Promise<void> {
  for (const info of await cluster.infos())
    expect({ term: info.currentTerm, leader: info.leader }).toEqual(before);
  for (const node of cluster.running) await node.addLog('after', `on-${node.options.index}`);
  await cluster.converged();
}

/** A cluster in which nobody takes over but by what a test does. */
async function calm(): Promise<Cluster> {
  const started = await Cluster.createWithOwnKeys({}, CALM);
  started.startAll();
  return started;
}

async function standing(): Promise<{ term: number; leader: number }> {
  const leader = await cluster.leader();
  return { term: (await leader.info()).currentTerm, leader: leader.options.index };
}

test('a clock that jumps hours forth and back changes neither leader nor term', async () => {
  cluster = await Cluster.createWithOwnKeys({}, CALM);
  const shift = path.join(cluster.dataDirectory, 'shift');
  const shim = path.join(cluster.dataDirectory, 'clock.js');
  writeFileSync(shift, '0');
  writeFileSync(
    shim,
    `const Real = Date, fs = require('fs');
     let shift = 0;
     setInterval(() => { shift = Number(fs.readFileSync(${JSON.stringify(shift)}, 'utf8')) || 0; }, 50).unref();
     globalThis.Date = class Date extends Real {
       constructor(...given) { if (given.length > 0) super(...given); else super(Real.now() + shift); }
       static now() { return Real.now() + shift; }
     };`,
  );
  const clock = { NODE_OPTIONS: `--require=${shim}` };
  for (const index of [0, 1, 2]) cluster.start(index, index === 2 ? {} : clock);
  const before = await standing();
  for (const hours of [5, -5, 0]) {
    writeFileSync(shift, String(hours * HOUR_MS));
    await until(SERVES_WITHIN_MS, 'the jump shows in the logs of the nodes whose clock jumped', async () => {
      const { createdAt } = await cluster.node(0).addLog('at', `${hours}`);
      const jumped = before.leader === 2 ? 0 : hours;
      return Math.abs(createdAt - Date.now() - jumped * HOUR_MS) < HOUR_MS ? true : undefined;
    });
    await delay(WATCHED_MS);
    await expectUndisturbed(before);
  }
});

test('SIGHUP, and a stdout or stderr that nobody reads any more, change nothing and make no node spin', async () => {
  cluster = await calm();
  const before = await standing();
  const [hungUp, deaf, mute] = [
    cluster.node(before.leader),
    ...cluster.running.filter((node) => node.options.index !== before.leader),
  ];
  if (deaf === undefined || mute === undefined) throw new Error('three nodes should run');
  process.kill(hungUp.pid, 'SIGHUP');
  hungUp.child.stderr?.destroy();
  mute.child.stderr?.destroy();
  deaf.child.stdout?.destroy();
  // What is written finds the pipe closed: an answer on stdout, records on stderr.
  deaf.child.stdin?.write('info\ninfo\n');
  process.kill(mute.pid, 'SIGHUP');
  process.kill(hungUp.pid, 'SIGHUP');
  const used = cluster.running.map(({ pid }) => cpuMs(pid));
  await delay(WATCHED_MS);
  for (const [at, { pid }] of cluster.running.entries())
    expect(cpuMs(pid) - (used[at] ?? 0)).toBeLessThan(CPU_MS_MAX);
  const added = await mute.addLog('still', 'serving');
  expect(await hungUp.info()).toMatchObject({ state: 'leader', currentTerm: before.term });
  const { peers } = await hungUp.info();
  await until(SERVES_WITHIN_MS, 'the node whose stdout is closed holds the log', async () =>
    (await hungUp.info()).peers.every((peer) => peer.connected) && peers.length === 2 ? true : undefined,
  );
  expect(deaf.hasEnded).toBe(false);
  expect(added.index).toBeGreaterThan(0);
});

unless(whyNoLimits).each(['leader', 'follower'] as const)(
  'a %s without file descriptors left goes on, and takes links again when it has some',
  async (role) => {
    cluster = await calm();
    const before = await standing();
    const node = await (role === 'leader' ? cluster.leader() : cluster.follower());
    const port = cluster.startPort + node.options.index;
    const soft = (limit: string): void => {
      expect(spawnSync('prlimit', ['--pid', String(node.pid), `--nofile=${limit}:`]).status).toBe(0);
    };
    soft(String(openFiles(node.pid)));
    const strangers: Socket[] = [];
    try {
      for (let count = 0; count < STRANGERS; count++)
        strangers.push(connect(port, '127.0.0.1').on('error', () => undefined));
      const used = cpuMs(node.pid);
      await delay(WATCHED_MS);
      expect(cpuMs(node.pid) - used).toBeLessThan(CPU_MS_MAX);
      await node.addLog('without', 'descriptors');
      // A member that comes back finds no place until there are descriptors again.
      const other = cluster.running.find(
        (running) => running !== node && running.options.index !== before.leader,
      );
      await other?.kill();
      const again = cluster.start(other?.options.index ?? 0);
      soft('1024');
      for (const stranger of strangers) stranger.destroy();
      await until(SERVES_WITHIN_MS, 'the member that came back is connected', async () => {
        const { peers } = await node.info();
        return peers.every((peer) => peer.connected) ? true : undefined;
      });
      await again.addLog('with', 'descriptors');
      await expectUndisturbed(before);
    } finally {
      for (const stranger of strangers) stranger.destroy();
    }
  },
);

test('input that ends without a line feed: its last line is answered, on the leader and on a follower (CASES 14)', async () => {
  cluster = await Cluster.started();
  for (const node of [await cluster.leader(), await cluster.follower()]) {
    const answer = node.command('add_log first line');
    node.child.stdin?.end('add_log last line');
    await answer;
    await until(SERVES_WITHIN_MS, 'the last line is answered', () =>
      node.unasked.length === 1 ? true : undefined,
    );
    const [last = ''] = node.unasked.splice(0);
    expect(JSON.parse(last)).toMatchObject({
      ok: true,
      result: { log: { key: 'last', value: { value: 'line' } } },
    });
    expect(node.hasEnded).toBe(false);
  }
});
