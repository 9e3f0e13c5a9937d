import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from '../../src/entry/Entry';
import { AwakeTime } from '../AwakeTime';
import type { NodeProcess } from '../integration/cluster/NodeProcess';

/** No line may wait longer for its answer, ms (CASES, INV). */
const ANSWER_MS_MAX = 20_000;

/** Between two adds of a node, ms: what is to be seen is that they go on, and the log's own memory is to stay small. */
const PAUSE_MS = 50;

/** Users of the honest nodes, who add logs one after the other. */
export class Adders {
  readonly acknowledged: LogEntry[] = [];
  readonly values = new Set<string>();
  /** Adds that were answered with NO_LEADER, BUSY or UNKNOWN_OUTCOME: progress was stopped for a while. */
  refused = 0;
  slowestMs = 0;
  private stopped = false;
  private readonly running: Promise<unknown>;

  constructor(nodes: readonly NodeProcess[]) {
    this.running = Promise.all(nodes.map((node) => this.add(node)));
    // Told by `stop`.
    this.running.catch(() => undefined);
  }

  /** Ends when the adds under way are answered. Rejects with what was wrong with an answer. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async add(node: NodeProcess): Promise<void> {
    for (let n = 0; !this.stopped; n++) {
      const value = `${node.options.index}-${n}`;
      this.values.add(value);
      const waited = new AwakeTime();
      const answer = await node.command(`add_log add ${value}`);
      const took = waited.end();
      this.slowestMs = Math.max(this.slowestMs, took);
      if (took > ANSWER_MS_MAX) throw new Error(`an add waited ${Math.round(took)} ms for its answer`);
      if (answer.ok) this.acknowledged.push(answer.result as LogEntry);
      else if (['NO_LEADER', 'BUSY', 'UNKNOWN_OUTCOME'].includes(answer.error?.code ?? '')) this.refused++;
      else throw new Error(`an add was answered with ${JSON.stringify(answer)}`);
      await delay(PAUSE_MS);
    }
  }
}
