import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { ReqSocket } from './axonSockets';
import { ProtocolError } from '../errors';
import { ANSWER_MS_MAX, CONNECT_MS_MAX, KEEP_ALIVE_MS, LINK_BYTES_UNANSWERED_MAX } from '../limits';
import { LINK_REQUESTS_UNANSWERED_MAX, NAME_LOOKUP_PAUSE_MS, PACKET_BYTES_MAX } from '../limits';
import { RETRY_MS_MAX, RETRY_MS_MIN } from '../limits';
import { decodeAnswer, encodeKeepAlive, encodeRequest } from './frames';
import { connectTls } from './tls/handshake';
import type { Hello } from './hello';
import { hostAndPort, lookUpName, type NameLookup } from './nameLookup';
import { signingPart } from './tls/NodeCertificate';
import { PeerAddresses } from './PeerAddresses';
import { SealedConnection, type ConnectionOwner, type Ending } from './SealedConnection';

/** Whether packets can be sent to a peer now, and else why not, as a sentence's end. */
export interface LinkState {
  readonly connected: boolean;
  readonly reason?: string;
  /** Whether the peer's data are of another cluster that had the same keys. */
  readonly isForeign?: boolean;
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
  private isForeign = false;
  private readonly port: number;
  private readonly addresses: PeerAddresses;
  /** The address of the connection, or of the last try. */
  private tried: string | null = null;
  private lookupRetry: NodeJS.Timeout | null = null;
  private nextRetryMs = RETRY_MS_MIN;
  private isRetryDue = false;
  /** Of `ids` requests, those that were answered or given up. */
  private answered = 0;
  private unansweredBytes = 0;
  private connectDeadline: NodeJS.Timeout | null = null;
  private answerDeadline: NodeJS.Timeout | null = null;
  private keepAlive: NodeJS.Timeout | null = null;

  constructor(
    readonly peer: LinkPeer,
    private readonly linkIdentity: LinkIdentity,
    lookUp: NameLookup = lookUpName,
  ) {
    super();
    const { host, port } = hostAndPort(peer.address);
    this.port = port;
    this.addresses = new PeerAddresses(host, lookUp);
    // Nothing may wait in axon: what waits arrives stale (HAZARDS, axon 2).
    this.set('hwm', 0);
    this.on('socket error', (error: NodeJS.ErrnoException) => this.noteConnectError(error));
    // 'socket error' has told it already; unheard, this one would end the process.
    this.on('error', () => undefined);
    this.on('socket close', () => this.scheduleRetry());
    this.on('reconnect attempt', () => (this.isRetryDue = false));
  }

  get state(): LinkState {
    if (this.connection?.isOpen === true) return { connected: true };
    const { problem } = this.addresses;
    const foreign = this.isForeign ? { isForeign: true } : {};
    if (problem === null) return { connected: false, reason: this.reason, ...foreign };
    const reason = this.tried === null ? problem : `${this.reason}; ${problem}`;
    return { connected: false, reason, ...foreign };
  }

  /** Starts connecting, and goes on until {@link close}. */
  open(): void {
    this.tryNext();
  }

  /** Sends a packet as a request. Returns at once and never throws; without a link the packet is dropped. */
  override send(packet: Buffer): void {
    const connection = this.connection;
    if (connection?.isOpen !== true || packet.length > PACKET_BYTES_MAX) return;
    if (this.isOverLimit(packet.length)) {
      connection.close('overload', 'it left too much unanswered: it is frozen or overloaded');
      return;
    }
    this.request(packet);
  }

  /** Tells the peer which cluster this node is of, now that it knows. */
  tellHello(): void {
    this.connection?.tellHello();
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
    this.clearTimers();
    const { raw } = this;
    if (raw !== null) await new Promise((resolve) => raw.once('close', resolve).destroy());
    // axon's timer cannot be stopped (HAZARDS, axon 4), but its time is short and it then does nothing.
    if (this.isRetryDue) await new Promise((resolve) => this.once('reconnect attempt', resolve));
  }

  /** axon tries again by this, at the address of the last try; which is the next one is known here. */
  override connect(): this {
    this.tryNext();
    return this;
  }

