import { parse, refusalOf, toldError, unreachable } from './answers';
import { Fault, RequestError } from './clientErrors';
import { CLIENT_ANSWER_LENGTH_MAX } from './clientLimits';
import type { LogEntry } from './contract';
import type { Exchange } from './Exchange';
import { faultOf, type NodeRequests } from './NodeRequests';
import type { Retries } from './Retries';

/** Codes with which a node ends what it tells, and another may go on. */
const GOES_ON_ELSEWHERE = ['NO_LEADER', 'BUSY', 'NODE_UNREACHABLE', 'UNKNOWN_OUTCOME', 'HISTORIES_DIFFER'];

interface Stream {
  readonly node: string;
  readonly exchange: Exchange;
  /** Pieces that came. */
  pieces: number;
}

/**
 * The logs from an index on, then those that come, over one connection after the other: each goes on behind the last
 * log that was given. Nothing is read while nobody asks for the next.
 */
export class Following {
  private stream: Stream | null = null;
  private text = '';
  private readFrom = 0;

  constructor(
    private readonly requests: NodeRequests,
    private readonly retries: Retries,
    private readonly signal: AbortSignal | undefined,
    private next: number,
  ) {}

  /** The next log; null when the signal has ended it. @throws RequestError */
  async take(): Promise<LogEntry | null> {
    for (;;) {
      if (this.ended) return null;
      const node = this.stream?.node ?? this.requests.current;
      try {
        const line = this.line();
        if (line === null) await this.read();
        else if (line !== '') return this.entryOf(line, node);
      } catch (thrown) {
        this.close();
        await this.goOn(node, thrown);
      }
    }
  }

  private get ended(): boolean {
    return this.signal?.aborted === true;
  }

  /** As after the fault of any request; that the signal ends the pause is no error. */
  private async goOn(node: string, thrown: unknown): Promise<void> {
    try {
      await this.requests.afterFault(node, {}, thrown, this.retries, this.signal);
    } catch (end) {
      if (!this.ended) throw end;
    }
  }

  /** Lets the connection go. */
  close(): void {
    this.stream?.exchange.close();
    this.stream = null;
    this.text = '';
    this.readFrom = 0;
  }

  /** The next whole line of what came; null where there is none. */
  private line(): string | null {
    const end = this.text.indexOf('\n', this.readFrom);
    if (end < 0) return null;
    const line = this.text.slice(this.readFrom, end);
    this.readFrom = end + 1;
    return line;
  }

  private async read(): Promise<void> {
    this.retries.begin();
    const stream = (this.stream ??= await this.open());
    let piece: string | null;
    try {
      piece = await stream.exchange.read(this.requests.patience(this.retries));
    } catch (thrown) {
      throw faultOf(stream.node, thrown);
    }
    if (piece === null) throw new Fault(unreachable(stream.node, 'it ended what it told'), false);
    this.text = this.text.slice(this.readFrom) + piece;
    this.readFrom = 0;
    if (this.text.length > CLIENT_ANSWER_LENGTH_MAX && !this.text.includes('\n'))
      throw new Fault(unreachable(stream.node, 'it sent a line longer than any log'), false);
    // The first is there at once, also from a node that can tell nothing.
    if (++stream.pieces > 1) this.retries.well();
  }

  private async open(): Promise<Stream> {
    const path = `/v1/log?follow=ndjson&from=${this.next}`;
    const { requests, retries, signal } = this;
    const { node, exchange, status } = await requests.open({ path }, retries, signal);
    if (status === 200) return { node, exchange, pieces: 0 };
    try {
      const text = await exchange.readAll(() => requests.patience(retries));
      throw refusalOf({ status, text, since: null, url: node });
    } catch (thrown) {
      throw thrown instanceof RequestError ? thrown : faultOf(node, thrown);
    } finally {
      exchange.close();
    }
  }

  private entryOf(line: string, node: string): LogEntry {
    const content = parse(line) as (Partial<LogEntry> & { readonly error?: object }) | null;
    const told = toldError(content?.error ?? null, 'message');
    if (told !== null) throw GOES_ON_ELSEWHERE.includes(told.code) ? new Fault(told, false) : told;
    if (content?.index !== this.next)
      throw new Fault(unreachable(node, `it told something else than log ${this.next}`), false);
    this.next++;
    this.retries.well();
    return content as LogEntry;
  }
}
