import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { toError } from '../../src/errors';
import type { LogEntry } from '../../src/entry/Entry';
import { until } from '../integration/cluster/until';
import { Recorder } from '../integration/cluster/checks/Recorder';
import { Random } from '../simulation/simulator/world/Random';
import { runClients, type Observations } from './clients';
import { FAULTS } from './faults';
import { SIZE, TorturedCluster } from './TorturedCluster';

export interface TortureOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Told what happens. */
  readonly say: (line: string) => void;
  /** Told how many seconds of faults are over. */
  readonly onProgress?: (seconds: number) => void;
  /** Ends it after the fault under way; the result is then a fault, and its nodes end all the same. */
  readonly signal?: AbortSignal;
}

export interface TortureResult extends Observations {
  readonly acknowledged: number;
  readonly logs: number;
  readonly leaderChanges: number;
  /** How often each kind of fault was done. */
  readonly faults: ReadonlyMap<string, number>;
  /** Kinds that this machine does not allow. */
  readonly skipped: readonly string[];
  /** What was wrong; null when nothing was. */
  readonly fault: string | null;
  /** The folder that was kept because something was wrong. */
  readonly folder: string | null;
}

const SERVES_WITHIN_MS = 60_000;
const CALM_MS_MAX = 1500;

/** Who led which term, as `info` tells it. */
class Leaders {
  private readonly ofTerm = new Map<number, number>();
  fault: string | null = null;

  get changes(): number {
    return Math.max(0, this.ofTerm.size - 1);
  }

  async look(cluster: TorturedCluster): Promise<void> {
    for (const { state, node, currentTerm } of await cluster.infos()) {
      if (state !== 'leader') continue;
      const known = this.ofTerm.get(currentTerm) ?? node;
      if (known !== node) this.fault = `nodes ${known} and ${node} both led term ${currentTerm}`;
      this.ofTerm.set(currentTerm, node);
    }
  }
}

/**
 * Real nodes under real faults: kill -9, SIGSTOP, cuts, lost disks, slow and failing disks, while clients push and
 * get on all of them. Then all is healed, every node must hold the same log, and the clients' history must be one
 * that a single append-only log can explain.
 */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const { seed, signal } = options;
  const cluster = await TorturedCluster.create();
  const recorder = new Recorder();
  const { history } = recorder;
  const leaders = new Leaders();
  const done = new Map<string, number>();
  const skipped = new Set<string>();
  let observations: Observations = { slowestAnswerMs: 0, longestWithoutCommitMs: 0, operations: 0 };
  let fault: string | null;
  let logs: LogEntry[] = [];
  try {
    for (let index = 0; index < SIZE; index++) cluster.start(index);
    await healthy(cluster);
    let stopped = false;
    const clients = runClients(
      cluster,
      recorder,
      (client) => new Random(seed, `client ${client}`),
      () => stopped,
    );
    const watching = watch(cluster, leaders, () => stopped);
    await Promise.race([disturb(cluster, options, done, skipped), clients]);
    stopped = true;
    observations = await clients;
    await watching;
    if (signal?.aborted === true) throw new Error('it was asked to stop');
    logs = await agreedLog(cluster);
    fault = leaders.fault ?? unasked(cluster) ?? history.faultIn(logs);
  } catch (thrown) {
    fault = toError(thrown).stack ?? toError(thrown).message;
  }
  if (fault !== null) keepEvidence(cluster, history, logs, fault);
  await cluster.end(fault !== null);
  return {
    ...observations,
    acknowledged: history.acknowledged.length,
    logs: logs.length,
    leaderChanges: leaders.changes,
    faults: done,
    skipped: [...skipped],
    fault,
    folder: fault === null ? null : cluster.folder,
  };
}

async function disturb(
  cluster: TorturedCluster,
  { seconds, seed, say, onProgress, signal }: TortureOptions,
  done: Map<string, number>,
  skipped: Set<string>,
): Promise<void> {
  const random = new Random(seed, 'faults');
  const start = performance.now();
  const passed = (): number => (performance.now() - start) / 1000;
  while (passed() < seconds && signal?.aborted !== true) {
    onProgress?.(passed());
    const [name, fault] = random.pick(FAULTS);
    const allowed = await fault(cluster, random);
    if (!allowed) {
      if (!skipped.has(name)) say(`skipped: ${name} needs root and strace`);
      skipped.add(name);
      continue;
    }
    done.set(name, (done.get(name) ?? 0) + 1);
    say(name);
    await new Promise((resolve) => setTimeout(resolve, random.below(CALM_MS_MAX)));
    restartEnded(cluster);
  }
}

/** A node whose disk failed late has ended by itself. */
function restartEnded(cluster: TorturedCluster): void {
  for (let index = 0; index < SIZE; index++) if (cluster.running(index) === undefined) cluster.start(index);
}

async function watch(cluster: TorturedCluster, leaders: Leaders, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    // A node that is killed meanwhile does not answer.
    await leaders.look(cluster).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function healthy(cluster: TorturedCluster): Promise<void> {
  await until(SERVES_WITHIN_MS, 'all are voters and name one leader', async () => {
    restartEnded(cluster);
    const infos = await cluster.infos().catch(() => []);
    const leader = infos[0]?.leader ?? null;
    const whole = infos.length === SIZE && infos.every((info) => info.membership === 'voter');
    return whole && leader !== null && infos.every((info) => info.leader === leader) ? true : undefined;
  });
}

/** Heals all, waits until the nodes are equal, and reads the whole log from each. */
async function agreedLog(cluster: TorturedCluster): Promise<LogEntry[]> {
  cluster.links.healAll();
  await healthy(cluster);
  const index = await until(SERVES_WITHIN_MS, 'all logs are equal and committed', async () => {
    const infos = await cluster.infos();
    const [first] = infos;
    const equal = infos.every((info) => info.hash === first?.hash && info.committedIndex === first.index);
    return equal ? first?.index : undefined;
  });
  const logs = [];
  for (let node = 0; node < SIZE; node++) {
    const running = cluster.running(node);
    if (running === undefined) throw new Error(`node ${node} has ended`);
    logs.push(await Promise.all(Array.from({ length: index }, (_, at) => running.getLog(at + 1))));
  }
  const [first = [], ...others] = logs;
  for (const [at, other] of others.entries())
    if (JSON.stringify(other) !== JSON.stringify(first))
      throw new Error(`node ${at + 1} holds another log than node 0`);
  return first;
}

function unasked(cluster: TorturedCluster): string | null {
  const lines = cluster.nodes.flatMap((node) => node?.unasked ?? []);
  return lines.length === 0
    ? null
    : `lines on stdout that nobody asked for: ${lines.slice(0, 3).join(' | ')}`;
}

function keepEvidence(
  cluster: TorturedCluster,
  history: Recorder['history'],
  logs: readonly LogEntry[],
  fault: string,
): void {
  writeFileSync(path.join(cluster.folder, 'fault.txt'), `${fault}\n`);
  writeFileSync(
    path.join(cluster.folder, 'history.json'),
    JSON.stringify({ pushes: history.pushes, gets: history.gets, logs }, null, 1),
  );
}
