import { performance } from 'node:perf_hooks';
import { generateKeyPair } from '../../../src/config/keyPair';
import { PacketType } from '../../../src/mokka/messages/ElectionPacket';
import { SafeElection } from '../../../src/mokka/SafeElection';
import type { MemoryLogStore } from '../../../src/storage/MemoryLogStore';

const keys = [0, 1, 2].map(() => generateKeyPair());
const [own, peer] = keys.map(({ publicKey }) => publicKey) as [string, string];
const silent = (): void => undefined;

/** Timers and the monotonic clock go on when the test says so alone. jest fakes its sandbox's clock, not Node's own. */
export function useFakeTime(): void {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  jest.spyOn(performance, 'now').mockImplementation(() => jest.now());
}

export function useRealTime(): void {
  jest.restoreAllMocks();
  jest.useRealTimers();
}

export interface SentPacket {
  readonly type: number;
  readonly term: number;
  readonly data: { readonly round: number; readonly termAtLeast?: number };
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

  /** The number of the last pre-vote that it asked for; null: it has asked for none. */
  get lastAskedRound(): number | null {
    return this.asked(PacketType.PRE_VOTE).at(-1)?.data.round ?? null;
  }

  /** What it sent of a type, to all peers. */
  asked(type: number): SentPacket[] {
    return this.sent
      .map((packet) => JSON.parse(packet.toString()) as SentPacket)
      .filter((packet) => packet.type === type);
  }

  /** The public keys of the other two. */
  get peers(): string[] {
    return [...this.nodes.keys()];
  }

  /** A packet of a peer arrives. */
  async receive(
    type: number,
    term: number,
    data: object,
    proof: string | null = null,
    from = peer,
  ): Promise<void> {
    const head = { state: 0, term, publicKey: from, proof, timestamp: 1, type };
    const packet = {
      ...head,
      data: { lastTerm: 0, lastPosition: 0, votes: true, writeMs: 0, leader: null, ...data },
    };
    await this.emitPacket(Buffer.from(JSON.stringify(packet)), from);
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
