import { generateKeyPair } from '../../../src/config/keyPair';
import { PacketType } from '../../../src/mokka/messages/ElectionPacket';
import { SafeElection } from '../../../src/mokka/SafeElection';
import type { MemoryLogStore } from '../../../src/storage/MemoryLogStore';

const keys = [0, 1, 2].map(() => generateKeyPair());
const [own, peer] = keys.map(({ publicKey }) => publicKey) as [string, string];
const silent = (): void => undefined;

interface SentPacket {
  readonly type: number;
  readonly data: { readonly round: number };
}

/** The election of one of three members, alone with what a peer is said to send. */
export class LoneElection extends SafeElection {
  readonly failures: Error[] = [];
  readonly blamed: Error[] = [];
  private readonly sent: Buffer[] = [];

  constructor(store: MemoryLogStore) {
    super({
      address: `tcp://127.0.0.1:1/${own}`,
      privateKey: keys[0]?.votingKey ?? '',
      heartbeat: 10,
      electionTimeout: 40,
      store,
      logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
    });
    for (const { publicKey } of keys.slice(1)) this.nodeApi.join(`tcp://127.0.0.1:2/${publicKey}`);
    this.on('fatal', (error: Error) => this.failures.push(error));
    this.on('error', (error: Error) => this.blamed.push(error));
    this.connect();
  }

  get leads(): boolean {
    return this.isLeader;
  }

  /** The number of the last pre-vote that it asked for; 0: it has asked for none. */
  get lastAskedRound(): number {
    const packets = this.sent.map((packet) => JSON.parse(packet.toString()) as SentPacket);
    return packets.findLast(({ type }) => type === PacketType.PRE_VOTE)?.data.round ?? 0;
  }

  /** A packet of the peer arrives. */
  async receive(type: number, term: number, data: object, proof: string | null = null): Promise<void> {
    const head = { state: 0, term, publicKey: peer, proof, timestamp: 1, type };
    const packet = { ...head, data: { lastTerm: 0, lastPosition: 0, ...data } };
    await this.emitPacket(Buffer.from(JSON.stringify(packet)), peer);
  }

  override write(_address: string, packet: Buffer): void {
    this.sent.push(packet);
  }

  protected override followerHeard(): void {
    // There is no log here.
  }

  protected override packetFrom(): void {
    // Nor a status.
  }
}
