import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { ReqSocket } from 'axon';
import { ProtocolError } from '../errors';
import { ANSWER_MS_MAX, CONNECT_MS_MAX, LINK_BYTES_UNANSWERED_MAX } from '../limits';
import { LINK_REQUESTS_UNANSWERED_MAX, PACKET_BYTES_MAX, RETRY_MS_MAX, RETRY_MS_MIN } from '../limits';
import { decodeAnswer, encodeRequest } from './frames';
import { connectTls } from './handshake';
import type { Hello } from './hello';
import { signingPart } from './NodeCertificate';
import { SealedConnection, type ConnectionOwner, type Ending } from './SealedConnection';

/** Whether packets can be sent to a peer now, and else why not, as a sentence's end. */
export interface LinkState {
  readonly connected: boolean;
  readonly reason?: string;
}

/** What this node shows of itself at the other end. */
export interface LinkIdentity {
  readonly secureContext: SecureContext;
  /** Made when asked, since members may join at any time. */
  readonly hello: () => Hello;
}

/** The peer at the other end. */
export interface LinkPeer {
  /** tcp://host:port */
  readonly address: string;
  readonly publicKey: string;
}

/**
 * This node's way to one peer: an axon req socket whose one connection is sealed, and which connects until it is
 * closed. Every packet is a request of its own; the peer's answer may carry packets back. Packets are dropped while
 * the link is not up.
 *
 * Emits 'link' (connected: boolean), 'packet' (packet: Buffer) and 'refused' (reason: string).
 */
export class Link extends ReqSocket implements ConnectionOwner {
  readonly wrongKey = 'its key is not that of the member with this address';
  private raw: Socket | null = null;
  private connection: SealedConnection | null = null;
  private reason = 'it is not connected yet';
  private nextRetryMs = RETRY_MS_MIN;
  private isRetryDue = false;
  /** Of `ids` requests, those that were answered or given up. */
  private answered = 0;
  private unansweredBytes = 0;
  private connectDeadline: NodeJS.Timeout | null = null;
  private answerDeadline: NodeJS.Timeout | null = null;

  constructor(
    readonly peer: LinkPeer,
    private readonly linkIdentity: LinkIdentity,
  ) {
    super();
    // Nothing may wait in axon: what waits arrives stale (HAZARDS, axon 2).
    this.set('hwm', 0);
    this.on('socket error', (error: NodeJS.ErrnoException) => this.noteConnectError(error));
    // 'socket error' has told it already; unheard, this one would end the process.
    this.on('error', () => undefined);
    this.on('socket close', () => this.scheduleRetry());
    this.on('reconnect attempt', () => (this.isRetryDue = false));
  }

  get state(): LinkState {
    return this.connection?.isOpen === true ? { connected: true } : { connected: false, reason: this.reason };
  }

  /** Starts connecting, and goes on until {@link close}. */
  open(): void {
    this.connect(this.peer.address);
  }

  /** Sends a packet as a request. Returns at once and never throws; without a link the packet is dropped. */
  override send(packet: Buffer): void {
    const connection = this.connection;
    if (connection?.isOpen !== true || packet.length > PACKET_BYTES_MAX) return;
    if (this.isOverLimit(packet.length)) {
      connection.close('overload', 'it left too much unanswered: it is frozen or overloaded');
      return;
    }
    if (this.unanswered === 0) this.awaitAnswers();
    this.unansweredBytes += packet.length;
    super.send(packet, (packets: Buffer[]) => {
      this.answered++;
      this.unansweredBytes -= packet.length;
      for (const answer of packets) this.emit('packet', answer);
    });
  }

  /** Drops the connection; a new one is made with the cluster as it is then. */
  reconnect(reason: string): void {
    this.connection?.close('closed', reason);
  }

  /** Drops the connection of a peer that breaks the protocol. */
  reject(reason: string): void {
    this.connection?.close('malformed', reason);
  }

  /** Closes for ever. Resolves when no timer and no socket of it is left. */
  override async close(): Promise<void> {
    this.closing = true;
    this.connection?.close('closed', 'this node is stopping');
    this.clearDeadlines();
    const { raw } = this;
    if (raw !== null) await new Promise((resolve) => raw.once('close', resolve).destroy());
    // axon's timer cannot be stopped (HAZARDS, axon 4), but its time is short and it then does nothing.
    if (this.isRetryDue) await new Promise((resolve) => this.once('reconnect attempt', resolve));
  }

