import type { BackupHead } from '../../../src/backup/BackupHead';
import { BackupReader } from '../../../src/backup/BackupReader';
import type { BackupSource } from '../../../src/backup/takeBackup';
import { entryHash, type Entry } from '../../../src/entry/Entry';

/** The cluster that the tests' backups are of. */
export const CLUSTER_ID = 'c0'.repeat(32);

/** The head of a backup that ends with the last of these entries. */
export function headOf(entries: readonly Entry[]): BackupHead {
  const last = entries.at(-1);
  if (last === undefined) throw new Error('a backup has an entry at least');
  return {
    entries: last.index,
    logs: last.logNumber,
    clusterId: CLUSTER_ID,
    headHash: entryHash(last).toString('hex'),
  };
}

/** A node that holds these entries, of which it named the first `committed`, and gives them `pageSize` at a time. */
export function sourceOf(
  entries: readonly Entry[],
  { committed = entries.length, pageSize = 3 } = {},
): BackupSource {
  return {
    head: () => Promise.resolve(headOf(entries.slice(0, committed))),
    read: (from) => Promise.resolve(entries.slice(from - 1, from - 1 + pageSize)),
  };
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
