import { ProtocolError } from '../../src/errors';
import { decodeElectionPacket, isElectionPacket } from '../../src/mokka/messages/ElectionPacket';
import { decodeLogMessage } from '../../src/mokka/messages/LogMessage';

/** Packets that are kept as models of what members really send. */
const MODELS_MAX = 64;

/** What a thief has learned of the cluster by listening with a member's key: so that its lies are near the truth. */
export class Sight {
  term = 0;
  proof: string | null = null;
  /** Of the last append that each node sent, by its public key. */
  readonly epochs = new Map<string, number>();
  lastIndex = 0;
  readonly models: Buffer[] = [];
  private heard = 0;

  /** A packet arrived from a node. */
  see(from: string, packet: Buffer): void {
    this.models[this.heard++ % MODELS_MAX] = Buffer.from(packet);
    try {
      if (isElectionPacket(packet)) {
        const { term, proof } = decodeElectionPacket(packet, from);
        this.term = Math.max(this.term, term);
        this.proof = proof ?? this.proof;
        return;
      }
      const message = decodeLogMessage(packet);
      if (message.type !== 'append') return;
      this.epochs.set(from, message.epoch);
      const { previousIndex, entries } = message;
      this.lastIndex = Math.max(this.lastIndex, previousIndex + entries.length);
    } catch (error) {
      // What honest nodes send is well-formed.
      if (error instanceof ProtocolError)
        throw new Error(`a node sent what no node takes: ${error.message}`, { cause: error });
      throw error;
    }
  }
}
