import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RequestError } from '../../errors';
import { FOLLOW_PAGE_BYTES_MAX, FOLLOW_PAGE_ENTRIES_MAX, FOLLOWERS_MAX } from '../../limits';
import type { FollowOptions } from '../../api';
import { DecodedEntries } from '../../entry/DecodedEntries';
import type { Entry, LogEntry } from '../../entry/Entry';
import { badArgument } from '../pushes/checkPush';
import { checkIndex, checkObject } from './checkRead';

/** The committed logs of a node, as far as it may tell them. */
export interface ToldLogs {
  /**
   * Logs from this index on, as many as the limits allow but one at least; none where this node knows of none yet.
   *
   * @throws RequestError NODE_UNREACHABLE, HISTORIES_DIFFER
   */
  readFrom(index: number, maxBytes: number, maxCount: number): Entry[];
}

/** How pages are followed. */
export interface PageFollowOptions extends FollowOptions {
  /** The caller has a place among those who follow; without it, one is taken while the generator runs. */
  readonly hasPlace?: boolean;
}

/** One who follows. */
interface Follower {
  /** It was ended by `return`. */
  ended: boolean;
  /** While it waits: the index of the log that it waits for. */
  waitsFor: number;
  wake: () => void;
}

const AWAKE = (): void => undefined;

/**
 * Who reads the log from some index on and goes on with what comes. A follower takes one page at a time, when it asks for
 * the next log: one that stops costs a page, and the log waits for nobody. One page is read in a turn of the event loop,
 * whoever takes it: so heartbeats have their turn between two pages, however many are asked for.
 */
export class LogFollowers {
  private readonly decoded = new DecodedEntries();
  private readonly waiting = new Set<Follower>();
  private countNow = 0;
  private lastTurn = Promise.resolve();

  constructor(private readonly logs: ToldLogs) {}

  /** How many there are. */
  get count(): number {
    return this.countNow;
  }

  /** See {@link LogReader.follow}. */
  follow(options: FollowOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    const follower: Follower = { ended: false, waitsFor: 0, wake: AWAKE };
    return endsWhileItWaits(this.logsOf(options, follower), follower);
  }

  /** See {@link StoredLogs.follow}. */
  followPages(options: PageFollowOptions = {}): AsyncGenerator<readonly Entry[], void, undefined> {
    const follower: Follower = { ended: false, waitsFor: 0, wake: AWAKE };
    return endsWhileItWaits(this.pagesOf(options, follower), follower);
  }

  /** See {@link StoredLogs.takePlace}. */
  takePlace(): () => void {
    if (this.countNow >= FOLLOWERS_MAX)
      throw new RequestError(
        'BUSY',
        `${FOLLOWERS_MAX} readers follow the log of this node: end some of them`,
      );
    this.countNow++;
    return () => this.countNow--;
  }

  /** The log with this index and all before it are committed. */
  committedTo(index: number): void {
    for (const follower of this.waiting) if (follower.waitsFor <= index) follower.wake();
  }

  /** Nothing more is told: the node has stopped, or histories differ. Each follower learns why when it reads. */
  readAgain(): void {
    this.committedTo(Infinity);
  }

  private async *logsOf(
    options: FollowOptions,
    follower: Follower,
  ): AsyncGenerator<LogEntry, void, undefined> {
    for await (const page of this.pagesOf(options, follower))
      for (const entry of page) {
        yield this.decoded.logOf(entry);
        if (hasEnded(options, follower)) return;
      }
  }

  private async *pagesOf(
    options: PageFollowOptions,
    follower: Follower,
  ): AsyncGenerator<readonly Entry[], void, undefined> {
    checkObject(options);
    const { from = 1, signal, hasPlace = false } = options;
    checkIndex('from', from);
    checkSignal(signal);
    const leave = hasPlace ? null : this.takePlace();
    const wake = (): void => follower.wake();
    if (signal !== undefined) setMaxListeners(0, signal);
    signal?.addEventListener('abort', wake);
    try {
      let next = from;
      for (;;) {
        await this.turn();
        if (hasEnded(options, follower)) return;
        const page = this.logs.readFrom(next, FOLLOW_PAGE_BYTES_MAX, FOLLOW_PAGE_ENTRIES_MAX);
        next += page.length;
        if (page.length > 0) yield page;
        else await this.committed(next, follower);
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      leave?.();
    }
  }

  /** Resolves when the log with this index is committed, or the follower is woken for another reason. */
  private committed(index: number, follower: Follower): Promise<void> {
    return new Promise((resolve) => {
      follower.waitsFor = index;
      follower.wake = () => {
        this.waiting.delete(follower);
        follower.wake = AWAKE;
        resolve();
      };
      this.waiting.add(follower);
    });
  }

  /** Resolves in a turn of the event loop in which nobody else reads a page. */
  turn(): Promise<void> {
    this.lastTurn = this.lastTurn.then(() => nextTurn());
    return this.lastTurn;
  }
}

/** Of itself a generator would end only when it waits no more. */
function endsWhileItWaits<T>(
  generator: AsyncGenerator<T, void, undefined>,
  follower: Follower,
): AsyncGenerator<T, void, undefined> {
  const end = generator.return.bind(generator);
  generator.return = (value) => {
    follower.ended = true;
    follower.wake();
    return end(value);
  };
  return generator;
}

function hasEnded({ signal }: FollowOptions, { ended }: Follower): boolean {
  return ended || signal?.aborted === true;
}

function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badArgument('signal is the signal of an AbortController', signal);
}
