import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeInfo } from '../../../src/api';
import { freeStartPort } from '../cluster/Cluster';
import type { Answer } from '../cluster/NodeProcess';
import { linesWithoutRecords } from '../cluster/notices';
import { until } from '../cluster/until';
import { NODE } from '../../programs';
import { StartedProgram } from '../../StartedProgram';
import { environmentOf } from '../../../src/linux/processes';
import { cpuMs } from '../../linuxProcesses';

/** How a node and npm start end, on real processes. */
/** What ends within 5 s by itself has so long on a busy machine, ms. */
const STOP_MS = 60_000;
/** Until three nodes serve. */
const STARTS_MS = 120_000;
/** Of a span in which a node that spins would use all. */
const LOOK_MS = 2000;

let directory: string;
let port: number;
let started: ChildProcess[];
beforeEach(async () => {
  port = await freeStartPort();
  directory = mkdtempSync(join(tmpdir(), 'mokka-ends-'));
  started = [];
});
afterEach(async () => {
  // Each is the leader of a process group of its own: all that it started goes with it.
  for (const { pid } of started) if (pid !== undefined) killGroup(pid);
  await Promise.all(started.map(ended));
  await portsFree();
  rmSync(directory, { recursive: true });
});

const wait = async (ms: number, what: string, look: () => boolean | Promise<boolean>): Promise<void> => {
  await until(ms, what, async () => ((await look()) ? true : undefined));
};

/** Nothing of it holds up the end of jest's worker then. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, with all that it started.
  }
}

/** A process that may be typed into, in a group of its own. */
class Started extends StartedProgram {
  /** As soon as it ends: what it started may hold its stdout for longer. */
  readonly status: Promise<number | string>;

  constructor(command: readonly string[], closedStdout = false) {
    const env = {
      ...process.env,
      INDEX: '0',
      START_PORT: String(port),
      DATA_DIR: directory,
      LOG_LEVEL: 'info',
    };
    super(command, { env, detached: true, input: true });
    started.push(this.child);
    if (closedStdout) this.child.stdout?.destroy();
    this.status = once(this.child, 'exit').then(
      ([status, signal]: unknown[]) => (status ?? signal) as number | string,
    );
  }

  type(lines: string): void {
    this.child.stdin?.write(lines);
  }

  answered(count: number): Promise<void> {
    return wait(STARTS_MS, `${count} answers`, () => this.lines.length >= count);
  }

  /** Types a line and waits for its answer; all lines before it are answered. */
  async ask(line: string): Promise<Answer> {
    const before = this.lines.length;
    this.type(`${line}\n`);
    await this.answered(before + 1);
    return JSON.parse(this.lines[before] ?? '') as Answer;
  }

  logged(text: string): Promise<void> {
    return wait(STOP_MS, `'${text}' on stderr`, () => this.stderr.includes(text));
  }
}

const startNode = (closedStdout = false): Started => new Started([process.execPath, ...NODE], closedStdout);
const npm = (script: string): Started => new Started(['npm', 'run', '--silent', script]);

async function isHeld(listened: number): Promise<boolean> {
  const socket = connect(listened, '127.0.0.1');
  const held = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return held;
}

async function isAnyPortHeld(): Promise<boolean> {
  const held = await Promise.all([0, 1, 2].map((index) => isHeld(port + index)));
  return held.includes(true);
}

const portsFree = (): Promise<void> => wait(STOP_MS, 'ports free', async () => !(await isAnyPortHeld()));

