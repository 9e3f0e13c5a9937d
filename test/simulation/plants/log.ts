import type { Proposal } from '../../../src/mokka/log/ReplicatedLog';
import type { AppendMessage } from '../../../src/mokka/messages/LogMessage';
import { entryIdentity, type Entry } from '../../../src/entry/Entry';
import type { Plant } from '../simulator/Plant';
import { localLogOf, methodOf, partOf, plantInLeaders, plantMethod } from './inside';

export const commitOldTermByCounting: Plant = {
  name: 'commit-old-term-by-counting',
  story:
    'A new leader counts the disks that hold an entry of an earlier term, and commits it by that (Raft 5.4.2).',
  onStart(mokka) {
    plantInLeaders(mokka, (replication) => Reflect.set(replication, 'firstPosition', 1));
  },
};

/** Writes that the plant skip-sync keeps in memory before it syncs. */
const UNSYNCED_MAX = 12;

export const identityBeforeCommit: Plant = {
  name: 'identity-before-commit',
  story: 'A node takes its cluster’s identity from a first entry that is not committed, and may be cut.',
  onStart(mokka, disk) {
    const log = localLogOf(mokka);
    for (const name of ['save', 'replaceFrom']) {
      const write = methodOf(log, name);
      plantMethod(log, name, (...given: unknown[]) => {
        const done = write(...given);
        const first = disk.membership === 'voter' ? disk.entryAt(1) : null;
        if (first !== null && disk.identity === null) disk.setIdentity(entryIdentity(first) ?? '');
        return done;
      });
    }
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

export const ackBeforeCommit: Plant = {
  name: 'ack-before-commit',
  story: 'The leader acknowledges a push when it has taken it, before a majority holds it (Raft 5.3).',
  onStart(mokka) {
    const log = partOf(mokka, 'replicatedLog');
    const propose = methodOf(log, 'propose');
    const last = (): Entry | null => Reflect.get(log, 'last') as Entry | null;
    plantMethod(log, 'propose', (proposal: Proposal) => {
      const before = last()?.position ?? 0;
      const taken = propose(proposal);
      const entry = last();
      if (taken && entry !== null && entry.position > before) proposal.committed(entry);
      return taken;
    });
  },
};

export const readBelowTold: Plant = {
  name: 'read-below-told',
  story: 'A leader reads at its commitIndex, though it told a follower of a later commit (dissertation 6.4).',
  onStart(mokka) {
    const commitIndex = (): unknown => Reflect.get(localLogOf(mokka), 'commitIndex');
    plantInLeaders(mokka, (replication) =>
      Object.defineProperty(replication, 'readIndex', { configurable: true, get: commitIndex }),
    );
  },
};

export const truncateCommitted: Plant = {
  name: 'truncate-committed',
  story:
    'A follower cuts its log after the last entry of every append, also of one that came late (Raft 5.3, figure 2).',
  onStart(mokka, disk) {
    const log = partOf(mokka, 'replicatedLog');
    const append = methodOf(log, 'append');
    plantMethod(log, 'append', (from: string, message: AppendMessage) => {
      append(from, message);
      const end = message.previousPosition + message.entries.length;
      if (message.entries.length === 0 || (disk.last?.position ?? 0) <= end) return;
      const { entries, commitIndex, ...rest } = disk.snapshot();
      methodOf(localLogOf(mokka), 'forget')(end + 1);
      disk.replace({ ...rest, commitIndex: Math.min(commitIndex, end), entries: entries.slice(0, end) });
      const committed = partOf(localLogOf(mokka), 'committed') as { position: number; index: number };
      if (committed.position > end)
        Reflect.set(localLogOf(mokka), 'committed', { position: end, index: disk.last?.index ?? 0 });
    });
  },
};

export const retryAppendsTwice: Plant = {
  name: 'retry-appends-twice',
  story: 'A push that is tried again becomes another entry (Raft dissertation, 6.3).',
  onStart(mokka) {
    const log = localLogOf(mokka);
    plantMethod(log, 'findPush', () => undefined);
    plantMethod(log, 'wouldKnowPush', () => true);
  },
};

export const staleMiss: Plant = {
  name: 'stale-miss',
  story: 'A node says that a log does not exist because it does not have it yet (Raft dissertation, 6.4).',
  onStart(mokka) {
    const reads = partOf(mokka, 'reads');
    const get = methodOf(reads, 'get');
    const options = partOf(reads, 'options');
    plantMethod(reads, 'get', (index: number) =>
      methodOf(options, 'committedLog')(index) === null ? Promise.resolve(null) : get(index),
    );
  },
};
