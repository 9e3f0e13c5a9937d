import { get } from 'node:http';

const LINE_FEED = 0x0a;

/** Follows a node's log by HTTP and notes when each log came. It looks at line ends alone: twenty of them share a core. */
export class HttpFollower {
  /** When the log with index `from + n` came, ms. */
  readonly cameAt: number[] = [];
  private readonly end: () => void;
  private lineIsEmpty = true;

  /** @param from index of the first log */
  constructor(port: number, token: string, from: number, onFailure: (error: Error) => void) {
    const following = get({
      ...{ port, host: '127.0.0.1', path: `/v1/log?from=${from}&follow=ndjson`, agent: false },
      headers: { authorization: `Bearer ${token}` },
    });
    following.on('response', (response) => {
      if (response.statusCode !== 200)
        onFailure(new Error(`a follower was answered ${response.statusCode ?? 0}`));
      response.on('data', (chunk: Buffer) => this.take(chunk));
    });
    following.on('error', onFailure);
    this.end = () => {
      following.removeAllListeners('error');
      following.on('error', () => undefined);
      following.destroy();
    };
  }

  close(): void {
    this.end();
  }

  /** An empty line is no log: it says that the connection is whole. */
  private take(chunk: Buffer): void {
    const now = performance.now();
    let start = 0;
    for (;;) {
      const feed = chunk.indexOf(LINE_FEED, start);
      const end = feed === -1 ? chunk.length : feed;
      if (end > start) this.lineIsEmpty = false;
      if (feed === -1) return;
      if (!this.lineIsEmpty) this.cameAt.push(now);
      this.lineIsEmpty = true;
      start = feed + 1;
    }
  }
}
