import { once } from 'node:events';
import type { Entry } from '../../entry/Entry';
import { RequestError } from '../../errors';
import {
  FOLLOW_COMMENT_MS,
  FOLLOW_LOOKS_WITHOUT_LEADER_MAX,
  FOLLOW_STALL_MS,
  HTTP_BYTES_OWN,
  LOG_TEXT_LENGTH_MAX,
} from '../../httpLimits';
import { FOLLOW_PAGE_BYTES_MAX } from '../../limits';
import type { Release } from '../answers/BytesUnderWay';
import { NOT_STORED } from '../answers/caching';
import type { Exchange } from '../answers/Exchange';
import { JsonText } from '../answers/JsonText';
import { NDJSON_TYPE } from '../answers/mediaTypes';
import { problemOf, type Problem } from '../answers/problemAnswer';
import type { DoorParts } from '../contract/Route';

/** How a stream of logs is written. */
export interface StreamFormat {
  readonly contentType: string;
  /** What is sent at once, and while nothing else is. */
  readonly comment: string;
  /** The same while the node knows no leader: what others commit does not come to it. */
  readonly noLeader: string;
  /** What stands before the JSON of the log with this index, and behind it. */
  before(index: number): string;
  readonly after: string;
  /** The last that is sent, when the node can tell no more. */
  problem(problem: Problem): string;
}

/** Server-sent events: `id` is the index, with which a browser resumes. */
export const SSE: StreamFormat = {
  contentType: 'text/event-stream',
  comment: ':\n\n',
  noLeader: ': no leader\n\n',
  before: (index) => `id: ${index}\ndata: `,
  after: '\n\n',
  problem: (problem) => `event: problem\ndata: ${JSON.stringify(problem)}\n\n`,
};

/** A line of JSON a log; an empty one says that the connection is whole, one with `error` is the last. */
export const NDJSON: StreamFormat = {
  contentType: NDJSON_TYPE,
  comment: '\n',
  noLeader: '\n',
  before: () => '',
  after: '\n',
  problem: ({ code, detail, floor }) =>
    `${JSON.stringify({ error: { code, message: detail, ...(floor === undefined ? {} : { floor }) } })}\n`,
};

/**
 * Sends the logs from an index on, and those that come, as fast as they are read: a reader that is slow is waited for,
 * with one batch in memory; of one that has stopped, even the page that its batch came from is given up.
 */
export class FollowStream {
  private batch = '';
  private release: Release | null = null;
  /** Bytes that found no room. */
  private wanted = 0;
  private flushSoon = false;
  private wroteAt = performance.now();
  /** Looks in a row at which the node knew no leader. */
  private looksWithoutLeader = 0;

  constructor(
    private readonly exchange: Exchange,
    private readonly parts: Pick<DoorParts, 'node' | 'bytes' | 'texts'>,
    private readonly format: StreamFormat,
  ) {}

  /**
   * Resolves when the client has gone, the door closes or the node can tell no more.
   *
   * @throws RequestError for what can be told by a status: nothing was sent yet.
   */
  async run(from: number): Promise<void> {
    const { signal, outgoing } = this.exchange;
    let next = from;
    const leavePlace = this.parts.node.storedLogs.takePlace();
    const comments = setInterval(() => void this.comment(), FOLLOW_COMMENT_MS);
    try {
      while (!signal.aborted) {
        next = await this.follow(next);
        await this.goOn();
      }
      this.flush();
      if (this.looksWithoutLeader >= FOLLOW_LOOKS_WITHOUT_LEADER_MAX) throw cutOff();
    } catch (thrown) {
      if (!outgoing.headersSent) throw thrown;
      if (!this.exchange.gone) outgoing.write(this.batch + this.format.problem(problemOf(thrown)));
    } finally {
      clearInterval(comments);
      leavePlace();
      this.release?.();
    }
    outgoing.end();
  }

