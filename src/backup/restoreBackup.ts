import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { resolve } from 'node:path';
import { BackupError } from '../errors';
import { RESTORE_STEP_BYTES } from '../limits';
import { IDENTITY_BYTES } from '../entry/Entry';
import { DurableLogStore } from '../storage/durable/DurableLogStore';
import type { StoreOwner } from '../storage/directory/MarkerFile';
import { asStoreFailed } from '../storage/unusable';
import { lastIndexOf, type BackupHead } from './BackupHead';
import { BackupReader } from './BackupReader';
import { RestoreSite } from './RestoreSite';
import type { OnProgress } from './takeBackup';

/** What is restored where. */
export interface RestoreOptions {
  /** The backup. */
  readonly file: string;
  /** The data directory of the node that will use it; missing or empty. */
  readonly directory: string;
  /** That node and its cluster. */
  readonly owner: StoreOwner;
  /** Whether the cluster may be the one that the backup was taken of. */
  readonly sameCluster: boolean;
  /** Told after each step how many entries of how many are restored. */
  readonly onProgress?: OnProgress;
}

/**
 * Makes a node's data directory from a backup: a voter that knows the whole log to be committed, from the backup's floor
 * on. What is built is
 * the node's only when all of it is checked and on disk ({@link RestoreSite}): one that fails leaves nothing that a
 * node would use. Synchronous for as long as it reads.
 *
 * It gives the node no memory of the votes that it gave: right only for a member of a cluster none of whose members has
 * run since, or whose data are used by nobody any more.
 *
 * @throws BackupError; StartError DATA_LOCKED (another restore into it, or its node, runs), STORE_FAILED.
 */
export async function restoreBackup(options: RestoreOptions): Promise<BackupHead> {
  const directory = resolve(options.directory);
  const reader = BackupReader.open(options.file);
  try {
    if (reader.head.clusterId === options.owner.clusterId && !options.sameCluster)
      throw sameCluster(options.file);
    await build(directory, options, reader);
  } catch (error) {
    throw asStoreFailed(error, `cannot restore to ${directory}`);
  } finally {
    reader.close();
  }
  return reader.head;
}

async function build(directory: string, options: RestoreOptions, reader: BackupReader): Promise<void> {
  const site = await RestoreSite.open(directory);
  try {
    await fill(site.built, options, reader);
    site.finish();
  } finally {
    site.close();
  }
}

async function fill(
  directory: string,
  { owner, onProgress }: RestoreOptions,
  reader: BackupReader,
): Promise<void> {
  const store = await DurableLogStore.open({ directory, ...owner });
  try {
    store.setMembership('voter');
    const { head } = reader;
    const { floor, entries } = head;
    store.setIdentity(restoredIdentity(owner.clusterId, head));
    let restored = 0;
    for (const page of reader.pages(RESTORE_STEP_BYTES)) {
      if (restored === 0 && floor.index > 0) store.beginAt(floor, page);
      else store.append(page, floor.index + restored + page.length);
      restored += page.length;
      onProgress?.(restored, entries);
      // The store's own work beside this thread comes to its end in a turn of the event loop.
      await nextTurn();
    }
    store.append([], lastIndexOf(head));
    // A term of which this node knows no vote: it votes in those after it, as candidates stand in those after theirs.
    store.saveHardState({ term: store.last?.term ?? 0, votedFor: null });
  } finally {
    store.close();
  }
}

/**
 * The identity of a cluster that begins with a backup: another than that of the cluster that was backed up, whose old
 * data directories must not come back into it; the same on every member that is restored from this backup.
 */
export function restoredIdentity(clusterId: string, { clusterId: of, headHash }: BackupHead): string {
  const hash = createHash('sha256').update(`mokka-restored 1\n${clusterId}\n${of}\n${headHash}`);
  return hash.digest('hex').slice(0, 2 * IDENTITY_BYTES);
}

function sameCluster(file: string): BackupError {
  return new BackupError(
    'SAME_CLUSTER',
    `${file} was taken of this very cluster. A single member that lost its data needs no restore: start it, and it gets ` +
      'the log from the others. Only where all members lose what they hold, stop all, remove the data of all, and ' +
      'restore all with --same-cluster',
  );
}
