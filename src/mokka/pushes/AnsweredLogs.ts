import { OWN_LOG_MS_MAX } from '../../limits';
import type { Clock } from '../log/Clock';
import type { ReadableLog } from '../log/LocalLog';

interface Waiting {
  readonly logNumber: number;
  readonly deadlineAt: number;
  readonly resolve: () => void;
}

/**
 * What this node has acknowledged, which may be more than its own log holds: a follower that is behind passes the
 * leader's answer on. Whoever was answered must find it in what the node tells of itself from then on, so that waits.
 */
export class AnsweredLogs {
  private lastLogNumber = 0;
  private waiting: Waiting[] = [];

  constructor(
    private readonly log: Pick<ReadableLog, 'committedLogNumber'>,
    private readonly clock: Clock,
  ) {}

  /** A log of this number was acknowledged. */
  answered(logNumber: number): void {
    this.lastLogNumber = Math.max(this.lastLogNumber, logNumber);
  }

  /** The last log that was acknowledged and that the own log lacks; null when there is none. */
  get lacking(): number | null {
    return this.lastLogNumber > this.log.committedLogNumber ? this.lastLogNumber : null;
  }

  /** Resolves when the own log has what was acknowledged before the call, or after OWN_LOG_MS_MAX without it. */
  held(): Promise<void> {
    const logNumber = this.lacking;
    if (logNumber === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push({ logNumber, deadlineAt: this.clock.now() + OWN_LOG_MS_MAX, resolve });
    });
  }

  /** This node's commitIndex rose. */
  committed(): void {
    if (this.waiting.length > 0) this.tick(this.clock.now());
  }

  /** Called every few ms. */
  tick(now: number): void {
    if (this.waiting.length === 0) return;
    const committedLogNumber = this.log.committedLogNumber;
    this.waiting = this.waiting.filter(({ logNumber, deadlineAt, resolve }) => {
      if (logNumber > committedLogNumber && now < deadlineAt) return true;
      resolve();
      return false;
    });
  }

  /** Ends all waits: the node stops. */
  close(): void {
    this.tick(Infinity);
  }
}
