import type { Socket } from 'node:net';
import { TLSSocket, connect, type SecureContext } from 'node:tls';
import { ProtocolError, toError } from '../errors';
import { ANSWER_BYTES_WAITING_MAX, ANSWERS_WAITING_MAX, FRAME_BYTES_MAX, FRAME_MS_MAX } from '../limits';
import { HANDSHAKE_MS_MAX, HELLO_FRAME_BYTES_MAX } from '../limits';
import { FrameParser } from './FrameParser';
import { encodeFrame } from './frames';
import { decodeHello, encodeHello, helloMismatch, type Hello } from './hello';
import { signingKeyOf } from './NodeCertificate';

/** How a connection ended: `refused` is for configurations that differ, `malformed` for what breaks the protocol. */
export type Ending = 'lost' | 'refused' | 'malformed' | 'timeout' | 'overload' | 'replaced' | 'closed';

/** What both ends of a link know of themselves. */
export interface LinkIdentity {
  readonly secureContext: SecureContext;
  /** Made when asked, since members may join at any time. */
  hello(): Hello;
}

/** Whoever a connection belongs to. Nothing is called any more once `closed` was. */
export interface ConnectionOwner {
  /** The public key of the member that signs with this Ed25519 key; null when it is no member's that may be here. */
  memberOf(signingKey: string): string | null;
  /** What to say of a key that `memberOf` does not know. */
  readonly wrongKey: string;
  /** The peer has proven its key and sent a hello that agrees. */
  opened(connection: SealedConnection): void;
  /**
   * A frame after the hello.
   *
   * @throws ProtocolError to have the connection closed as malformed.
   */
  frame(connection: SealedConnection, args: Buffer[]): void;
  /** `peer` is the member's public key, or as much as is known of who it is. */
  closed(connection: SealedConnection, ending: Ending, reason: string, peer: string): void;
}

/**
 * One connection between nodes: TLS 1.3 with both keys proven, then a hello each way, then frames. It ends as soon
 * as anything is wrong, and it owns all the deadlines that make it end.
 *
 * {@link write} hands its bytes to the kernel before it returns, unless an earlier write of the same turn of the
 * event loop is still under way: Node ends a TLS write in the turn's check phase, just before callbacks of
 * setImmediate. So what must leave before a long synchronous step (a sync to disk) is best sent from setImmediate.
 */
export class SealedConnection {
  /** Who is at the other end; set once it has proven its key. */
  peer: string | null = null;
  private readonly tls: TLSSocket;
  private readonly parser = new FrameParser(HELLO_FRAME_BYTES_MAX, (args) => this.takeFrame(args));
  private state: 'handshake' | 'hello' | 'open' | 'refusing' | 'closed' = 'handshake';
  private signingKey: string | null = null;
  private refusal: string | null = null;
  private deadline: NodeJS.Timeout | null = null;
  private framesWaiting = 0;
  private readonly written = (): void => {
    this.framesWaiting--;
  };

