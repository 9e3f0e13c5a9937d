import { request, type ClientRequest } from 'node:http';
import type { AnswerConsumer } from '../cluster/BenchNode';
import type { LoadedNode } from './PipeLoad';

/** One HTTP request whose lines are adds, as a load sees a node. */
export class NdjsonChannel implements LoadedNode {
  private readonly request: ClientRequest;
  private consumer: AnswerConsumer | null = null;

  constructor(
    readonly index: number,
    port: number,
    token: string,
  ) {
    this.request = request({
      ...{ port, host: '127.0.0.1', path: '/v1/log', method: 'POST' },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    });
    this.request.setNoDelay(true);
    const fail = (error: Error): void => this.consumer?.onEnd(error);
    this.request.on('error', fail);
    this.request.on('response', (response) => {
      if (response.statusCode !== 200) fail(new Error(`lines were answered ${response.statusCode ?? 0}`));
      response.on('data', (chunk: Buffer) => this.consumer?.onChunk(chunk));
      response.on('error', fail);
    });
  }

  takeOver(consumer: AnswerConsumer): () => void {
    this.consumer = consumer;
    return () => (this.consumer = null);
  }

  write(lines: Buffer): void {
    this.request.write(lines);
  }

  close(): void {
    this.request.destroy();
  }
}
