import type { Plant } from '../simulator/Plant';
import { localLogOf, methodOf, partOf, plantInContacts, plantInLeaders, plantMethod } from './inside';

export const confirmRoundUnderWay: Plant = {
  name: 'confirm-round-under-way',
  story:
    'A read is confirmed by a round of heartbeats that began before it was asked (Raft dissertation, 6.4).',
  scenario: 'round-under-way',
  onStart(mokka) {
    plantInContacts(mokka, (contact) => {
      const confirm = methodOf(contact, 'confirm');
      plantMethod(contact, 'confirm', (done: unknown) => {
        const lastRound = Reflect.get(contact, 'lastRound') as number;
        Reflect.set(contact, 'lastRound', lastRound - 1);
        const wantsRound = confirm(done);
        Reflect.set(contact, 'lastRound', lastRound);
        return wantsRound;
      });
    });
  },
};

export const tellOldTerms: Plant = {
  name: 'tell-old-terms',
  story: 'A follower is told that it completes the quorum of an entry of an earlier term (Raft 5.4.2).',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      const sendEarlyCommits = methodOf(replication, 'sendEarlyCommits');
      plantMethod(replication, 'sendEarlyCommits', () => {
        const first: unknown = Reflect.get(replication, 'firstPosition');
        Reflect.set(replication, 'firstPosition', 1);
        sendEarlyCommits();
        Reflect.set(replication, 'firstPosition', first);
      });
    });
  },
};

export const completePartOfQuorum: Plant = {
  name: 'complete-part-of-quorum',
  story: 'A follower that completes a quorum commits what it has so far of what it was told (Raft 5.4.2).',
  onStart(mokka, disk) {
    const log = partOf(mokka, 'replicatedLog');
    const learn = methodOf(log, 'learnCommitIndex');
    plantMethod(log, 'completeQuorum', (position: number) => {
      if (disk.membership === 'voter') learn(position);
    });
  },
};

export const remembersAllAtOnce: Plant = {
  name: 'remembers-all-at-once',
  story: 'A leader refuses pushes as too old that it has only not read back yet (Raft dissertation, 6.3).',
  onStart(mokka) {
    Object.defineProperty(localLogOf(mokka), 'remembersAll', { value: true });
  },
};
