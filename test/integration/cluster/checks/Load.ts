import { setTimeout as delay } from 'node:timers/promises';
import { AwakeTime } from '../../../AwakeTime';
import type { NodeProcess } from '../NodeProcess';
import type { Recorder } from './Recorder';

export interface LoadOptions {
  /** Adds in flight on each node. */
  readonly workers: number;
  /** Between two adds of a worker, ms. */
  readonly pauseMs?: number;
}

/** Keeps adds in flight on nodes, each with a value of its own, until it is stopped or the node ends. */
export class Load {
  acknowledged = 0;
  /** Between two acknowledgements, ms; of all workers together. */
  longestGapMs = 0;
  private sinceAcknowledged = new AwakeTime();
  private stopped = false;
  private begun = 0;
  private readonly workers: Promise<void>[] = [];

  constructor(
    private readonly recorder: Recorder,
    private readonly options: LoadOptions,
  ) {}

  on(...nodes: readonly NodeProcess[]): this {
    for (const node of nodes)
      for (let worker = 0; worker < this.options.workers; worker++) {
        const work = this.work(node, `${this.begun++}`);
        // Told by `stop`.
        work.catch(() => undefined);
        this.workers.push(work);
      }
    return this;
  }

  /** Ends when all adds under way are answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.workers);
    this.sinceAcknowledged.end();
  }

  private async work(node: NodeProcess, name: string): Promise<void> {
    // How long a process takes to start is no wait for an answer. One that ends first ends the loop.
    await node.info().catch(() => undefined);
    for (let n = 0; !this.stopped && !node.hasEnded; n++) {
      const entry = await this.recorder.add(node, 'load', `${name}-${n}`);
      if (entry !== null) this.count();
      if (this.options.pauseMs !== undefined) await delay(this.options.pauseMs);
    }
  }

  private count(): void {
    this.acknowledged++;
    this.longestGapMs = Math.max(this.longestGapMs, this.sinceAcknowledged.end());
    this.sinceAcknowledged = new AwakeTime();
  }
}
