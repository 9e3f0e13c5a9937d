import type { LogEntry } from '../../../src/entry/Entry';
import { Cluster } from '../cluster/Cluster';
import { rounds } from '../cluster/checks/rounds';
import type { NodeProcess } from '../cluster/NodeProcess';
import { runs } from '../../runs';

/** CASES_ROUNDS_FACTOR=1 does all that CASES asks for. */
const ROUNDS = rounds(20, runs(6, 3));
const IN_FLIGHT = 64;
/** Each round is killed after this many acknowledgements, so that all its kinds happen under load. */
const ACKNOWLEDGED_BEFORE_KILL = 40;

interface Load {
  readonly acknowledged: LogEntry[];
  readonly sent: Set<string>;
  stop(): Promise<void>;
  reached(count: number): Promise<void>;
}

/** Keeps adds in flight on all running nodes, each with a value of its own, until stopped. */
function load(nodes: readonly NodeProcess[], prefix: string): Load {
  const acknowledged: LogEntry[] = [];
  const sent = new Set<string>();
  let stopped = false;
  let announce: (() => void) | undefined;
  const run = async (node: NodeProcess, worker: number): Promise<void> => {
    for (let n = 0; !stopped; n++) {
      const value = `${prefix}-${node.options.index}-${worker}-${n}`;
      sent.add(value);
      try {
        const answer = await node.command(`add_log load ${value}`);
        if (answer.ok) acknowledged.push(answer.result as LogEntry);
        else if (!['NO_LEADER', 'BUSY', 'UNKNOWN_OUTCOME'].includes(answer.error?.code ?? ''))
          throw new Error(JSON.stringify(answer));
      } catch (error) {
        // A worker of a node that was killed ends with it.
        if (node.hasEnded) return;
        throw error;
      }
      announce?.();
    }
  };
  const workers = Array.from({ length: IN_FLIGHT }, (_, worker) => {
    const node = nodes[worker % nodes.length];
    if (node === undefined) throw new Error('no node to load');
    return run(node, worker);
  });
  return {
    acknowledged,
    sent,
    stop: async () => {
      stopped = true;
      await Promise.all(workers);
    },
    reached: (count) =>
      new Promise((resolve) => {
        announce = () => {
          if (acknowledged.length >= count) resolve();
        };
        announce();
      }),
  };
}

async function victims(cluster: Cluster, round: number): Promise<NodeProcess[]> {
  if (round % 3 === 0) return [await cluster.leader()];
  if (round % 3 === 1) return [await cluster.follower()];
  return cluster.running;
}

/** The whole log of a node, by piping all its indexes at once. */
async function wholeLog(node: NodeProcess, last: number): Promise<LogEntry[]> {
  return Promise.all(Array.from({ length: last }, (_, at) => node.getLog(at + 1)));
}

test(`kill -9 of the leader, a follower or all under ${IN_FLIGHT} adds in flight, ${ROUNDS} rounds (CASES 4)`, async () => {
  const cluster = await Cluster.started();
  const acknowledged: LogEntry[] = [];
  const sent = new Set<string>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const killed = await victims(cluster, round);
      const running = load(cluster.running, `r${round}`);
      await running.reached(ACKNOWLEDGED_BEFORE_KILL);
      for (const node of killed) node.signalGroup('SIGKILL');
      await Promise.all(killed.map((node) => node.exited));
      await running.stop();
      acknowledged.push(...running.acknowledged);
      for (const value of running.sent) sent.add(value);
      for (const node of killed) cluster.start(node.options.index);
      await cluster.leader();
    }
    const { index: last } = await cluster.converged();
    const logs = [];
    for (const node of cluster.running) logs.push(await wholeLog(node, last));
    const [first] = logs;
    for (const log of logs) expect(log).toEqual(first);
    for (const entry of acknowledged) expect(first?.[entry.index - 1]).toEqual(entry);
    const values = first?.map((entry) => entry.log.value.value) ?? [];
    expect(new Set(values).size).toBe(values.length);
    expect(values.filter((value) => !sent.has(value))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(ROUNDS * ACKNOWLEDGED_BEFORE_KILL);
  } finally {
    await cluster.end();
  }
});