describe('a node', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it with status 0', async (signal) => {
    const node = startNode();
    await node.logged('initializing');
    node.child.kill(signal);
    await expect(node.status).resolves.toBe(0);
  });

  test('SIGHUP changes nothing; the end of its input leaves it running', async () => {
    const node = startNode();
    node.child.stdin?.end('help\n');
    await node.answered(1);
    node.child.kill('SIGHUP');
    await node.logged('SIGHUP changes nothing');
    expect(node.child.exitCode).toBeNull();
    expect(await isHeld(port)).toBe(true);
  });

  test('a stop answers what waits; a second signal, later than a repeated key press, ends it at once', async () => {
    // Both lines are taken at once: the add waits when the info is answered.
    const informed = ({ stdout }: { stdout: string }): Promise<boolean> =>
      Promise.resolve(stdout.includes('\n'));
    const node = startNode();
    node.type('info\nadd_log k v\n');
    await wait(STOP_MS, 'the info', () => informed(node));
    node.child.kill('SIGTERM');
    await expect(node.status).resolves.toBe(0);
    expect(JSON.parse(node.stdout.split('\n')[1] ?? '')).toMatchObject({
      command: 'add_log',
      error: { code: 'NODE_UNREACHABLE' },
    });

    const hurried = startNode();
    hurried.type('info\nadd_log k v\n');
    await wait(STOP_MS, 'the info', () => informed(hurried));
    // Until it has ended: the first stops it, those of the same key press do nothing, a later one ends it.
    const signals = setInterval(() => hurried.child.kill('SIGTERM'), 100);
    await expect(hurried.status).resolves.toBe(1);
    clearInterval(signals);
  });

  test('a closed stdout neither ends it nor makes it spin', async () => {
    const node = startNode(true);
    node.type('info\ninfo\n');
    await node.logged('initializing');
    node.type('info\n');
    const { pid = 0 } = node.child;
    // Its start may still be under way at first: a node that spins never comes to rest.
    await wait(STOP_MS, 'a span in which it rests', async () => {
      const before = cpuMs(pid);
      await new Promise((done) => setTimeout(done, LOOK_MS));
      return cpuMs(pid) - before < LOOK_MS / 2;
    });
    expect(node.child.exitCode).toBeNull();
    node.child.kill('SIGTERM');
    await expect(node.status).resolves.toBe(0);
  });

  test('a taken port and a wrong INDEX: one line, and their status', async () => {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const node = startNode();
    await expect(node.status).resolves.toBe(1);
    expect(linesWithoutRecords(node.stderr)).toEqual([expect.stringMatching(/^PORT_TAKEN: /)]);
    server.close();
    await once(server, 'close');
    const wrong = new Started(['env', 'INDEX=9', process.execPath, ...NODE]);
    await expect(wrong.status).resolves.toBe(2);
    expect(wrong.stderr).toMatch(/^BAD_CONFIG: [^\n]+\n$/);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('%s to its npm alone stops it', async (signal) => {
    const script = npm('node:0');
    await script.logged('initializing');
    await wait(STOP_MS, 'the port held', () => isHeld(port));
    script.child.kill(signal);
    await portsFree();
  });
});

describe('npm start', () => {
  const startCluster = async (): Promise<Started> => {
    const cluster = npm('start');
    // On a slow disk or a busy machine it takes longer until there is one than an add waits for it.
    await wait(STARTS_MS, 'a leader', async () => {
      const { result } = await cluster.ask('info');
      return (result as NodeInfo).leader !== null;
    });
    expect(await cluster.ask('add_log super test')).toMatchObject({ ok: true, result: { index: 1 } });
    return cluster;
  };

  test('answers all lines, the last one without its LF, and ends with its input', async () => {
    const cluster = npm('start');
    cluster.child.stdin?.end('add_log super test\nget_log 1\ninfo');
    await expect(cluster.status).resolves.toBe(0);
    const answers = cluster.stdout.trimEnd().split('\n');
    expect(answers.map((line) => (JSON.parse(line) as { command: string }).command)).toEqual([
      'add_log',
      'get_log',
      'info',
    ]);
    expect(await isAnyPortHeld()).toBe(false);
  });

  test('exit ends all three', async () => {
    const cluster = await startCluster();
    cluster.type('exit\n');
    await expect(cluster.status).resolves.toBe(0);
    expect(await isAnyPortHeld()).toBe(false);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('%s to npm alone ends all three', async (signal) => {
    const cluster = await startCluster();
    cluster.child.kill(signal);
    await portsFree();
  });

  test('kill -9 of what started the nodes ends all three', async () => {
    const cluster = await startCluster();
    const pids = execFileSync('pgrep', ['-g', String(cluster.child.pid), '-f', 'mokkaCluster.js start'], {
      encoding: 'utf8',
    });
    for (const pid of pids.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    await portsFree();
  });

  test('a node that dies is named, and the others go on', async () => {
    const cluster = await startCluster();
    const pids = execFileSync('pgrep', ['-g', String(cluster.child.pid), '-f', 'cluster_node.js'], {
      encoding: 'utf8',
    });
    const victim = pids
      .trim()
      .split('\n')
      .find((pid) => environmentOf(Number(pid))?.includes('INDEX=2'));
    process.kill(Number(victim), 'SIGKILL');
    await cluster.logged('node 2 was killed by SIGKILL, the others go on');
    expect(await cluster.ask('add_log after it')).toMatchObject({ ok: true, result: { index: 2 } });
  });

  test('a second one on the same data says so, and shows nothing of the first', async () => {
    const first = await startCluster();
    const second = npm('start');
    await expect(second.status).resolves.toBe(1);
    expect(second.stdout).toBe('');
    expect(second.stderr).toMatch(/^DATA_LOCKED: the directory .*node-0 is in use by another process .*\n$/);
    first.type('exit\n');
    await expect(first.status).resolves.toBe(0);
  });

  test('a node that cannot start ends all, with its reason and status', async () => {
    const server = createServer((socket) => socket.destroy()).listen(port + 1, '127.0.0.1');
    await once(server, 'listening');
    const cluster = npm('start');
    await expect(cluster.status).resolves.toBe(1);
    expect(cluster.stderr).toMatch(/^node 1 ended with status 1\n {2}PORT_TAKEN: /m);
    server.close();
    await once(server, 'close');
  });
});
