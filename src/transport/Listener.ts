import type { Server, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { RepSocket } from './axonSockets';
import { type StartError, toError } from '../errors';
import { ANSWER_PACKETS_MAX, HANDSHAKES_MAX, PACKET_BYTES_MAX } from '../limits';
import { cannotListen, notBound } from '../listenErrors';
import { decodeRequest, encodeAnswer } from './frames';
import type { Hello } from './hello';
import { hostAndPort, lookUpName, type NameLookup } from './nameLookup';
import { SealedConnection, type ConnectionOwner, type Ending } from './SealedConnection';
import { TlsAcceptor } from './tls/TlsAcceptor';

/** Packets that go back in the answer to the request that is being handled now. */
interface Answer {
  readonly publicKey: string;
  readonly packets: Buffer[];
  bytes: number;
}

/**
 * Where the members reach this node: an axon rep socket whose connections are sealed, one for each member, the
 * latest. Strangers get a few places and little time, and can take no member's. Every request is answered
 * (HAZARDS, axon 1) when its handlers return.
 *
 * Emits 'message' (packet: Buffer, publicKey: string), 'refused' (peer: string, reason: string), 'bound' (the host's
 * addresses that this machine has not: string[]) and, when it cannot listen, 'unbound' (error: StartError PORT_TAKEN
 * or CANNOT_LISTEN).
 */
export class Listener extends RepSocket implements ConnectionOwner {
  readonly wrongKey = 'its key is not that of a member';
  /** How many connections ended, by how: for tests and for whoever wonders. */
  readonly endings: Record<Ending, number> = {
    lost: 0,
    refused: 0,
    foreign: 0,
    malformed: 0,
    timeout: 0,
    overload: 0,
    replaced: 0,
    closed: 0,
  };
  /** Connections that are no member's yet, oldest first. */
  private readonly strangers = new Set<SealedConnection>();
  private readonly members = new Map<string, SealedConnection>();
  private answer: Answer | null = null;
  private servers: Server[] = [];
  private readonly acceptor: TlsAcceptor;

  /** @param memberOf the public key of the peer that signs with this Ed25519 key, or null. */
  constructor(
    tlsOptions: SecureContextOptions,
    private readonly hello: () => Hello,
    readonly memberOf: (signingKey: string) => string | null,
    private readonly lookUp: NameLookup = lookUpName,
  ) {
    super();
    this.acceptor = new TlsAcceptor(tlsOptions);
    // axon's word for a broken connection; `closed` is told anyway, and unheard it would end the process.
    this.on('error', () => undefined);
  }

  /**
   * Listens at tcp://host:port, on the addresses of that host only (HAZARDS, axon 8): on each of them that this
   * machine has.
   */
  override bind(address: string): this;
  override bind(port: number, host: string): this;
  override bind(address: string | number): this {
    const { host, port } = hostAndPort(String(address));
    this.lookUp(host).then(
      (hosts) => this.bindAll(String(address), port, hosts),
      (thrown: unknown) => this.emit('unbound', doesNotResolve(String(address), host, toError(thrown))),
    );
    return this;
  }

  /** The port that it listens on; null when it does not. */
  get port(): number | null {
    const address = this.servers.find(({ listening }) => listening)?.address();
    return typeof address === 'object' && address !== null ? address.port : null;
  }

  /** How many connections there are, members' and strangers'. */
  get connectionCount(): number {
    return this.members.size + this.strangers.size;
  }

  /** Whether a member has connected. */
  isReachedBy(publicKey: string): boolean {
    return this.members.has(publicKey);
  }

  /**
   * Puts a packet into the answer to the request of this member that is being handled in this very call; false when
   * there is none, or no room in it.
   */
  reply(publicKey: string, packet: Buffer): boolean {
    const { answer } = this;
    if (answer?.publicKey !== publicKey || answer.packets.length === ANSWER_PACKETS_MAX) return false;
    if (answer.bytes + packet.length > PACKET_BYTES_MAX) return false;
    answer.packets.push(packet);
    answer.bytes += packet.length + PACKET_FRAMING_BYTES;
    return true;
  }

  /** Closes the connection of a member that breaks the protocol. */
  reject(publicKey: string, reason: string): void {
    this.members.get(publicKey)?.close('malformed', reason);
  }

  /** Tells all members which cluster this node is of, now that it knows. */
  tellHello(): void {
    for (const connection of [...this.strangers, ...this.members.values()]) connection.tellHello();
  }

  /** Closes all connections, for members to come back with the cluster as it is then. */
  dropConnections(reason: string): void {
    for (const connection of [...this.strangers, ...this.members.values()])
      connection.close('closed', reason);
  }

  /** Stops for ever. Resolves when the port is free. */
  override async close(): Promise<void> {
    this.closing = true;
    this.dropConnections('this node is stopping');
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  override addSocket(raw: Socket): void {
    this.strangers.add(new SealedConnection(raw, this.acceptor.accept, this.hello, this));
    if (this.strangers.size <= HANDSHAKES_MAX) return;
    const [oldest] = this.strangers;
    oldest?.close('timeout', `${HANDSHAKES_MAX} others have come since`);
  }

  opened(connection: SealedConnection): void {
    const { peer } = connection;
    if (peer === null) return;
    this.strangers.delete(connection);
    // After a peer's crash its old connection may linger; the peer itself knows which is the one it uses.
    this.members.get(peer)?.close('replaced', 'the member has connected anew');
    this.members.set(peer, connection);
  }

  frame(connection: SealedConnection, args: Buffer[]): void {
    const { id, packets } = decodeRequest(args);
    const publicKey = connection.peer ?? '';
    const answer: Answer = { publicKey, packets: [], bytes: 0 };
    this.answer = answer;
    try {
      for (const packet of packets) this.emit('message', packet, publicKey);
    } finally {
      this.answer = null;
    }
    connection.write(encodeAnswer(answer.packets, id));
  }

  closed(connection: SealedConnection, ending: Ending, reason: string, peer: string): void {
    this.endings[ending]++;
    this.strangers.delete(connection);
    if (this.members.get(peer) === connection) this.members.delete(peer);
    if (ending === 'refused' || ending === 'foreign' || ending === 'malformed')
      this.emit('refused', peer, reason);
  }

  private bindAll(address: string, port: number, hosts: readonly string[]): void {
    if (this.closing === true) return;
    const absent: string[] = [];
    let undecided = hosts.length;
    const decided = (): void => {
      if (--undecided === 0 && absent.length < hosts.length) this.emit('bound', absent);
    };
    for (const host of hosts) {
      super.bind(port, host);
      const { server } = this;
      if (server === null) continue;
      this.servers.push(server);
      server.once('listening', decided);
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (server.listening) return;
        if (!isNotOfThisMachine(error)) this.emit('unbound', notBoundAt(address, error));
        else if (absent.push(host) === hosts.length)
          this.emit('unbound', cannotListen(`on ${address}`, isElsewhere(hosts), error));
        decided();
      });
    }
  }
}

const PACKET_FRAMING_BYTES = 5;

function notBoundAt(address: string, error: Error): StartError {
  const where = `on ${address}`;
  const taken = 'or choose other ports with START_PORT';
  return notBound({ where, taken, setting: 'the address in the configuration' }, error);
}

function doesNotResolve(address: string, host: string, error: NodeJS.ErrnoException): StartError {
  const why = `the name ${host} does not resolve (${error.code ?? error.message}); check it in the configuration, and /etc/hosts or DNS`;
  return cannotListen(`on ${address}`, why, error);
}

function isElsewhere(hosts: readonly string[]): string {
  return `this machine has no address ${hosts.join(' and no ')}; check the address in the configuration`;
}

/** The address is another machine's, or of a family that this one does not speak. */
function isNotOfThisMachine({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}
