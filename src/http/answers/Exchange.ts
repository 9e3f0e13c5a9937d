import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PushMarks } from '../../api';
import { HTTP_BYTES_OWN } from '../../httpLimits';
import { endTogether } from './endTogether';
import type { Answer } from './problemAnswer';
import type { Release } from './BytesUnderWay';

/** Statuses of answers without a body, nor its length. */
const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

const SINCE_HEADER = 'mokka-since';

/** One request and its answer. */
export class Exchange {
  /** Whether it came with a token, or whatever else lets it read something of the log. */
  isAuthorized = false;
  private ending: AbortController | null = null;

  constructor(
    readonly incoming: IncomingMessage,
    readonly outgoing: ServerResponse,
    /** What stands in the path in the place of names. */
    readonly path: Readonly<Record<string, string>>,
    readonly query: Readonly<Record<string, string>>,
    private readonly node: { readonly logApi: PushMarks },
  ) {}

  /** Aborted when the client has gone, or by {@link end}. */
  get signal(): AbortSignal {
    if (this.ending === null) {
      const ending = new AbortController();
      this.ending = ending;
      if (this.gone) ending.abort();
      else this.outgoing.once('close', () => ending.abort());
    }
    return this.ending.signal;
  }

  /** Ends a wait or a following: the door closes. What is worked on goes on. */
  end(): void {
    this.ending?.abort();
  }

  /** Whether nobody reads the answer any more. */
  get gone(): boolean {
    return this.outgoing.destroyed || this.outgoing.closed;
  }

  /** Holds room for its bytes until the answer is read or the client has gone. */
  holdUntilClosed(release: Release): void {
    if (this.gone) release();
    else this.outgoing.once('close', release);
  }

  /** The header that tells what a push from here on may give as its since; none for who has no token. */
  sinceHeader(): Readonly<Record<string, string>> {
    const { since } = this;
    return since === null ? {} : { [SINCE_HEADER]: since };
  }

  private get since(): string | null {
    return this.isAuthorized ? this.node.logApi.since : null;
  }

  /** The whole answer. */
  answer({ status, headers, body }: Answer): void {
    const { outgoing } = this;
    if (this.gone) return;
    const all: Record<string, string | number> = { ...headers };
    const { since } = this;
    if (since !== null) all[SINCE_HEADER] = since;
    if (status === NO_CONTENT || status === NOT_MODIFIED) {
      outgoing.writeHead(status, all).end();
      return;
    }
    // A long text would be held twice while it is not read: as it is, and as the bytes that are sent.
    const sent =
      typeof body !== 'string' ? body.toSend() : body.length > HTTP_BYTES_OWN ? Buffer.from(body) : body;
    all['content-length'] = typeof body === 'string' ? Buffer.byteLength(sent) : body.length;
    outgoing.writeHead(status, all);
    endTogether(outgoing, sent);
  }
}
