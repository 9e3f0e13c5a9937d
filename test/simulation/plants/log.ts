import { entryIdentity } from '../../../src/entry/Entry';
import type { Replication } from '../../../src/mokka/log/Replication';
import type { Plant } from '../simulator/Plant';
import { localLogOf, plantField, plantInLeaders } from './inside';

export const commitOldTermByCounting: Plant = {
  name: 'commit-old-term-by-counting',
  story:
    'A new leader counts the disks that hold an entry of an earlier term, and commits it by that (Raft 5.4.2).',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) =>
      plantField(replication, 'firstIndex', replication['firstIndex'], 1),
    );
  },
};

/** Writes that the plant skip-sync keeps in memory before it syncs. */
const UNSYNCED_MAX = 12;

export const identityBeforeCommit: Plant = {
  name: 'identity-before-commit',
  story: 'A node takes its cluster’s identity from a first entry that is not committed, and may be cut.',
  onStart(mokka, disk) {
    const takeIdentity = (): void => {
      const first = disk.membership === 'voter' ? disk.entryAt(1) : null;
      if (first !== null && disk.identity === null) disk.setIdentity(entryIdentity(first) ?? '');
    };
    const log = localLogOf(mokka);
    const save = log.save.bind(log);
    log.save = (to) => {
      save(to);
      takeIdentity();
    };
    const replaceFrom = log.replaceFrom.bind(log);
    log.replaceFrom = (entries, commitIndex) => {
      const follows = replaceFrom(entries, commitIndex);
      takeIdentity();
      return follows;
    };
  },
};

export const skipSync: Plant = {
  name: 'skip-sync',
  story: 'A write is answered when it is in memory; a crash loses the last ones (Raft, figure 2).',
  onStart(_mokka, disk) {
    disk.keptInCrash = (kept) => Math.floor(kept / 2);
  },
  keepsUnsynced: (disk) => disk.unsynced.length < UNSYNCED_MAX,
};

export const countUntold: Plant = {
  name: 'count-untold',
  story:
    'A node counts and acknowledges what it gave to its store, before the store tells that it is on disk.',
  onStart(mokka) {
    const log = localLogOf(mokka);
    const name: keyof typeof log = 'savedIndex';
    Object.defineProperty(log, name, {
      configurable: true,
      get: () => log.writtenIndex,
      set: () => undefined,
    });
  },
};

export const toldOfReplaced: Plant = {
  name: 'told-of-replaced',
  story: 'What the store tells of entries that were replaced is taken for the entries in their place.',
  onStart(mokka) {
    const log = localLogOf(mokka);
    plantField(log, 'replacements', log['replacements'], 0);
    Object.defineProperty(log, 'replacements', { get: () => 0, set: () => undefined });
  },
};

export const commitUntold: Plant = {
  name: 'commit-untold',
  story: 'A follower that is the last of a quorum commits what is not on its own disk yet.',
  onStart(mokka) {
    const log = mokka['replicatedLog'];
    const complete = log['completeQuorum'].bind(log);
    log['completeQuorum'] = (index) => {
      if (log['verifiedIndex'] >= index && mokka['store'].membership === 'voter')
        log['learnCommitIndex'](index);
      complete(index);
    };
  },
};

export const ackBeforeCommit: Plant = {
  name: 'ack-before-commit',
  story: 'The leader acknowledges a push when it has taken it, before a majority holds it (Raft 5.3).',
  onStart(mokka) {
    const log = mokka['replicatedLog'];
    const propose = log.propose.bind(log);
    log.propose = (push, pusher) => {
      const result = propose(push, pusher);
      // An entry at a position that is committed is the answer to a push.
      return typeof result === 'string' ? result : { ...result, index: 0 };
    };
  },
};

export const readBelowTold: Plant = {
  name: 'read-below-told',
  story: 'A leader reads at its commitIndex, though it told a follower of a later commit (dissertation 6.4).',
  onStart(mokka) {
    const name: keyof Replication = 'readIndex';
    plantInLeaders(mokka, (replication) =>
      Object.defineProperty(replication, name, {
        configurable: true,
        get: () => localLogOf(mokka).commitIndex,
      }),
    );
  },
};

export const truncateCommitted: Plant = {
  name: 'truncate-committed',
  story:
    'A follower cuts its log after the last entry of every append, also of one that came late (Raft 5.3, figure 2).',
  onStart(mokka, disk) {
    const log = mokka['replicatedLog'];
    const append = log['append'].bind(log);
    log['append'] = (from, message) => {
      append(from, message);
      const end = message.previousIndex + message.entries.length;
      if (message.entries.length === 0 || (disk.last?.index ?? 0) <= end) return;
      const { entries, commitIndex, ...rest } = disk.snapshot();
      const localLog = localLogOf(mokka);
      localLog['forget'](end + 1);
      disk.replace({ ...rest, commitIndex: Math.min(commitIndex, end), entries: entries.slice(0, end) });
      if (localLog.commitIndex <= end) return;
      localLog.commitIndex = end;
      localLog.committedLogNumber = disk.last?.logNumber ?? 0;
    };
  },
};

export const retryAppendsTwice: Plant = {
  name: 'retry-appends-twice',
  story: 'A push that is tried again becomes another entry (Raft dissertation, 6.3).',
  onStart(mokka) {
    const { pushes } = localLogOf(mokka);
    pushes.find = () => undefined;
    pushes.wouldKnow = () => true;
  },
};

export const staleMiss: Plant = {
  name: 'stale-miss',
  story: 'A node says that a log does not exist because it does not have it yet (Raft dissertation, 6.4).',
  onStart(mokka) {
    const reads = mokka['reads'];
    const get = reads.get.bind(reads);
    reads.get = (index) =>
      localLogOf(mokka).committedLog(index) === null ? Promise.resolve(null) : get(index);
  },
};
