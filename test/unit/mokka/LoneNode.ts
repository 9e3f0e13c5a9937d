import { generateKeyPair } from '../../../src/config/keyPair';
import { ReplicatedMokka } from '../../../src/mokka/ReplicatedMokka';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';

const silent = (): void => undefined;

/** A whole node without links, that has seen nobody yet. */
export class LoneNode extends ReplicatedMokka {
  /** Whom it is to follow, whatever its election says. */
  followed: string | null = null;
  /** Of all members, its own first. */
  readonly memberAddresses: readonly string[];

  /** @param size of its cluster. */
  constructor(size = 1) {
    const keys = Array.from({ length: size }, () => generateKeyPair());
    const members = keys.map(({ publicKey }) => `tcp://127.0.0.1:1/${publicKey}`);
    const [address = ''] = members;
    super({
      address,
      members,
      privateKey: keys[0]?.votingKey ?? '',
      heartbeat: 50,
      electionTimeout: 200,
      store: new MemoryLogStore(),
      logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
    });
    this.memberAddresses = members;
  }

  protected override get leader(): string | null {
    return this.followed ?? super.leader;
  }

  override write(): void {
    // There is nobody.
  }

  override linkState(): { connected: boolean } {
    return { connected: false };
  }
}
