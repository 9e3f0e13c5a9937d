import type { Progress } from '../../../src/mokka/log/Progress';
import type { Replication } from '../../../src/mokka/log/Replication';
import type { Plant } from '../simulator/Plant';
import { localLogOf, plantField, plantInContacts, plantInLeaders } from './inside';

/** Keeps what a member claimed when its process or its link is another. */
function keepWhenLost(
  replication: Replication,
  restore: (progress: Progress, before: Pick<Progress, 'voter' | 'fence'>) => void,
): void {
  for (const progress of replication['progress'].values()) {
    const lost = progress.lost.bind(progress);
    progress.lost = () => {
      const { voter, fence } = progress;
      lost();
      restore(progress, { voter, fence });
    };
  }
}

export const claimsOutliveProcess: Plant = {
  name: 'claims-outlive-process',
  story:
    'What a process of a member claimed, that it is a voter, counts for the next one, which lost its disk.',
  scenario: 'late-words',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      keepWhenLost(replication, (progress, { voter, fence }) => {
        progress.voter = voter;
        progress.fence = fence;
      });
      const appended = replication.appended.bind(replication);
      replication.appended = (peer, message, now) => {
        const incarnation = replication['progress'].get(peer)?.incarnation ?? message.incarnation;
        appended(peer, { ...message, incarnation }, now);
      };
    });
  },
};

export const standingFence: Plant = {
  name: 'standing-fence',
  story: 'The fence of a member’s process is that of the next one too, which lost its disk after the fence.',
  scenario: 'standing-fence',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) =>
      keepWhenLost(replication, (progress, { fence }) => {
        progress.fence = fence;
      }),
    );
  },
};

export const readmitBeforeCommit: Plant = {
  name: 'readmit-before-commit',
  story:
    'A member is readmitted when it holds the fence, before a majority without it has committed the fence.',
  scenario: 'wiped-voter',
  onStart(mokka, disk) {
    plantInLeaders(mokka, (replication) => {
      const readmit = replication['readmit'].bind(replication);
      replication['readmit'] = (peer, progress) => {
        readmit(peer, progress);
        const { term } = replication;
        const { fence, incarnation, matchIndex } = progress;
        const identity = disk.identity ?? '0'.repeat(32);
        if (fence !== null && incarnation !== null && matchIndex >= fence)
          replication['outbox'].send(peer, { type: 'readmit', term, incarnation, index: fence, identity });
      };
    });
  },
};

export const oldFence: Plant = {
  name: 'old-fence',
  story: 'The fence is an entry that was committed before the leader learned of the lost disk.',
  scenario: 'wiped-voter',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      const readmit = replication['readmit'].bind(replication);
      replication['readmit'] = (peer, progress) => {
        progress.fence ??= localLogOf(mokka).commitIndex;
        readmit(peer, progress);
      };
    });
  },
};

export const nonVotersCommit: Plant = {
  name: 'non-voters-commit',
  story: 'What a member holds counts towards a commit while it is no voter.',
  scenario: 'wiped-voter',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      replication['matchIndexesWithout'] = (left) => [
        localLogOf(mokka).savedIndex,
        ...[...replication['progress'].values()]
          .filter((progress) => progress !== left)
          .map(({ matchIndex }) => matchIndex),
      ];
    });
  },
};

export const nonVotersConfirm: Plant = {
  name: 'non-voters-confirm',
  story: 'A leader’s quorum is confirmed by members that are no voters (Raft dissertation, 6.4).',
  scenario: 'stale-miss',
  onStart(mokka) {
    plantInContacts(mokka, (contact) => {
      const quorumValue = contact['quorumValue'].bind(contact);
      contact['quorumValue'] = (value) => {
        const peers = contact['peers'];
        const voters = new Map([...peers].map(([peer, heard]) => [peer, { ...heard, voter: true }]));
        plantField(contact, 'peers', peers, voters);
        const found = quorumValue(value);
        plantField(contact, 'peers', voters, peers);
        return found;
      };
    });
  },
};

export const lateWordsConfirm: Plant = {
  name: 'late-words-confirm',
  story:
    'A leader counts a late word of a member’s earlier process, a voter, with the rounds that the later one answered.',
  scenario: 'late-answers',
  onStart(mokka) {
    plantInContacts(mokka, (contact) => {
      const heard = contact.heard.bind(contact);
      contact.heard = (peer, answer, now) => {
        const known = contact['peers'].get(peer);
        const { incarnation, voter } = answer;
        if (known !== undefined) contact['peers'].set(peer, { ...known, incarnation, voter });
        heard(peer, answer, now);
      };
    });
  },
};

export const rejoiningMemberVotes: Plant = {
  name: 'rejoining-member-votes',
  story: 'A member that lost its disk and is not readmitted yet answers a request for its vote.',
  onStart(mokka, disk) {
    const election = mokka['election'];
    const answerVote = election['answerVote'].bind(election);
    election['answerVote'] = (packet) => {
      if (disk.membership === 'rejoining')
        Object.defineProperty(disk, 'membership', { configurable: true, value: 'voter' });
      answerVote(packet);
      Reflect.deleteProperty(disk, 'membership');
    };
  },
};

export const formInOneRound: Plant = {
  name: 'form-in-one-round',
  story:
    'A member without a marker forms the cluster on one round of answers, which are of different moments.',
  scenario: 'forming',
  onStart(mokka) {
    const forming = mokka['election']['joining']['forming'];
    const decide = forming.decide.bind(forming);
    forming.decide = (peers) => {
      const decision = decide(peers);
      if (decision.join !== 'ask') return decision;
      return { join: 'form', termFloor: Math.max(0, forming.question.termAtLeast - 1) };
    };
  },
};
