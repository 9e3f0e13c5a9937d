import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

type Serve = (request: IncomingMessage, answer: ServerResponse, body: string) => void;

/** What a fake node was asked for. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that answers as a test wants it to; the empty NDJSON request, by which since is asked for, by itself. */
export class FakeNode {
  readonly asked: Asked[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(serve: Serve): Promise<FakeNode> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const node = new FakeNode(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request: IncomingMessage, answer: ServerResponse) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        if (request.method === 'POST' && body === '') {
          answer.writeHead(200, { 'mokka-since': 'mark-1' }).end();
          return;
        }
        const { method = '', url = '', headers } = request;
        node.asked.push({ method, url, headers, body });
        serve(request, answer, body);
      });
    });
    return node;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** The log with an index, as a node tells it. */
export function entry(index: number): object {
  const log = { key: 'key', value: { value: `value ${index}`, nonce: index } };
  return { index, term: 1, hash: 'ab'.repeat(32), createdAt: 1795797269912, log };
}

/** Answers with an error of a node's. */
export function refuse(answer: ServerResponse, status: number, code: string, more: object = {}): void {
  answer.writeHead(status, { 'content-type': 'application/problem+json' });
  answer.end(JSON.stringify({ code, detail: `${code} it is`, status, ...more }));
}

/** Answers with what was done. */
export function tell(answer: ServerResponse, status: number, content: object): void {
  answer.writeHead(status, { 'content-type': 'application/json', 'mokka-since': 'mark-2' });
  answer.end(JSON.stringify(content));
}
