import { once } from 'node:events';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { FRAME_BYTES_MAX } from '../../src/limits';
import { decodeAnswer, encodeFrame } from '../../src/transport/frames';
import { FrameParser } from '../../src/transport/FrameParser';
import { encodeHello, type Hello } from '../../src/transport/hello';

/** Longer than anything that a node does at once, ms; a node that leaves a whole frame without answer or end hangs. */
const REACTS_WITHIN_MS = 10_000;

/** How a node took what was sent to it. */
export interface Reaction {
  readonly answered: number;
  readonly closed: boolean;
}

/** A connection to a node with a member's own key, its hello exchanged: the frames are the fuzzer's. */
export class MemberConnection {
  private answered = 0;
  private waiting: (() => void) | null = null;
  private readonly parser: FrameParser;

  private constructor(
    private readonly socket: TLSSocket,
    onPacket: (packet: Buffer) => void,
    private greeted = false,
  ) {
    this.parser = new FrameParser(FRAME_BYTES_MAX, (args) => {
      if (this.greeted) for (const packet of decodeAnswer(args).packets) onPacket(packet);
      if (this.greeted) this.answered++;
      this.greeted = true;
    });
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.parser.push(chunk);
      this.waiting?.();
    });
    socket.on('close', () => this.waiting?.());
  }

  /** Connects, and waits for the node's hello. Null when the node closed the connection before it. */
  static async open(
    port: number,
    secureContext: SecureContext,
    hello: Hello,
    onPacket: (packet: Buffer) => void,
  ): Promise<MemberConnection | null> {
    const socket = connect({ port, host: '127.0.0.1', secureContext, rejectUnauthorized: false });
    const connection = new MemberConnection(socket, onPacket);
    socket.once('secureConnect', () => socket.write(encodeFrame([encodeHello(hello)])));
    await connection.until(() => connection.greeted);
    return socket.destroyed ? null : connection;
  }

  /** Sends whole frames, `count` of them, and waits until all are answered or the node has closed the connection. */
  async send(frames: Buffer, count: number): Promise<Reaction> {
    const before = this.answered;
    this.socket.write(frames);
    await this.until(() => this.answered - before >= count);
    return { answered: this.answered - before, closed: this.socket.destroyed };
  }

  /** Sends the last bytes and ends the connection, with whatever was left unfinished. */
  async end(bytes: Buffer): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.end(bytes);
    this.socket.destroySoon();
    if (!this.socket.closed) await once(this.socket, 'close');
  }

  private async until(holds: () => boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no reaction within ${REACTS_WITHIN_MS} ms`)),
        REACTS_WITHIN_MS,
      );
    });
    const held = new Promise<void>((resolve) => {
      this.waiting = () => {
        if (holds() || this.socket.destroyed) resolve();
      };
      this.waiting();
    });
    try {
      await Promise.race([held, late]);
    } finally {
      clearTimeout(timer);
      this.waiting = null;
    }
  }
}
