import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BackupError, toError } from '../errors';
import { RESTORE_STEP_BYTES } from '../limits';
import { DirectoryLock } from '../storage/DirectoryLock';
import { makeDirectory, syncPath } from '../storage/durableFile';
import { IDENTITY_BYTES } from '../storage/Entry';
import { LmdbLogStore } from '../storage/LmdbLogStore';
import type { StoreOwner } from '../storage/MarkerFile';
import type { BackupHead } from './BackupHead';
import { BackupReader } from './BackupReader';

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
}

/**
 * Makes a node's data directory from a backup: a voter that knows the whole log to be committed. Built beside the
 * directory, as DIRECTORY.restoring, and renamed when all is checked and on disk: one that fails leaves nothing that
 * a node would use. Synchronous for as long as it reads.
 *
 * It gives the node no memory of the votes that it gave: right only for a member of a cluster none of whose members has
 * run since, or whose data are used by nobody any more.
 *
 * @throws BackupError; StartError DATA_LOCKED (another restore into it runs), STORE_FAILED.
 */
export async function restoreBackup(options: RestoreOptions): Promise<BackupHead> {
  const directory = resolve(options.directory);
  const reader = BackupReader.open(options.file);
  try {
    if (reader.head.clusterId === options.owner.clusterId && !options.sameCluster)
      throw sameCluster(options.file);
    refuseData(directory);
    const building = `${directory}.restoring`;
    await clear(building);
    try {
      await fill(building, options.owner, reader);
      moveInto(building, directory);
    } catch (error) {
      rmSync(building, { recursive: true, force: true });
      throw error;
    }
  } finally {
    reader.close();
  }
  return reader.head;
}

async function fill(directory: string, owner: StoreOwner, reader: BackupReader): Promise<void> {
  const store = await LmdbLogStore.open({ directory, ...owner });
  try {
    store.setMembership('voter');
    store.setIdentity(restoredIdentity(owner.clusterId, reader.head));
    for (const page of reader.pages(RESTORE_STEP_BYTES)) store.append(page, page.at(-1)?.position ?? 0);
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

/** Removes what a restore that was killed has left. @throws StartError DATA_LOCKED when one still runs. */
async function clear(building: string): Promise<void> {
  if (!existsSync(building)) return;
  (await DirectoryLock.acquire(building)).release();
  rmSync(building, { recursive: true, force: true });
}

/** @throws BackupError TARGET_EXISTS when there is anything but an empty directory. */
function refuseData(directory: string): void {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory() || readdirSync(directory).length > 0) throw targetExists(directory);
}

function moveInto(building: string, directory: string): void {
  try {
    makeDirectory(dirname(directory));
    renameSync(building, directory);
    syncPath(dirname(directory));
  } catch (cause) {
    const { code, message }: NodeJS.ErrnoException = toError(cause);
    // A node was started on it meanwhile.
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') throw targetExists(directory);
    throw new BackupError('FILE_FAILED', `cannot make ${directory}: ${message}`, { cause });
  }
}

function targetExists(directory: string): BackupError {
  return new BackupError(
    'TARGET_EXISTS',
    `${directory} is not empty, and a restore overwrites nothing: name another DATA_DIR or, if nothing needs ` +
      'what it holds, stop its node, remove the directory, and restore again',
  );
}

function sameCluster(file: string): BackupError {
  return new BackupError(
    'SAME_CLUSTER',
    `${file} was taken of this very cluster. A single member that lost its data needs no restore: start it, and it gets ` +
      'the log from the others. Only where all members lose what they hold, stop all, remove the data of all, and ' +
      'restore all with --same-cluster',
  );
}
