import { CLIENT_ANSWER_LENGTH_MAX, TIMER_MS_MAX } from './clientLimits';

/** One request to one node. Whatever it waits for has a time, after which the connection is given up. */
export class Exchange {
  private readonly ending = new AbortController();
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  /** Whether the answer was read to its end. */
  private whole = false;
  private readonly onAbort = (): void => this.ending.abort(this.signal?.reason);

  constructor(
    private readonly fetcher: typeof fetch,
    private readonly signal: AbortSignal | undefined,
  ) {
    if (signal?.aborted === true) this.onAbort();
    else signal?.addEventListener('abort', this.onAbort);
  }

  /** Sends the request, and resolves with the head of the answer. */
  async open(url: string, init: RequestInit, ms: number): Promise<Response> {
    const { fetcher } = this;
    const answer = await this.within(ms, fetcher(url, { ...init, signal: this.ending.signal }));
    this.reader = answer.body?.getReader() ?? null;
    return answer;
  }

  /** The next piece of the answer; null after the last. */
  async read(ms: number): Promise<string | null> {
    if (this.reader === null) return null;
    const { done, value } = await this.within(ms, this.reader.read());
    this.whole = done;
    return done ? null : this.decoder.decode(value, { stream: true });
  }

  /** All of the answer; `ms` is for each piece of it. */
  async readAll(ms: () => number): Promise<string> {
    let text = '';
    for (let piece = await this.read(ms()); piece !== null; piece = await this.read(ms())) {
      text += piece;
      if (text.length > CLIENT_ANSWER_LENGTH_MAX) throw new Error('the answer is longer than any of a node');
    }
    return text;
  }

  /** The connection is let go, or cut, where the answer was not read to its end. */
  close(): void {
    this.signal?.removeEventListener('abort', this.onAbort);
    if (!this.whole) this.ending.abort();
  }

  private async within<T>(ms: number, come: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        if (ms <= TIMER_MS_MAX)
          timer = setTimeout(() => {
            const late = new Error(`nothing came for ${Math.round(ms)} ms`);
            reject(late);
            this.ending.abort(late);
          }, ms);
        come.then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
