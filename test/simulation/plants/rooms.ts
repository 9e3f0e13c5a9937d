import type { Plant } from '../simulator/Plant';
import { localLogOf, plantAroundReceive, plantInLeaders } from './inside';

export const roomUnasked: Plant = {
  name: 'room-unasked',
  story: 'A follower puts its leader’s entries on a disk whose last room is gone.',
  onStart(mokka) {
    const log = localLogOf(mokka);
    const replaceFrom = log.replaceFrom.bind(log);
    const replicatedLog = mokka['replicatedLog'];
    plantAroundReceive(mokka, (from, message, receive) => {
      receive();
      if (message.type !== 'append' || log.room !== 'none' || replicatedLog.leader !== from) return;
      const [first] = message.entries;
      if (first?.index === log.lastIndex + 1) replaceFrom(message.entries, log.commitIndex);
    });
  },
};

export const storedThoughFull: Plant = {
  name: 'stored-though-full',
  story: 'A leader refuses a push since no quorum has room, and has made an entry of it.',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      const log = localLogOf(mokka);
      const propose = replication.propose.bind(replication);
      replication.propose = (push, pusher) => {
        const result = propose(push, pusher);
        if (result === 'STORE_FULL') log.stage(replication.term, 1, push);
        return result;
      };
    });
  },
};
