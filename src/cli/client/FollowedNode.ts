import { setTimeout as pause } from 'node:timers/promises';
import { RequestError } from '../../errors';
import { escapeControls } from '../../escapeControls';
import { FOLLOW_RETRY_MS } from '../../limits';
import type { NodeInfo } from '../../api';
import type { LogSource } from '../commands/logLists';
import type { LogList } from '../render/renderTables';
import { NodeClient, NodeUnreachableError } from './NodeClient';

/**
 * The logs of a node of another process, from before its start and over its restarts: while it does not answer, it is
 * tried again and again.
 */
export class FollowedNode implements LogSource {
  private client: NodeClient | null = null;
  private hasAnswered = false;
  private told = false;

  /**
   * `tell` is told once, each time the node has gone, and where it is not there yet. When `signal` is aborted, what is
   * asked rejects.
   */
  constructor(
    private readonly directory: string,
    private readonly tell: (text: string) => void,
    private readonly signal: AbortSignal,
  ) {
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
        this.hasAnswered = true;
        this.told = false;
        return result;
      } catch (thrown) {
        if (this.signal.aborted || !isPassing(thrown)) throw thrown;
        this.client?.close();
        this.client = null;
        if (!this.told) this.tell(this.whyWaiting(thrown));
        this.told = true;
        await pause(FOLLOW_RETRY_MS, undefined, { signal: this.signal });
      }
    }
  }

  /** Before its first answer the directory may be another than was meant. */
  private whyWaiting({ message }: Error): string {
    if (this.hasAnswered) return 'the node does not answer; when it does, the logs go on here';
    return escapeControls(`${message}; when it answers, its logs are shown here (Ctrl-C ends this)`);
  }
}

function isPassing(thrown: unknown): thrown is Error {
  return (
    thrown instanceof NodeUnreachableError || (thrown instanceof RequestError && thrown.code === 'NO_LEADER')
  );
}
