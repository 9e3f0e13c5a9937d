import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { ProtocolError, toError } from '../errors';
import { ANSWER_BYTES_WAITING_MAX, ANSWERS_WAITING_MAX, FRAME_BYTES_MAX, FRAME_MS_MAX } from '../limits';
import { HANDSHAKE_MS_MAX, HELLO_FRAME_BYTES_MAX, UNDECRYPTED_LOOK_MS } from '../limits';
import { FrameParser } from './FrameParser';
import { encodeFrame } from './frames';
import type { Handshake } from './tls/handshake';
import { decodeHello, encodeHello, helloMismatch, identityMismatch, isHello, type Hello } from './hello';
import { signingKeyOf } from './tls/NodeCertificate';
import { PlaintextWatch } from './tls/PlaintextWatch';

/**
 * How a connection ended: `refused` is for configurations that differ, `foreign` for data of another cluster, `malformed`
 * for what breaks the protocol.
 */
export type Ending =
  'lost' | 'refused' | 'foreign' | 'malformed' | 'timeout' | 'overload' | 'replaced' | 'closed';

/** Whoever a connection belongs to. Nothing is called any more once `closed` was. */
export interface ConnectionOwner {
  /** The public key of the member that signs with this Ed25519 key; null when it is no member's that may be here. */
  memberOf(signingKey: string): string | null;
  /** What to say of a key that `memberOf` does not know. */
  readonly wrongKey: string;
  /** The peer has proven its key and sent a hello that agrees. `socket` is for axon's `socks`. */
  opened(connection: SealedConnection, socket: TLSSocket): void;
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
  /** null until its handshake is done. */
  private tls: TLSSocket | null = null;
  private readonly parser = new FrameParser(HELLO_FRAME_BYTES_MAX, (args) => this.takeFrame(args));
  private state: 'handshake' | 'hello' | 'open' | 'refusing' | 'closed' = 'handshake';
  private signingKey: string | null = null;
  private refusal: { readonly ending: Ending; readonly reason: string } | null = null;
  private theirs: Hello | null = null;
  private deadline: NodeJS.Timeout | null = null;
  private readonly watch: NodeJS.Timeout;
  private framesWaiting = 0;
  private readonly written = (): void => {
    this.framesWaiting--;
  };

  /** @param handshake begins TLS on `raw`. */
  constructor(
    private readonly raw: Socket,
    handshake: Handshake,
    private readonly hello: () => Hello,
    private readonly owner: ConnectionOwner,
  ) {
    raw.setNoDelay(true);
    raw.once('close', () => this.close('lost', this.isOpen ? BROKE : CLOSED_EARLY));
    this.setDeadline(HANDSHAKE_MS_MAX, 'the handshake was not ended in time');
    const watch = new PlaintextWatch(raw, () => this.tls);
    this.watch = setInterval(() => {
      if (!watch.look()) this.close('malformed', 'it sent bytes without end that are no frames');
    }, UNDECRYPTED_LOOK_MS);
    handshake(raw, {
      secured: (tls) => this.secured(tls),
      failed: (error) => this.close('lost', describe(error)),
    });
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Sends a frame; a peer that leaves too many bytes unread is cut off. */
  write(frame: Buffer): void {
    const { tls } = this;
    if (this.state === 'closed' || this.state === 'refusing' || tls === null) return;
    this.framesWaiting++;
    tls.write(frame, this.written);
    const waiting = tls.writableLength;
    if (waiting > ANSWER_BYTES_WAITING_MAX || this.framesWaiting > ANSWERS_WAITING_MAX)
      this.close('overload', `it left ${this.framesWaiting} answers of ${waiting} bytes unread`);
  }

  /** Ends the connection at once; unsent bytes are lost. Calling it again does nothing. */
  close(ending: Ending, reason: string): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.clearDeadline();
    clearInterval(this.watch);
    // Whichever is destroyed takes the other with it.
    (this.tls ?? this.raw).destroy();
    if (this.refusal === null) this.owner.closed(this, ending, reason, this.describePeer());
    else this.owner.closed(this, this.refusal.ending, this.refusal.reason, this.describePeer());
  }

