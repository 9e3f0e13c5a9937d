import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import { ProtocolError } from '../../src/errors';
import { FRAME_BYTES_MAX } from '../../src/limits';
import { decodeRequest, encodeAnswer, encodeFrame } from '../../src/transport/frames';
import { FrameParser } from '../../src/transport/FrameParser';
import { encodeHello, type Hello } from '../../src/transport/hello';
import { signingKeyOf } from '../../src/transport/tls/NodeCertificate';

/** What the impostor answers to a node's packets: packets of its own. */
export type Answering = (from: string, packets: readonly Buffer[]) => Buffer[];

/** Listens at the address of the member whose key was stolen, and answers the nodes that connect to it. */
export class ImpostorListener {
  /** Frames answered. */
  answered = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly secureContext: SecureContext,
    private readonly hello: Hello,
    private readonly memberOf: (signingKey: string) => string,
    private readonly answering: Answering,
  ) {
    server.on('connection', (raw) => this.greet(raw));
  }

  static async listen(
    port: number,
    secureContext: SecureContext,
    hello: Hello,
    memberOf: (signingKey: string) => string,
    answering: Answering,
  ): Promise<ImpostorListener> {
    const server = createServer();
    const impostor = new ImpostorListener(server, secureContext, hello, memberOf, answering);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return impostor;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private greet(raw: Socket): void {
    this.sockets.add(raw);
    raw.on('close', () => this.sockets.delete(raw));
    const { secureContext } = this;
    const tls = new TLSSocket(raw, {
      isServer: true,
      secureContext,
      requestCert: true,
      rejectUnauthorized: false,
    });
    tls.on('error', () => undefined);
    let from: string | null = null;
    const parser = new FrameParser(FRAME_BYTES_MAX, (args) => {
      if (from === null) {
        const key = tls.getPeerX509Certificate()?.publicKey;
        from = this.memberOf(key === undefined ? '' : (signingKeyOf(key) ?? ''));
        tls.write(encodeFrame([encodeHello(this.hello)]));
      } else this.answer(tls, from, args);
    });
    tls.on('data', (chunk: Buffer) => {
      if (!tls.destroyed) parser.push(chunk);
    });
  }

  private answer(tls: TLSSocket, from: string, args: Buffer[]): void {
    try {
      const { id, packets } = decodeRequest(args);
      tls.write(encodeAnswer(this.answering(from, packets), id));
      this.answered++;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new Error(`a node sent what no node takes: ${error.message}`, { cause: error });
    }
  }
}
