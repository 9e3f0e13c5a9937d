import {
  buildPartialSignature,
  buildPublicKeysRoot,
  buildPublicKeysRootForTerm,
  buildSharedPublicKeyX,
  buildSharedSignature,
} from 'mokka/dist/consensus/utils/cryptoUtils';
import NodeStates from 'mokka/dist/consensus/constants/NodeStates';
import type { NodeKeys } from '../../src/config/keyPair';
import { decodeElectionPacket, isElectionPacket, PacketType } from '../../src/mokka/messages/ElectionPacket';
import { ENTRY_NUMBER_MAX } from '../../src/entry/Entry';

/** A thief who stands for election with a stolen key, and claims a log that is longer than any. */
export class Usurper {
  private proof: string | null = null;
  private readonly nonce = Date.now();

  constructor(
    private readonly keys: NodeKeys,
    private readonly members: readonly string[],
    readonly term: number,
  ) {}

  get isElected(): boolean {
    return this.proof !== null;
  }

  requestForVote(): Buffer {
    return this.packet(PacketType.VOTE, { nonce: this.nonce });
  }

  heartbeat(round: number): Buffer {
    return this.packet(PacketType.HEARTBEAT, { round });
  }

  /** With one vote besides the own, of three, the proof of a quorum is made, as Mokka makes it. */
  see(from: string, bytes: Buffer): void {
    if (!isElectionPacket(bytes)) return;
    const packet = decodeElectionPacket(bytes, from);
    if (packet.type !== PacketType.VOTED || packet.data.signature === null || packet.term !== this.term)
      return;
    const { term, nonce, keys } = this;
    const root = buildPublicKeysRootForTerm(
      buildPublicKeysRoot([...this.members].sort()),
      term,
      nonce,
      keys.publicKey,
    );
    const own = buildPartialSignature(keys.votingKey, term, nonce, root);
    const quorum = [keys.publicKey, from].sort();
    const shared = buildSharedPublicKeyX(quorum, term, nonce, root);
    this.proof = `${nonce}:${shared}:${buildSharedSignature([own, packet.data.signature])}`;
  }

  private packet(type: number, data: object): Buffer {
    const { proof, term } = this;
    const { publicKey } = this.keys;
    const end = { lastTerm: ENTRY_NUMBER_MAX, lastPosition: ENTRY_NUMBER_MAX, votes: true, writeMs: 0 };
    const header = { type, state: NodeStates.LEADER, term, publicKey, proof, timestamp: Date.now() };
    return Buffer.from(JSON.stringify({ ...header, data: { ...end, ...data } }));
  }
}
