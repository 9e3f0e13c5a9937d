import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const EMPTY = Buffer.alloc(0);

/** One answer: its status, and how long its body is, bytes. */
export type OnAnswer = (status: number, bytes: number) => void;

/**
 * HTTP/1.1 on one connection, a request at a time. It shares two cores with the node that it loads, so it does little: it
 * takes an answer's status and its Content-Length, and skips the body.
 */
export class HttpConnection {
  private readonly socket: Socket;
  private held: Buffer = EMPTY;
  /** Bytes of the body that are still to come; null before its head is whole. */
  private left: number | null = null;
  private status = 0;
  private bytes = 0;

  constructor(
    port: number,
    private readonly onAnswer: OnAnswer,
    onEnd: (error: Error) => void,
  ) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.take(chunk));
    this.socket.on('error', onEnd);
    this.socket.on('close', () => onEnd(new Error('the node closed a connection')));
  }

  send(request: Buffer): void {
    this.socket.write(request);
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    if (this.left === null) {
      const end = this.held.indexOf(HEAD_END);
      if (end === -1) return;
      const head = this.held.toString('latin1', 0, end);
      this.status = Number(head.slice(9, 12));
      this.bytes = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
      if (Number.isNaN(this.bytes)) throw new Error(`an answer without a length: ${head}`);
      this.left = this.bytes;
      this.held = this.held.subarray(end + HEAD_END.length);
    }
    if (this.held.length < this.left) return;
    this.held = this.held.subarray(this.left);
    this.left = null;
    this.onAnswer(this.status, this.bytes);
  }
}
