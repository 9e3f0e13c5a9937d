import { performance } from 'node:perf_hooks';
import { PacketModel } from 'mokka/dist/consensus/models/PacketModel';
import type { LogStore } from '../storage/LogStore';
import type { WriteTimes } from './election/WriteTimes';
import type { SenderState } from './messages/ElectionPacket';

/** A packet of Mokka with what every packet says of its sender. A copy: Mokka sends one object to all peers. */
export function withSenderState(packet: PacketModel, store: LogStore, writeTimes: WriteTimes): PacketModel {
  const { type, state, term, publicKey, proof, timestamp } = packet;
  const { last, membership } = store;
  const senderState: SenderState = {
    lastTerm: last?.term ?? 0,
    lastPosition: last?.index ?? 0,
    votes: membership === 'voter',
    writeMs: writeTimes.ofSelf(performance.now()),
  };
  const data = { ...(packet.data as object | null), ...senderState };
  return Object.assign(new PacketModel(type, state, term, publicKey, proof, data), { timestamp });
}