  /** Tells the peer anew which cluster this node is of, now that it knows. */
  tellHello(): void {
    if (this.state !== 'hello' && this.state !== 'open') return;
    this.write(encodeFrame([encodeHello(this.hello())]));
    if (this.theirs !== null) this.refusesIdentity(this.theirs);
  }

  private secured(tls: TLSSocket): void {
    if (this.state === 'closed') {
      tls.destroy();
      return;
    }
    this.tls = tls;
    tls.on('data', (chunk: Buffer) => this.receive(chunk));
    // A peer that has ended hears nothing more of use; what it sends all the same would be held by TLS unread.
    tls.once('end', () => this.close('lost', this.isOpen ? BROKE : CLOSED_EARLY));
    tls.on('error', (error: Error) => this.close(isOfTls(error) ? 'malformed' : 'lost', describe(error)));
    this.authenticate(tls);
  }

  private authenticate(tls: TLSSocket): void {
    const certificate = tls.getPeerX509Certificate();
    this.signingKey = certificate === undefined ? null : signingKeyOf(certificate.publicKey);
    this.peer = this.signingKey === null ? null : this.owner.memberOf(this.signingKey);
    this.state = 'hello';
    if (this.signingKey === null) this.close('refused', 'it has shown no Ed25519 certificate');
    else this.write(encodeFrame([encodeHello(this.hello())]));
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
      if (isHello(args)) this.greetAgain(decodeHello(args));
      else this.owner.frame(this, args);
    } else if (this.state === 'hello') this.greet(decodeHello(args));
    else if (this.state === 'handshake') throw new ProtocolError('a frame came before the handshake');
  }

  private greet(theirs: Hello): void {
    const mismatch = helloMismatch(this.hello(), theirs);
    const reason = mismatch ?? (this.peer === null ? this.owner.wrongKey : null);
    if (reason !== null) {
      this.refuse('refused', reason);
      return;
    }
    this.theirs = theirs;
    if (this.refusesIdentity(theirs)) return;
    this.state = 'open';
    this.clearDeadline();
    this.parser.bytesMax = FRAME_BYTES_MAX;
    if (this.tls !== null) this.owner.opened(this, this.tls);
  }

  /** The peer has learned which cluster it is of: all that a later hello may tell, and once, since each costs work. */
  private greetAgain(theirs: Hello): void {
    const { identity } = theirs;
    if (
      identity === null ||
      this.theirs?.identity !== null ||
      !isDeepStrictEqual({ ...this.theirs, identity }, theirs)
    )
      throw new ProtocolError('a later hello is another than the first');
    this.theirs = theirs;
    this.refusesIdentity(theirs);
  }

  private refusesIdentity(theirs: Hello): boolean {
    const reason = identityMismatch(this.hello(), theirs);
    if (reason !== null) this.refuse('foreign', reason);
    return reason !== null;
  }

  /** Ends the connection so that the hello still arrives, which tells the peer the reason too. */
  private refuse(ending: Ending, reason: string): void {
    this.state = 'refusing';
    this.refusal = { ending, reason };
    if (this.deadline === null) this.setDeadline(HANDSHAKE_MS_MAX, 'it did not take its refusal');
    this.tls?.end();
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

const BROKE = 'the connection broke';
const CLOSED_EARLY = 'it closed the connection before its hello: it may be starting, or not know this node';

/** Whether TLS itself has found what it must not go on with, the network being well. */
function isOfTls(error: Error & { code?: string }): boolean {
  return error.code?.startsWith('ERR_SSL_') === true;
}

/** OpenSSL's errors carry file names and numbers of threads; their reason says it in words. */
function describe(error: Error & { code?: string; reason?: string }): string {
  return error.reason ?? error.code ?? error.message;
}