  constructor(
    raw: Socket,
    side: 'accepted' | 'connected',
    private readonly identity: LinkIdentity,
    private readonly owner: ConnectionOwner,
  ) {
    raw.setNoDelay(true);
    // Whose certificate it is, not who issued it, is what counts: authenticate() compares the key.
    const options = { secureContext: identity.secureContext, requestCert: true, rejectUnauthorized: false };
    this.tls =
      side === 'accepted'
        ? new TLSSocket(raw, { ...options, isServer: true })
        : connect({ ...options, socket: raw });
    this.tls.once(side === 'accepted' ? 'secure' : 'secureConnect', () => this.authenticate());
    this.tls.on('data', (chunk: Buffer) => this.receive(chunk));
    this.tls.on('error', (error: Error) => this.close('lost', describe(error)));
    this.tls.on('close', () => this.close('lost', this.isOpen ? 'the connection broke' : CLOSED_EARLY));
    this.setDeadline(HANDSHAKE_MS_MAX, 'the handshake was not ended in time');
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** The socket for axon's `socks`. Frames are to go through {@link write} or axon's send. */
  get socket(): TLSSocket {
    return this.tls;
  }

  /** Bytes that wait for the peer to read. */
  get bytesWaiting(): number {
    return this.tls.writableLength;
  }

  /** Sends a frame; a peer that leaves too many bytes unread is cut off. */
  write(frame: Buffer): void {
    if (this.state === 'closed') return;
    this.framesWaiting++;
    this.tls.write(frame, this.written);
    if (this.bytesWaiting > ANSWER_BYTES_WAITING_MAX || this.framesWaiting > ANSWERS_WAITING_MAX)
      this.close('overload', `it left ${this.framesWaiting} answers of ${this.bytesWaiting} bytes unread`);
  }

  /** Ends the connection at once; unsent bytes are lost. Calling it again does nothing. */
  close(ending: Ending, reason: string): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.clearDeadline();
    this.tls.destroy();
    if (this.refusal === null) this.owner.closed(this, ending, reason, this.describePeer());
    else this.owner.closed(this, 'refused', this.refusal, this.describePeer());
  }

  private authenticate(): void {
    const certificate = this.tls.getPeerX509Certificate();
    this.signingKey = certificate === undefined ? null : signingKeyOf(certificate.publicKey);
    this.peer = this.signingKey === null ? null : this.owner.memberOf(this.signingKey);
    this.state = 'hello';
    if (this.signingKey === null) this.close('refused', 'it has shown no Ed25519 certificate');
    else this.write(encodeFrame([encodeHello(this.identity.hello())]));
  }

  private receive(chunk: Buffer): void {
    if (this.state === 'closed' || this.state === 'refusing') return;
    try {
      this.parser.push(chunk);
    } catch (thrown) {
      this.close('malformed', toError(thrown).message);
      if (!(thrown instanceof ProtocolError)) throw thrown;
    }
    if (this.isOpen && this.parser.isWithinFrame && this.deadline === null)
      this.setDeadline(FRAME_MS_MAX, 'a frame was begun and not ended in time');
  }

  private takeFrame(args: Buffer[]): void {
    if (this.state === 'open') {
      this.clearDeadline();
      this.owner.frame(this, args);
    } else if (this.state === 'hello') this.greet(decodeHello(args));
    else if (this.state === 'handshake') throw new ProtocolError('a frame came before the handshake');
  }

  private greet(theirs: Hello): void {
    const mismatch = helloMismatch(this.identity.hello(), theirs);
    const reason = mismatch ?? (this.peer === null ? this.owner.wrongKey : null);
    if (reason !== null) {
      this.refuse(reason);
      return;
    }
    this.state = 'open';
    this.clearDeadline();
    this.parser.bytesMax = FRAME_BYTES_MAX;
    this.owner.opened(this);
  }

  /** Ends the connection so that the hello still arrives, which tells the peer the reason too. */
  private refuse(reason: string): void {
    this.state = 'refusing';
    this.refusal = reason;
    this.tls.end();
  }

  private setDeadline(ms: number, reason: string): void {
    this.deadline = setTimeout(() => this.close('timeout', reason), ms);
  }

  private clearDeadline(): void {
    if (this.deadline === null) return;
    clearTimeout(this.deadline);
    this.deadline = null;
  }

  private describePeer(): string {
    if (this.peer !== null) return this.peer;
    return this.signingKey === null ? 'a stranger' : `a stranger with the key ${this.signingKey}`;
  }
}

const CLOSED_EARLY = 'it closed the connection before its hello: it may be starting, or not know this node';

/** OpenSSL's errors carry file names and numbers of threads; their reason says it in words. */
function describe(error: Error & { code?: string; reason?: string }): string {
  return error.reason ?? error.code ?? error.message;
}