  /** Sends logs until the reader stops, or there is no room for the next. Returns the index to go on from. */
  private async follow(from: number): Promise<number> {
    const { signal, outgoing } = this.exchange;
    const pages = this.parts.node.storedLogs.follow({ from, signal, hasPlace: true });
    let next = from;
    try {
      const first = pages.next();
      await this.begin(first);
      for (let told = await first; told.done !== true; told = await pages.next())
        for (const entry of told.value) {
          if (signal.aborted || !this.add(entry)) return next;
          next = entry.logNumber + 1;
          if (!outgoing.writableNeedDrain) continue;
          // A page of one long log is used up, and is not held while that is sent.
          if (entry.bytes.length > FOLLOW_PAGE_BYTES_MAX) return next;
          if (!(await this.drained(FOLLOW_STALL_MS))) return next;
        }
      return next;
    } finally {
      await pages.return();
    }
  }

  /** The head goes out when it is known that there is no error to tell. */
  private async begin(first: Promise<unknown>): Promise<void> {
    const { outgoing } = this.exchange;
    if (outgoing.headersSent) return;
    await Promise.race([first, nextTurns()]);
    const since = this.exchange.sinceHeader();
    outgoing.writeHead(200, { ...NOT_STORED, 'content-type': this.format.contentType, ...since });
    outgoing.write(this.format.comment);
  }

  /** Sends a log; false where there is no room for it. */
  private add(entry: Entry): boolean {
    const { format } = this;
    const before = format.before(entry.logNumber);
    if (entry.bytes.length <= LOG_TEXT_LENGTH_MAX) {
      this.addToBatch(before + this.parts.texts.jsonOf(entry) + format.after);
      return true;
    }
    const text = new JsonText().add(before).addLog(entry).add(format.after);
    const release = this.release ?? this.parts.bytes.tryTake(text.length);
    this.release = null;
    if (release === null) {
      this.wanted = text.length;
      return false;
    }
    this.flush();
    if (this.exchange.gone) release();
    else this.write(text.toSend(), release);
    return true;
  }

  private addToBatch(text: string): void {
    this.batch += text;
    if (this.batch.length >= HTTP_BYTES_OWN) this.flush();
    else if (!this.flushSoon) {
      this.flushSoon = true;
      setImmediate(() => this.flush());
    }
  }

  private flush(): void {
    this.flushSoon = false;
    if (this.batch === '' || this.exchange.gone) return;
    const { batch } = this;
    this.batch = '';
    this.write(batch);
  }

  private write(text: string | Buffer, written?: () => void): void {
    this.wroteAt = performance.now();
    this.looksWithoutLeader = 0;
    this.exchange.outgoing.write(text, written);
  }

  /** The reader has stopped, or there was no room: goes on when that is over. */
  private async goOn(): Promise<void> {
    this.flush();
    const { outgoing, signal } = this.exchange;
    if (outgoing.writableNeedDrain && !signal.aborted) await this.drained(Infinity);
    if (this.wanted === 0) return;
    this.release = await this.parts.bytes.takeInTime(this.wanted, () => !signal.aborted);
    this.wanted = 0;
  }

  /** Whether what was written is read within so many ms. */
  private async drained(ms: number): Promise<boolean> {
    const { outgoing, signal } = this.exchange;
    const late = new AbortController();
    const end = (): void => late.abort();
    const timer = ms === Infinity ? undefined : setTimeout(end, ms);
    signal.addEventListener('abort', end);
    try {
      await once(outgoing, 'drain', { signal: late.signal });
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  /** Not while the reader stands still: that is what its time-out is for. */
  private async comment(): Promise<void> {
    const { outgoing } = this.exchange;
    const isQuiet = (): boolean =>
      outgoing.headersSent &&
      !outgoing.writableNeedDrain &&
      !outgoing.writableEnded &&
      !this.exchange.gone &&
      performance.now() - this.wroteAt >= FOLLOW_COMMENT_MS / 2;
    if (!isQuiet()) return;
    const info = await this.parts.node
      .getDb()
      .getState()
      .getInfo()
      .catch(() => null);
    if (!isQuiet()) return;
    this.looksWithoutLeader = info?.leader === null ? this.looksWithoutLeader + 1 : 0;
    if (this.looksWithoutLeader >= FOLLOW_LOOKS_WITHOUT_LEADER_MAX) this.exchange.end();
    else outgoing.write(this.looksWithoutLeader > 0 ? this.format.noLeader : this.format.comment);
  }
}

function cutOff(): RequestError {
  return new RequestError(
    'NO_LEADER',
    'this node has known no leader for a while, and is told nothing: go on at another',
  );
}

/** Long enough for a following to begin, or to be refused. */
function nextTurns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => resolve())));
}