  override connect(address: string): this;
  override connect(port: number, host: string): this;
  override connect(target: string | number, host?: string): this {
    if (this.closing === true) return this;
    return typeof target === 'string' ? super.connect(target) : super.connect(target, host ?? '');
  }

  override handleErrors(raw: Socket): void {
    this.raw = raw;
    this.connectDeadline = setTimeout(() => this.checkConnected(raw), CONNECT_MS_MAX);
    super.handleErrors(raw);
  }

  override addSocket(raw: Socket): void {
    this.clearDeadlines();
    const { secureContext, hello } = this.linkIdentity;
    this.connection = new SealedConnection(raw, connectTls(secureContext), hello, this);
  }

  override id(): string {
    return String(this.ids++);
  }

  override pack([packet, id]: [Buffer, string]): Buffer {
    return encodeRequest(packet, id);
  }

  memberOf(signingKey: string): string | null {
    return signingKey === signingPart(this.peer.publicKey) ? this.peer.publicKey : null;
  }

  opened(_connection: SealedConnection, socket: TLSSocket): void {
    this.socks = [socket];
    this.nextRetryMs = RETRY_MS_MIN;
    this.emit('link', true);
  }

  frame(_connection: SealedConnection, args: Buffer[]): void {
    const { id, packets } = decodeAnswer(args);
    const callback = this.callbacks[id];
    if (callback === undefined) throw new ProtocolError('an answer to no request');
    Reflect.deleteProperty(this.callbacks, id);
    this.answerDeadline?.refresh();
    callback(packets);
  }

  closed(_connection: SealedConnection, ending: Ending, reason: string): void {
    const wasUp = this.socks.length > 0;
    this.socks = [];
    this.callbacks = {};
    this.answered = this.ids;
    this.unansweredBytes = 0;
    this.connection = null;
    this.clearDeadlines();
    this.reason = reason;
    if (wasUp) this.emit('link', false);
    if (ending === 'refused' || ending === 'malformed') this.emit('refused', reason);
  }

  /** After a long step of this node's own the connection may be there already: that is seen first. */
  private checkConnected(raw: Socket): void {
    setImmediate(() => {
      if (!raw.connecting) return;
      this.reason = 'it does not answer';
      raw.destroy();
    });
  }

  /** Once TCP has connected, the connection tells the reason better. */
  private noteConnectError(error: NodeJS.ErrnoException): void {
    if (this.connectDeadline === null) return;
    this.reason =
      error.code === 'ECONNREFUSED'
        ? 'nothing listens there: is the node running?'
        : `it cannot be reached (${error.code ?? error.message})`;
  }

  private get unanswered(): number {
    return this.ids - this.answered;
  }

  private isOverLimit(bytes: number): boolean {
    return (
      this.unansweredBytes + bytes > LINK_BYTES_UNANSWERED_MAX ||
      this.unanswered >= LINK_REQUESTS_UNANSWERED_MAX
    );
  }

  /** axon reads `retry` right after this event; its own value would start anew before the handshake. */
  private scheduleRetry(): void {
    this.raw = null;
    this.clearDeadlines();
    if (this.closing === true) return;
    this.isRetryDue = true;
    this.retry = this.nextRetryMs;
    this.nextRetryMs = Math.min(RETRY_MS_MAX, Math.round(this.nextRetryMs * 1.5));
  }

  private awaitAnswers(): void {
    this.answerDeadline ??= setTimeout(() => this.checkAnswers(), ANSWER_MS_MAX);
    this.answerDeadline.refresh();
  }

  /** After a long step of this node's own the answers may already wait in the kernel: they are read first. */
  private checkAnswers(): void {
    const { answered, connection } = this;
    if (this.unanswered === 0) return;
    setImmediate(() => {
      if (connection === this.connection && answered === this.answered)
        connection?.close(
          'timeout',
          `it has not answered for ${ANSWER_MS_MAX} ms: it is frozen or overloaded`,
        );
    });
  }

  private clearDeadlines(): void {
    if (this.connectDeadline !== null) clearTimeout(this.connectDeadline);
    if (this.answerDeadline !== null) clearTimeout(this.answerDeadline);
    this.connectDeadline = null;
    this.answerDeadline = null;
  }
}
