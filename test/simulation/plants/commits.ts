import type { Plant } from '../simulator/Plant';
import { localLogOf, plantField, plantInContacts, plantInLeaders } from './inside';

export const confirmRoundUnderWay: Plant = {
  name: 'confirm-round-under-way',
  story:
    'A read is confirmed by a round of heartbeats that began before it was asked (Raft dissertation, 6.4).',
  scenario: 'round-under-way',
  onStart(mokka) {
    plantInContacts(mokka, (contact) => {
      const confirm = contact.confirm.bind(contact);
      contact.confirm = (done) => {
        contact['lastRound']--;
        const wantsRound = confirm(done);
        contact['lastRound']++;
        return wantsRound;
      };
    });
  },
};

export const tellOldTerms: Plant = {
  name: 'tell-old-terms',
  story: 'A follower is told that it completes the quorum of an entry of an earlier term (Raft 5.4.2).',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      const sendEarlyCommits = replication['sendEarlyCommits'].bind(replication);
      replication['sendEarlyCommits'] = () => {
        const first = replication['firstIndex'];
        plantField(replication, 'firstIndex', first, 1);
        sendEarlyCommits();
        plantField(replication, 'firstIndex', 1, first);
      };
    });
  },
};

export const completePartOfQuorum: Plant = {
  name: 'complete-part-of-quorum',
  story: 'A follower that completes a quorum commits what it has so far of what it was told (Raft 5.4.2).',
  onStart(mokka, disk) {
    const log = mokka['replicatedLog'];
    const learnCommitIndex = log['learnCommitIndex'].bind(log);
    log['completeQuorum'] = (index) => {
      if (disk.membership === 'voter') learnCommitIndex(index);
    };
  },
};

export const remembersAllAtOnce: Plant = {
  name: 'remembers-all-at-once',
  story: 'A leader refuses pushes as too old that it has only not read back yet (Raft dissertation, 6.3).',
  onStart(mokka) {
    const name: keyof ReturnType<typeof localLogOf> = 'remembersAll';
    Object.defineProperty(localLogOf(mokka), name, { value: true });
  },
};
