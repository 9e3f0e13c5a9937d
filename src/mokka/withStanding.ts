import { performance } from 'node:perf_hooks';
import { PacketModel } from 'mokka/dist/consensus/models/PacketModel';
import type { LogStore } from '../storage/LogStore';
import type { WriteTimes } from './election/WriteTimes';

/** A packet that says where the sender's log ends, and what else all say. A copy: Mokka sends one object to all peers. */
export function withStanding(packet: PacketModel, store: LogStore, writeTimes: WriteTimes): PacketModel {
  const { last, membership } = store;
  const data = {
    ...(packet.data as object | null),
    lastTerm: last?.term ?? 0,
    lastPosition: last?.position ?? 0,
    votes: membership === 'voter',
    writeMs: writeTimes.ofSelf(performance.now()),
  };
  return Object.assign(
    new PacketModel(packet.type, packet.state, packet.term, packet.publicKey, packet.proof, data),
    {
      timestamp: packet.timestamp,
    },
  );
}
