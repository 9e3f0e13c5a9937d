import { setTimeout as pause } from 'node:timers/promises';
import { RequestError } from '../../errors';
import { FOLLOW_RETRY_MS } from '../../limits';
import type { NodeInfo } from '../../api';
import type { LogSource } from '../commands/logLists';
import type { LogList } from '../render/renderTables';
import { NodeClient, NodeUnreachableError } from './NodeClient';

/** The logs of a node of another process, over its restarts: while it does not answer, it is tried again and again. */
export class FollowedNode implements LogSource {
  private client: NodeClient | null;
  private told = false;

  /** `tell` is told once, each time the node has gone. When `signal` is aborted, what is asked rejects. */
  constructor(
    private readonly directory: string,
    client: NodeClient,
    private readonly tell: (text: string) => void,
    private readonly signal: AbortSignal,
  ) {
    this.client = client;
    signal.addEventListener('abort', () => this.client?.close());
  }

  async committedIndex(): Promise<number> {
    return ((await this.ask('info')) as NodeInfo).committedIndex;
  }

  async list(from: number, count: number): Promise<LogList> {
    return (await this.ask(`list ${from} ${count}`)) as LogList;
  }

  close(): void {
    this.client?.close();
  }

  /** The result of a command that reads, when the node answers it. */
  async ask(line: string): Promise<unknown> {
    for (;;) {
      try {
        this.client ??= await NodeClient.connect(this.directory);
        const result = await this.client.request(line);
        this.told = false;
        return result;
      } catch (thrown) {
        if (this.signal.aborted || !isPassing(thrown)) throw thrown;
        this.client?.close();
        this.client = null;
        if (!this.told) this.tell('the node does not answer; when it does, the logs go on here');
        this.told = true;
        await pause(FOLLOW_RETRY_MS, undefined, { signal: this.signal });
      }
    }
  }
}

function isPassing(thrown: unknown): boolean {
  return (
    thrown instanceof NodeUnreachableError || (thrown instanceof RequestError && thrown.code === 'NO_LEADER')
  );
}
