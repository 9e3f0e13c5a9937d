import type { AppendedMessage, LogMessage } from '../../../src/mokka/messages/LogMessage';
import type { Progress } from '../../../src/mokka/log/Progress';
import type { Plant } from '../simulator/Plant';
import { localLogOf, methodOf, partOf, plantInContacts, plantInLeaders, plantMethod } from './inside';

/** What a leader knows of each follower. */
function progressOf(replication: object): ReadonlyMap<string, Progress> {
  return partOf(replication, 'progress') as ReadonlyMap<string, Progress>;
}

/** Keeps what a member claimed when its process or its link is another. */
function keepWhenLost(replication: object, kept: readonly ('voter' | 'fence')[]): void {
  for (const progress of progressOf(replication).values()) {
    const lost = methodOf(progress, 'lost');
    plantMethod(progress, 'lost', () => {
      const before = kept.map((name) => progress[name]);
      lost();
      kept.forEach((name, at) => Reflect.set(progress, name, before[at]));
    });
  }
}

export const claimsOutliveProcess: Plant = {
  name: 'claims-outlive-process',
  story:
    'What a process of a member claimed, that it is a voter, counts for the next one, which lost its disk.',
  scenario: 'late-words',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      keepWhenLost(replication, ['voter', 'fence']);
      const appended = methodOf(replication, 'appended');
      plantMethod(replication, 'appended', (peer: string, message: AppendedMessage, now: number) =>
        appended(peer, { ...message, incarnation: progressOf(replication).get(peer)?.incarnation }, now),
      );
    });
  },
};

export const standingFence: Plant = {
  name: 'standing-fence',
  story: 'The fence of a member’s process is that of the next one too, which lost its disk after the fence.',
  scenario: 'standing-fence',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => keepWhenLost(replication, ['fence']));
  },
};

export const readmitBeforeCommit: Plant = {
  name: 'readmit-before-commit',
  story:
    'A member is readmitted when it holds the fence, before a majority without it has committed the fence.',
  scenario: 'wiped-voter',
  onStart(mokka, disk) {
    plantInLeaders(mokka, (replication) => {
      const readmit = methodOf(replication, 'readmit');
      const send = methodOf(replication, 'send') as (peer: string, message: LogMessage) => void;
      plantMethod(replication, 'readmit', (peer: string, progress: Progress) => {
        readmit(peer, progress);
        const { fence, incarnation, matchIndex } = progress;
        const term = Reflect.get(replication, 'term') as number;
        const identity = disk.identity ?? '0'.repeat(32);
        if (fence !== null && incarnation !== null && matchIndex >= fence)
          send(peer, { type: 'readmit', term, incarnation, position: fence, identity });
      });
    });
  },
};

export const oldFence: Plant = {
  name: 'old-fence',
  story: 'The fence is an entry that was committed before the leader learned of the lost disk.',
  scenario: 'wiped-voter',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => {
      const readmit = methodOf(replication, 'readmit');
      plantMethod(replication, 'readmit', (peer: string, progress: Progress) => {
        progress.fence ??= Reflect.get(localLogOf(mokka), 'commitIndex') as number;
        readmit(peer, progress);
      });
    });
  },
};

export const nonVotersCommit: Plant = {
  name: 'non-voters-commit',
  story: 'What a member holds counts towards a commit while it is no voter.',
  scenario: 'wiped-voter',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) =>
      plantMethod(replication, 'matchIndexesWithout', (left: Progress | null) => [
        Reflect.get(localLogOf(mokka), 'savedPosition') as number,
        ...[...progressOf(replication).values()]
          .filter((progress) => progress !== left)
          .map(({ matchIndex }) => matchIndex),
      ]),
    );
  },
};

export const nonVotersConfirm: Plant = {
  name: 'non-voters-confirm',
  story: 'A leader’s quorum is confirmed by members that are no voters (Raft dissertation, 6.4).',
  scenario: 'stale-miss',
  onStart(mokka) {
    plantInContacts(mokka, (contact) => {
      const peers = partOf(contact, 'peers') as ReadonlyMap<string, object>;
      const quorumValue = methodOf(contact, 'quorumValue');
      plantMethod(contact, 'quorumValue', (value: unknown) => {
        Reflect.set(
          contact,
          'peers',
          new Map([...peers].map(([peer, said]) => [peer, { ...said, voter: true }])),
        );
        const found = quorumValue(value);
        Reflect.set(contact, 'peers', peers);
        return found;
      });
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
      const heard = methodOf(contact, 'heard');
      const peers = partOf(contact, 'peers') as Map<string, { incarnation: string; voter: boolean }>;
      plantMethod(
        contact,
        'heard',
        (peer: string, said: { incarnation: string; voter: boolean }, now: number) => {
          const known = peers.get(peer);
          if (known !== undefined)
            peers.set(peer, { ...known, incarnation: said.incarnation, voter: said.voter });
          heard(peer, said, now);
        },
      );
    });
  },
};

export const rejoiningMemberVotes: Plant = {
  name: 'rejoining-member-votes',
  story: 'A member that lost its disk and is not readmitted yet answers a request for its vote.',
  onStart(mokka, disk) {
    const answerVote = methodOf(mokka, 'answerVote');
    plantMethod(mokka, 'answerVote', (packet: unknown) => {
      if (disk.membership === 'rejoining')
        Object.defineProperty(disk, 'membership', { configurable: true, value: 'voter' });
      answerVote(packet);
      Reflect.deleteProperty(disk, 'membership');
    });
  },
};

export const formInOneRound: Plant = {
  name: 'form-in-one-round',
  story:
    'A member without a marker forms the cluster on one round of answers, which are of different moments.',
  scenario: 'forming',
  onStart(mokka) {
    const forming = partOf(mokka, 'forming');
    const decide = methodOf(forming, 'decide');
    plantMethod(forming, 'decide', (peers: Iterable<string>) => {
      const decision = decide(peers) as { join: string };
      if (decision.join !== 'ask') return decision;
      const { termAtLeast } = Reflect.get(forming, 'question') as { termAtLeast: number };
      return { join: 'form', termFloor: Math.max(0, termAtLeast - 1) };
    });
  },
};
