import { RequestError } from '../../errors';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import type { Gate } from '../pushes/LogApiParts';

/**
 * Whether this node takes requests: from `connect` on until it stops, and only as far as its log and those that it needs
 * for a quorum are one history.
 */
export class RequestGate implements Gate {
  private state: 'not yet open' | 'open' | 'closed' = 'not yet open';

  constructor(private readonly log: ReplicatedLog) {}

  get isOpen(): boolean {
    return this.state === 'open';
  }

  get isNotYetOpen(): boolean {
    return this.state === 'not yet open';
  }

  /** @throws RequestError NODE_UNREACHABLE when it has been closed */
  open(): void {
    if (this.state === 'closed') throw this.notRunning();
    this.state = 'open';
  }

  close(): void {
    this.state = 'closed';
  }

  /** Why no request is taken now; null where it is. */
  refusal(): RequestError | null {
    return this.state === 'open' ? this.historiesDiffer() : this.notRunning();
  }

  /** Of a node that is not connected: it has stopped, or was not connected yet. */
  notRunning(): RequestError {
    return new RequestError(
      'NODE_UNREACHABLE',
      this.state === 'closed'
        ? 'this node has stopped; nothing was done: ask another node, or start this one anew'
        : 'this node is not connected yet: call connect() first',
    );
  }

  /** Why the log of this number is not told, and nothing after it is taken; null where it is in the shared history. */
  historiesDiffer(logNumber = Infinity): RequestError | null {
    const { sharedIndex, log } = this.log;
    if (sharedIndex === null) return null;
    const shared = log.logNumberAt(sharedIndex);
    if (logNumber <= shared) return null;
    return new RequestError(
      'HISTORIES_DIFFER',
      `the members that are needed share no log after ${shared} with this node: info says what to do`,
    );
  }
}
