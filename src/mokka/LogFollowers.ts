import { setImmediate as nextTurn } from 'node:timers/promises';
import { RequestError } from '../errors';
import { FOLLOW_PAGE_BYTES_MAX, FOLLOW_PAGE_ENTRIES_MAX, FOLLOWERS_MAX } from '../limits';
import type { FollowOptions } from '../api';
import type { LogEntry } from '../entry/Entry';

/** The committed logs of a node, as far as it may tell them. */
export interface ToldLogs {
  /**
   * Logs from this index on, as many as the limits allow but one at least; none where this node knows of none yet.
   *
   * @throws RequestError NODE_UNREACHABLE, HISTORIES_DIFFER
   */
  readFrom(index: number, maxBytes: number, maxCount: number): LogEntry[];
}

interface WaitingFollower {
  readonly index: number;
  readonly wake: () => void;
}

/**
 * Who reads the log from some index on and goes on with what comes. A follower takes one page at a time, when it asks for
 * the next log: one that stops costs a page, and the log waits for nobody.
 */
export class LogFollowers {
  private readonly waiting = new Set<WaitingFollower>();
  private count = 0;

  constructor(private readonly logs: ToldLogs) {}

  /** See {@link LogReader.follow}. */
  async *follow({ from = 1, signal }: FollowOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    checkFrom(from);
    if (this.count >= FOLLOWERS_MAX)
      throw new RequestError(
        'BUSY',
        `${FOLLOWERS_MAX} readers follow the log of this node: end some of them`,
      );
    this.count++;
    try {
      let next = from;
      while (signal?.aborted !== true) {
        const page = this.logs.readFrom(next, FOLLOW_PAGE_BYTES_MAX, FOLLOW_PAGE_ENTRIES_MAX);
        for (const log of page) {
          yield log;
          next = log.index + 1;
          if (hasEnded(signal)) return;
        }
        // Heartbeats have their turn between two pages.
        if (page.length > 0) await nextTurn();
        else await this.committed(next, signal);
      }
    } finally {
      this.count--;
    }
  }

  /** The log with this index and all before it are committed. */
  committedTo(index: number): void {
    for (const follower of this.waiting) if (follower.index <= index) follower.wake();
  }

  /** The node has stopped: each follower learns it from its next look. */
  close(): void {
    this.committedTo(Infinity);
  }

  /** Resolves when the log with this index is committed, the node stops, or the signal is aborted. */
  private committed(index: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(follower);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const follower = { index, wake };
      this.waiting.add(follower);
      signal?.addEventListener('abort', wake);
    });
  }
}

/** Asked anew after each `yield`, during which it may have been aborted. */
function hasEnded(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** @throws RequestError BAD_ARGUMENT */
export function checkFrom(from: unknown): void {
  if (typeof from !== 'number' || !Number.isSafeInteger(from) || from < 1)
    throw new RequestError('BAD_ARGUMENT', `from is an index, 1 or more, not ${String(from)}`);
}