  override handleErrors(raw: Socket): void {
    this.raw = raw;
    this.connectDeadline = setTimeout(() => this.checkConnected(raw), CONNECT_MS_MAX);
    super.handleErrors(raw);
  }

  override addSocket(raw: Socket): void {
    this.clearTimers();
    const { secureContext, hello } = this.linkIdentity;
    this.connection = new SealedConnection(raw, connectTls(secureContext), hello, this);
  }

  override id(): string {
    return String(this.ids++);
  }

  override pack([packet, id]: [Buffer | null, string]): Buffer {
    return packet === null ? encodeKeepAlive(id) : encodeRequest(packet, id);
  }

  memberOf(signingKey: string): string | null {
    return signingKey === signingPart(this.peer.publicKey) ? this.peer.publicKey : null;
  }

  opened(_connection: SealedConnection, socket: TLSSocket): void {
    this.socks = [socket];
    this.nextRetryMs = RETRY_MS_MIN;
    if (this.tried !== null) this.addresses.worked(this.tried);
    let sentBefore = this.ids;
    this.keepAlive = setInterval(() => {
      if (this.unanswered === 0 && this.ids === sentBefore) this.request(null);
      sentBefore = this.ids;
    }, KEEP_ALIVE_MS);
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
    this.clearTimers();
    this.reason = reason;
    this.isForeign = ending === 'foreign';
    if (wasUp) this.emit('link', false);
    if (ending === 'refused' || ending === 'foreign' || ending === 'malformed') this.emit('refused', reason);
  }

  /** Connects to the peer's next address, as soon as one is known. */
  private tryNext(): void {
    if (this.closing === true) return;
    const address = this.addresses.next();
    if (address === null) void this.awaitLookup();
    else this.connectTo(address);
  }

  private async awaitLookup(): Promise<void> {
    await this.addresses.answered();
    if (this.closing === true) return;
    const address = this.addresses.next();
    if (address === null) this.lookupRetry = setTimeout(() => this.tryNext(), NAME_LOOKUP_PAUSE_MS);
    else this.connectTo(address);
  }

  private connectTo(address: string): void {
    this.tried = address;
    super.connect(this.port, address);
  }

  /** A packet as a request, or none to hear whether the peer is there. */
  private request(packet: Buffer | null): void {
    const bytes = packet?.length ?? 0;
    if (this.unanswered === 0) this.awaitAnswers();
    this.unansweredBytes += bytes;
    super.send(packet, (packets: Buffer[]) => {
      this.answered++;
      this.unansweredBytes -= bytes;
      for (const answer of packets) this.emit('packet', answer);
    });
  }

  /** After a long step of this node's own the connection may be there already: that is seen first. */
  private checkConnected(raw: Socket): void {
    setImmediate(() => {
      if (!raw.connecting) return;
      this.reason = `it does not answer${this.where}`;
      raw.destroy();
    });
  }

  /** Once TCP has connected, the connection tells the reason better. */
  private noteConnectError(error: NodeJS.ErrnoException): void {
    if (this.connectDeadline === null) return;
    this.reason =
      error.code === 'ECONNREFUSED'
        ? `nothing listens there${this.where}: is the node running?`
        : `it cannot be reached${this.where}: ${error.code ?? error.message}`;
  }

  /** Of a peer that is named by a name, the address that was tried. */
  private get where(): string {
    return this.addresses.isName ? ` (${this.tried})` : '';
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
    this.clearTimers();
    if (this.closing === true) return;
    this.isRetryDue = true;
    if (this.addresses.hasUntried) {
      this.retry = RETRY_MS_MIN;
      return;
    }
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

  private clearTimers(): void {
    if (this.connectDeadline !== null) clearTimeout(this.connectDeadline);
    if (this.answerDeadline !== null) clearTimeout(this.answerDeadline);
    if (this.keepAlive !== null) clearInterval(this.keepAlive);
    if (this.lookupRetry !== null) clearTimeout(this.lookupRetry);
    this.connectDeadline = null;
    this.answerDeadline = null;
    this.keepAlive = null;
    this.lookupRetry = null;
  }
}
