import { setTimeout as delay } from 'node:timers/promises';
import { NodeClient } from '../../../../src/cli/client/NodeClient';
import type { NodeInfo } from '../../../../src/api';
import type { Cluster } from '../Cluster';

const LOOK_EVERY_MS = 20;

/**
 * Watches who leads which term, as `info` tells it on each node every 20 ms: through the nodes' sockets, where no line
 * of a client's is before it.
 */
export class LeaderWatch {
  /** The first node that was seen to lead a term. */
  readonly leaders = new Map<number, number>();
  /** What each node told last. */
  readonly infos: (NodeInfo | undefined)[] = [];
  /** Two leaders of one term; null while there were none. */
  fault: string | null = null;
  private stopped = false;
  private readonly clients = new Set<NodeClient>();
  private readonly watching: Promise<unknown>;

  constructor(
    private readonly cluster: Cluster,
    size = 3,
  ) {
    this.watching = Promise.all(Array.from({ length: size }, (_, index) => this.watch(index)));
    // Told by `stop`.
    this.watching.catch(() => undefined);
  }

  /** The leader of the highest term that was seen, or null before the first. */
  get latest(): number | null {
    return this.leaders.get(Math.max(...this.leaders.keys())) ?? null;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const client of this.clients) client.close();
    await this.watching;
  }

  private async watch(index: number): Promise<void> {
    while (!this.stopped) {
      // A node that does not run is looked for again.
      const client = await NodeClient.connect(this.cluster.directoryOf(index)).catch(() => null);
      if (client !== null) {
        this.clients.add(client);
        await this.askUntilItEnds(client, index);
        this.clients.delete(client);
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  private async askUntilItEnds(client: NodeClient, index: number): Promise<void> {
    while (!this.stopped && !client.closed) {
      const answer = await client.ask('info').catch(() => null);
      if (answer?.ok === true) this.note(index, answer.result as NodeInfo);
      await delay(LOOK_EVERY_MS);
    }
    client.close();
  }

  private note(index: number, info: NodeInfo): void {
    this.infos[index] = info;
    if (info.state !== 'leader') return;
    const known = this.leaders.get(info.currentTerm) ?? index;
    if (known !== index) this.fault ??= `nodes ${known} and ${index} both led term ${info.currentTerm}`;
    this.leaders.set(info.currentTerm, known);
  }
}
