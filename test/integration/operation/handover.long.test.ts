import type { LogEntry } from '../../../src/entry/Entry';
import { Cluster } from '../cluster/Cluster';
import type { NodeProcess } from '../cluster/NodeProcess';

/** Keeps adds in flight on the nodes that run, until stopped. A node that stops answers what it took. */
class Load {
  readonly acknowledged: { entry: LogEntry; at: number }[] = [];
  readonly failures: string[] = [];
  private stopped = false;
  private readonly workers: Promise<void>[] = [];

  on(node: NodeProcess): void {
    for (let worker = 0; worker < 4; worker++) this.workers.push(this.work(node, worker));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.workers);
  }

  private async work(node: NodeProcess, worker: number): Promise<void> {
    for (let count = 0; !this.stopped && !node.hasEnded; count++) {
      try {
        const answer = await node.command(`add_log load ${node.options.index}-${worker}-${count}`);
        if (answer.ok) this.acknowledged.push({ entry: answer.result as LogEntry, at: performance.now() });
        else this.failures.push(JSON.stringify(answer));
      } catch {
        // The node stopped before it took this line.
        return;
      }
    }
  }
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? time)));
}

test('a rolling restart of all three under load: status 0, no add fails, and the pause is short', async () => {
  const cluster = await Cluster.started();
  const load = new Load();
  const gaps: string[] = [];
  try {
    for (const node of cluster.running) load.on(node);
    const first = (await cluster.leader()).options.index;
    for (const index of [first, (first + 1) % 3, (first + 2) % 3]) {
      const leads = (await cluster.leader()).options.index === index;
      const node = cluster.node(index);
      const from = load.acknowledged.length;
      await node.expectOk('exit');
      expect(await node.exited).toMatchObject({ code: 0 });
      // Only a leader hands over, and each does before it ends.
      expect(node.lastWords.includes('"event":"handover"')).toBe(leads);
      load.on(cluster.start(index));
      await cluster.leader();
      const times = load.acknowledged.slice(from).map(({ at }) => at);
      gaps.push(`node ${index}${leads ? ' (leader)' : ''}: ${Math.round(longestGap(times))} ms`);
    }
    await load.stop();
    process.stdout.write(`longest gap between two adds answered: ${gaps.join(', ')}\n`);
    expect(load.failures).toEqual([]);
    const { index: last } = await cluster.converged();
    expect(last).toBeGreaterThanOrEqual(load.acknowledged.length);
    const [reader] = cluster.running;
    for (const { entry } of load.acknowledged.slice(-200))
      expect(await reader?.getLog(entry.index)).toEqual(entry);
  } finally {
    await load.stop();
    await cluster.end();
  }
});
