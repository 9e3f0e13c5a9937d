import { isElectionPacket, PacketType } from '../../../src/mokka/messages/ElectionPacket';
import type { HardState, LogStore } from '../../../src/storage/LogStore';
import { GENESIS } from '../../../src/entry/Entry';
import type { Plant } from '../simulator/Plant';
import type { SimulatedDisk } from '../simulator/SimulatedDisk';

/** A store that passes everything on but what `changes` says. */
function storeWith(disk: SimulatedDisk, changes: Partial<Record<keyof LogStore, unknown>>): LogStore {
  return new Proxy<LogStore>(disk, {
    get(target, name) {
      const value: unknown = name in changes ? Reflect.get(changes, name) : Reflect.get(target, name);
      return typeof value === 'function' && !(name in changes) ? (value.bind(target) as unknown) : value;
    },
  });
}

export const doubleVote: Plant = {
  name: 'double-vote',
  story: 'A node votes for whoever asks in a term, as if it had not voted in it yet (Raft 5.2).',
  store: (disk, self) =>
    storeWith(disk, {
      get hardState(): HardState {
        const { term, votedFor } = disk.hardState;
        return { term, votedFor: votedFor === self ? self : null };
      },
    }),
};

export const forgetVote: Plant = {
  name: 'forget-vote',
  story: 'The term is put on disk, the vote is only remembered: a restart forgets it (Raft, figure 2).',
  store: (disk) => {
    let inMemory: HardState | null = null;
    return storeWith(disk, {
      get hardState(): HardState {
        return inMemory ?? disk.hardState;
      },
      saveHardState(hardState: HardState): void {
        if (hardState.term > disk.hardState.term) disk.saveHardState({ ...hardState, votedFor: null });
        inMemory = hardState;
      },
    });
  },
};

export const voteForOlderLog: Plant = {
  name: 'vote-for-older-log',
  story: 'A vote is given without a look at how far the candidate’s log goes (Raft 5.4.1).',
  onPacket(packet) {
    if (!isElectionPacket(packet)) return packet;
    const parsed = JSON.parse(packet.toString()) as { type: number; data: object };
    if (parsed.type !== PacketType.VOTE && parsed.type !== PacketType.PRE_VOTE) return packet;
    const data = { ...parsed.data, lastTerm: 1_000_000, lastPosition: 1_000_000 };
    return Buffer.from(JSON.stringify({ ...parsed, data }));
  },
};

export const noPreVote: Plant = {
  name: 'no-pre-vote',
  story:
    'A node that hears no leader becomes a candidate at once, without asking whether others would vote (Raft dissertation, 9.6).',
  onStart(mokka) {
    const election = mokka['election'];
    election['beginPreVote'] = () => {
      election.resetElectionTimer();
      election['becomeCandidate']();
    };
  },
};

export const wipedMemberVotes: Plant = {
  name: 'wiped-member-votes',
  story: 'A member that lost its disk votes and counts at once, as if it remembered what it promised.',
  onWipe(disk) {
    disk.replace({
      hardState: { term: 0, votedFor: null },
      membership: 'voter',
      identity: null,
      commitIndex: 0,
      floor: GENESIS,
      entries: [],
    });
  },
};
