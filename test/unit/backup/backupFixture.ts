import type { BackupHead } from '../../../src/backup/BackupHead';
import { BackupReader } from '../../../src/backup/BackupReader';
import type { BackupSource } from '../../../src/backup/takeBackup';
import { entryHash, GENESIS, type Entry, type LogPoint } from '../../../src/entry/Entry';

/** The cluster that the tests' backups are of. */
export const CLUSTER_ID = 'c0'.repeat(32);

/** The identity of that cluster. */
export const IDENTITY = '1d'.repeat(16);

/** The head of a backup of these entries, which follow on the floor. */
export function headOf(entries: readonly Entry[], floor: LogPoint = GENESIS): BackupHead {
  const last = entries.at(-1);
  if (last === undefined) throw new Error('a backup has an entry at least');
  return {
    entries: last.index - floor.index,
    logs: last.logNumber - floor.logNumber,
    clusterId: CLUSTER_ID,
    headHash: entryHash(last).toString('hex'),
    floor,
    identity: IDENTITY,
  };
}

/**
 * A node that holds these entries, which follow on the floor, of which it named the first `committed`, and gives them
 * `pageSize` at a time.
 */
export function sourceOf(
  entries: readonly Entry[],
  { committed = entries.length, pageSize = 3, floor = GENESIS } = {},
): BackupSource {
  return {
    head: () => Promise.resolve(headOf(entries.slice(0, committed), floor)),
    read: (from) => {
      const at = from - floor.index - 1;
      return Promise.resolve(entries.slice(at, at + pageSize));
    },
  };
}

/** An entry of a log that begins with its first one, as what others follow on. */
export function pointOf(entries: readonly Entry[], index: number): LogPoint {
  const entry = entries[index - 1];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  const { term, logNumber } = entry;
  return { index, term, logNumber, bytes: Buffer.from(entryHash(entry)) };
}

/** All that a backup file holds. */
export function readAll(path: string, maxBytes = 1000): { head: BackupHead; pages: (readonly Entry[])[] } {
  const reader = BackupReader.open(path);
  try {
    return { head: reader.head, pages: [...reader.pages(maxBytes)] };
  } finally {
    reader.close();
  }
}

/** What a call throws. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
