import type { NodeModel } from 'mokka/dist/consensus/models/NodeModel';
import { StartError } from './errors';
import { leaveUncaught } from './mokka/NodeEvents';
import { warmUpVoting } from './mokka/warmUp';
import type { LinkState } from './mokka/status/NodeView';
import { ReplicatedMokka } from './mokka/ReplicatedMokka';
import { helloOf } from './transport/hello';
import { Link, type LinkIdentity } from './transport/Link';
import { Listener } from './transport/Listener';
import { makeNodeCertificate, signingPart, type NodeCertificate } from './transport/tls/NodeCertificate';
import { RefusalLog } from './transport/RefusalLog';

/** What a node over TCP needs to know. */
export type TCPMokkaSettings = ConstructorParameters<typeof ReplicatedMokka>[0] & {
  /** tweetnacl's Ed25519 secret of the key in `address`, 128 hex digits: what this node proves on its links. */
  readonly secretKey: string;
};

/**
 * The tutorial's TCPMokka: axon's rep and req sockets under Mokka's data and write hooks. Each connection is TLS 1.3
 * between members that have proven their keys.
 *
 * Emits 'data' (packet, publicKey of the member that sent it), 'link' (publicKey, connected) and, when it cannot
 * listen, 'fatal' (StartError PORT_TAKEN or CANNOT_LISTEN).
 */
export class TCPMokka extends ReplicatedMokka {
  /** The req socket to each peer, by address. */
  readonly sockets = new Map<string, Link>();
  /** For each member, the link whose answer brought its last packet; null when that was a request of its own. */
  private readonly cameBy = new Map<string, Link | null>();
  private listener: Listener | null = null;
  private endWarmUp: () => void = () => undefined;
  private readonly identity: LinkIdentity & Pick<NodeCertificate, 'tlsOptions'>;
  private readonly refusals = new RefusalLog((message) => this.logger.error(message));

  /** @throws StartError BAD_KEY when secretKey is no key, or not that of `address`. */
  constructor(settings: TCPMokkaSettings) {
    const { tlsOptions, secureContext, signingKey } = makeNodeCertificate(settings.secretKey);
    if (!settings.address.endsWith(signingKey))
      throw new StartError(
        'BAD_KEY',
        `the secretKey is not that of this node's address, ${settings.address}`,
      );
    super(settings);
    this.identity = {
      tlsOptions,
      secureContext,
      hello: () => helloOf([this.publicKey, ...this.nodes.keys()], this.store.identity),
    };
    this.on('join', (node) => this.join(node));
    this.on('leave', (node) => this.leave(node));
  }

  /** Starts listening, and connecting to the peers that have joined; others follow as they join. */
  initialize(): void {
    this.logger.info(`initializing reply socket on port ${this.address}`);
    this.listener = new Listener(this.identity.tlsOptions, this.identity.hello, (signingKey) =>
      this.memberOf(signingKey),
    );
    this.listener.on('message', (packet: Buffer, publicKey: string) => this.take(packet, publicKey, null));
    this.listener.on('refused', (peer: string, reason: string) => this.logRefusal(peer, reason));
    this.listener.on('unbound', (error: StartError) => this.emitFatal(error));
    this.listener.on('bound', (absent: string[]) => this.logAbsent(absent));
    this.listener.bind(this.address);
    for (const node of this.nodes.values()) this.link(node);
  }

  /** Sends a packet to a peer, or drops it. Returns at once and never throws (HAZARDS, mokka 9). */
  override write(address: string, packet: Buffer): void {
    const link = this.sockets.get(address);
    if (link === undefined) return;
    // In the answer to the request that is being handled, if there is one: half the frames.
    if (this.listener?.reply(link.peer.publicKey, packet) !== true) link.send(packet);
  }

  override async disconnect(): Promise<void> {
    this.endWarmUp();
    try {
      await super.disconnect();
    } finally {
      const closing = [...this.sockets.values()].map((socket) => socket.close());
      const { listener } = this;
      this.listener = null;
      this.sockets.clear();
      await Promise.all([...closing, listener?.close()]);
    }
  }

  override connect(): void {
    if (!this.mayConnect) return;
    this.initialize();
    super.connect();
    if (this.nodes.size > 0) this.endWarmUp = warmUpVoting(this.privateKey, this.publicKey);
  }

  /** Whether packets reach a peer, and else why not. */
  override linkState(publicKey: string): LinkState {
    const node = this.nodes.get(publicKey);
    const link = node && this.sockets.get(node.address);
    if (link === undefined) return { connected: false, reason: 'this node is not connected' };
    return { ...link.state, reachesThis: this.listener?.isReachedBy(publicKey) === true };
  }

  /** Closes the connection that the member's last packet came on, and tells of it once a minute. */
  protected override peerAtFault(publicKey: string, error: Error): void {
    const link = this.cameBy.get(publicKey);
    if (link) link.reject(error.message);
    else this.listener?.reject(publicKey, error.message);
  }

  /** The peers that were greeted before are to know it too. */
  protected override identityLearned(): void {
    this.listener?.tellHello();
    for (const link of this.sockets.values()) link.tellHello();
  }

  private take(packet: Buffer, publicKey: string, link: Link | null): void {
    this.cameBy.set(publicKey, link);
    this.emit('data', packet, publicKey);
  }

  private link(node: NodeModel): void {
    const { address, publicKey } = node;
    const link = new Link({ address, publicKey }, this.identity);
    this.sockets.set(address, link);
    link.on('packet', (packet: Buffer) => this.take(packet, publicKey, link));
    // In the middle of what the link does.
    link.on('link', (connected: boolean) => leaveUncaught(() => this.emit('link', publicKey, connected)));
    link.on('refused', (reason: string) => this.logRefusal(publicKey, reason));
    link.open();
  }

  private join(node: NodeModel): void {
    this.greetAnew();
    if (this.listener !== null) this.link(node);
  }

  private leave(node: NodeModel): void {
    this.greetAnew();
    void this.sockets.get(node.address)?.close();
    this.sockets.delete(node.address);
  }

  /** The cluster's fingerprint has changed: whoever was greeted with the old one is to be greeted again. */
  private greetAnew(): void {
    this.listener?.dropConnections('the cluster has changed');
    for (const link of this.sockets.values()) link.reconnect('the cluster has changed');
  }

  private memberOf(signingKey: string): string | null {
    for (const publicKey of this.nodes.keys()) if (signingPart(publicKey) === signingKey) return publicKey;
    return null;
  }

  private logAbsent(absent: readonly string[]): void {
    if (absent.length > 0)
      this.logger.info(`does not listen on ${absent.join(', ')}: this machine has no such address`);
  }

  private logRefusal(peer: string, reason: string): void {
    const address = this.nodes.get(peer)?.address;
    if (address === undefined) this.refusals.stranger(`refused a connection of ${peer}: ${reason}`);
    else this.refusals.member(peer, `refused the member ${address}: ${reason}`);
  }
}
