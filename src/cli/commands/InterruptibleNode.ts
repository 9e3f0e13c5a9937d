import { RequestError, toError } from '../../errors';
import type { ClusterNode, Db, PushApi, NodeInfo, Trimmed } from '../../api';
import type { LogEntry } from '../../entry/Entry';
import { tellWhyWaiting } from './tellWhyWaiting';

/** What became of an add that its user waits for no longer. */
export const endedWait = (): RequestError =>
  new RequestError(
    'UNKNOWN_OUTCOME',
    'you ended the wait; the node tries for 10 s in all, so it may or may not be committed: look with tail before you add it again',
  );

/** A node for a person, who is told why an add waits, and can end the wait. */
export class InterruptibleNode implements ClusterNode {
  private readonly waiting = new Set<(error: RequestError) => void>();
  private endTelling: () => void = () => undefined;

  constructor(
    private readonly node: ClusterNode,
    private readonly look: () => Promise<NodeInfo>,
    private readonly tell: (text: string) => void,
  ) {}

  readonly logApi: PushApi = {
    push: (key, value, options) => this.wait(this.node.logApi.push(key, value, options)),
  };

  trim(index: number): Promise<Trimmed> {
    return this.node.trim(index);
  }

  getDb(): Db {
    return this.node.getDb();
  }

  /** Ends the wait for all adds that have no answer; false when there are none. */
  interrupt(): boolean {
    if (this.waiting.size === 0) return false;
    for (const reject of this.waiting) reject(endedWait());
    return true;
  }

  private wait(push: Promise<LogEntry>): Promise<LogEntry> {
    return new Promise((resolve, reject) => {
      if (this.waiting.size === 0) this.endTelling = tellWhyWaiting(this.look, this.tell);
      const end = (act: () => void): void => {
        if (this.waiting.delete(interrupted) && this.waiting.size === 0) this.endTelling();
        act();
      };
      const interrupted = (error: RequestError): void => end(() => reject(error));
      this.waiting.add(interrupted);
      push.then(
        (entry) => end(() => resolve(entry)),
        (thrown: unknown) => end(() => reject(toError(thrown))),
      );
    });
  }
}
