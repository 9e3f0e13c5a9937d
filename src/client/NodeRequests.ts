import { type Answer, unreachable } from './answers';
import { Fault } from './clientErrors';
import { CLIENT_SINCE_MS } from './clientLimits';
import { Endpoints } from './Endpoints';
import { Exchange } from './Exchange';
import type { Retries } from './Retries';

/** Faults of a connection after which the node has certainly not got the request: it was not reached. */
const NOT_SENT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

const SINCE = 'mokka-since';

/** What is asked for, of whichever node. */
export interface Question {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of what changes the log: what to tell where an earlier try may have done it, or may yet, without an answer. */
  readonly doubt?: string;
}

/** Asks the nodes in turn, each request until it is answered, and remembers what they last told of their log. */
export class NodeRequests {
  private readonly endpoints: Endpoints;
  private since: { readonly text: string; readonly at: number } | null = null;

  constructor(
    endpoints: readonly string[],
    private readonly token: string | undefined,
    private readonly idle: number,
    private readonly fetcher: typeof fetch,
  ) {
    this.endpoints = new Endpoints(endpoints);
  }

  /** What a node told of its log a moment ago, for a push to bring along; null where that is too old. */
  get recentSince(): string | null {
    const { since } = this;
    return since !== null && performance.now() - since.at < CLIENT_SINCE_MS ? since.text : null;
  }

  /**
   * Asks until `read` makes something of an answer.
   *
   * @param questionOf what the next try asks for.
   * @param read throws a Fault for what is to be tried again.
   * @throws RequestError; the signal's reason.
   */
  async ask<T>(
    questionOf: () => Question | Promise<Question>,
    retries: Retries,
    signal: AbortSignal | undefined,
    read: (answer: Answer) => T,
  ): Promise<T> {
    for (;;) {
      const question = await questionOf();
      const node = this.endpoints.current;
      try {
        return read(await this.askOnce(node, question, retries, signal));
      } catch (thrown) {
        await this.afterFault(node, question, thrown, retries, signal);
      }
    }
  }

  /** Opens an answer that goes on, at the node whose turn it is. @throws Fault */
  async open(
    question: Question,
    retries: Retries,
    signal: AbortSignal | undefined,
  ): Promise<{ node: string; exchange: Exchange; status: number }> {
    const node = this.endpoints.current;
    const exchange = new Exchange(this.fetcher, signal);
    try {
      const { status } = await this.head(node, question, exchange, retries);
      return { node, exchange, status };
    } catch (thrown) {
      exchange.close();
      throw faultOf(node, thrown);
    }
  }

  /** The time that the next piece of an answer has, ms. */
  patience(retries: Retries): number {
    return Math.min(this.idle, retries.left);
  }

  /** Goes on to the next node, after a pause. @throws whatever is no Fault, and what ends the tries. */
  async afterFault(
    node: string,
    { doubt }: Pick<Question, 'doubt'>,
    thrown: unknown,
    retries: Retries,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    if (!(thrown instanceof Fault)) throw thrown;
    this.endpoints.failed(node);
    await retries.pause(thrown.error, thrown.mayBeDone ? doubt : undefined);
  }

  /** The node whose turn it is. */
  get current(): string {
    return this.endpoints.current;
  }

  private async askOnce(
    node: string,
    question: Question,
    retries: Retries,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const exchange = new Exchange(this.fetcher, signal);
    try {
      const { status, headers } = await this.head(node, question, exchange, retries);
      const text = await exchange.readAll(() => this.patience(retries));
      return { status, text, since: headers.get(SINCE), url: node };
    } catch (thrown) {
      throw faultOf(node, thrown);
    } finally {
      exchange.close();
    }
  }

  private async head(
    node: string,
    { path, method = 'GET', headers, body }: Question,
    exchange: Exchange,
    retries: Retries,
  ): Promise<Response> {
    const { token } = this;
    const answer = await exchange.open(
      node + path,
      {
        method,
        headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        ...(body === undefined ? {} : { body }),
        ...(method === 'POST' ? { cache: 'no-store' } : {}),
      },
      this.patience(retries),
    );
    const text = answer.headers.get(SINCE);
    // What a cache kept is as old as that answer.
    if (text !== null && method === 'POST') this.since = { text, at: performance.now() };
    return answer;
  }
}

/** What went wrong on the way to a node, or back. */
export function faultOf(node: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const { message, cause } = thrown as { message?: unknown; cause?: unknown };
  const { code, message: reason } = (cause ?? {}) as { code?: unknown; message?: unknown };
  const told = [reason, message].find((text) => typeof text === 'string' && text !== '');
  const isSent = !NOT_SENT.some((each) => each === code);
  return new Fault(unreachable(node, String(told ?? code ?? thrown), thrown), isSent);
}
