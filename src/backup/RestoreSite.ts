import {
  accessSync,
  constants,
  fsyncSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { BackupError, StartError, toError } from '../errors';
import { DirectoryLock } from '../storage/directory/DirectoryLock';
import { FILE_MODE, makeDirectory, syncPath, writeWhole } from '../storage/directory/durableFile';
import { isStoreName } from '../storage/durable/isStoreName';
import { MARKER_NAME } from '../storage/directory/MarkerFile';

/** In the folder where a restore builds: what says that the folder is a restore's, and the data that it makes. */
const MARK_NAME = 'restore.mark';
const MARK = 'A restore builds a data directory here, and removes this folder: keep nothing in it.\n';
const BUILT_NAME = 'data';

/** What a disk has that nothing was written to. */
const OF_NEW_DISK = 'lost+found';

/** What an ended process may have left of its lock. */
const LOCK = /^lock-.*\.sock(\.new)?$/;

/**
 * Where a restore builds a node's data directory, so that a restore which fails or is killed leaves nothing that a node
 * would use: beside a directory that is missing, as DIRECTORY.restoring, which is renamed in one step; inside one that
 * is there and empty, which may be a mount point, as DIRECTORY/restoring. It removes nothing but what a restore has
 * made, and while it is open no other restore and no node has the directory. Whoever opens it closes it.
 */
export class RestoreSite {
  private constructor(
    private readonly directory: string,
    private readonly inside: boolean,
    private readonly building: string,
    private readonly lock: DirectoryLock,
  ) {}

  /**
   * Begins, in place of what a restore that was killed has left.
   *
   * @throws BackupError TARGET_EXISTS; StartError DATA_LOCKED; errors of the system.
   */
  static async open(directory: string): Promise<RestoreSite> {
    const inside = lstatSync(directory, { throwIfNoEntry: false }) !== undefined;
    const building = inside ? join(directory, 'restoring') : `${directory}.restoring`;
    refuseData(directory, building);
    refuseForeign(building);
    if (!inside) makeDirectory(building);
    const lock = await acquire(inside ? directory : building);
    const site = new RestoreSite(directory, inside, building, lock);
    try {
      // Both were looked at before they were locked.
      refuseData(directory, building);
      refuseForeign(building);
    } catch (error) {
      site.leave();
      throw error;
    }
    try {
      site.begin();
      return site;
    } catch (error) {
      site.close();
      throw error;
    }
  }

  /** An empty directory to build in. */
  get built(): string {
    return join(this.building, BUILT_NAME);
  }

  /** Makes what was built the directory's content. @throws BackupError TARGET_EXISTS, FILE_FAILED */
  finish(): void {
    const { directory, built, inside } = this;
    try {
      if (inside) this.moveFiles();
      else {
        makeDirectory(dirname(directory));
        renameSync(built, directory);
        syncPath(dirname(directory));
      }
    } catch (cause) {
      const { code, message }: NodeJS.ErrnoException = toError(cause);
      // A node was started on it meanwhile.
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') throw targetExists(directory);
      throw new BackupError('FILE_FAILED', `cannot make ${directory}: ${message}`, { cause });
    }
  }

  /** Removes what it has made, but not what {@link finish} has given to the directory, and lets go of it. */
  close(): void {
    this.removeUnfinished();
    rmSync(join(this.building, MARK_NAME), { force: true });
    this.leave();
  }

  private begin(): void {
    mkdirSync(this.building, { recursive: true });
    const mark = openSync(join(this.building, MARK_NAME), 'w', FILE_MODE);
    try {
      writeWhole(mark, Buffer.from(MARK), null);
      fsyncSync(mark);
    } finally {
      closeSync(mark);
    }
    this.removeUnfinished();
    makeDirectory(this.built);
  }

  private removeUnfinished(): void {
    rmSync(this.built, { recursive: true, force: true });
    if (!this.inside || isThere(join(this.directory, MARKER_NAME))) return;
    // What a restore that was killed has moved there before the marker, without which no node uses it.
    for (const name of readdirSync(this.directory).filter(isStoreName))
      rmSync(join(this.directory, name), { recursive: true });
  }

  private moveFiles(): void {
    const { directory, built } = this;
    const names = readdirSync(built).filter((name) => name !== MARKER_NAME);
    for (const name of names) renameSync(join(built, name), join(directory, name));
    syncPath(directory);
    renameSync(join(built, MARKER_NAME), join(directory, MARKER_NAME));
    syncPath(directory);
  }

  private leave(): void {
    this.lock.release();
    try {
      rmdirSync(this.building);
    } catch (error) {
      // Another restore is at the door, or has removed it: it is refused, and it removes it.
      if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR'].includes(codeOf(error))) throw error;
    }
  }
}

/** @throws StartError DATA_LOCKED also where the other restore has just ended, and its folder is gone. */
async function acquire(directory: string): Promise<DirectoryLock> {
  try {
    return await DirectoryLock.acquire(directory);
  } catch (error) {
    // A socket in a folder that is gone is told as EACCES too.
    const isGone =
      ['ENOENT', 'EACCES'].includes(codeOf(error)) && (!isThere(directory) || isWritable(directory));
    if (error instanceof StartError || !isGone) throw error;
    throw new StartError(
      'DATA_LOCKED',
      `another restore works in ${directory}: look at what it makes before you try again`,
      { cause: error },
    );
  }
}

/** @throws BackupError TARGET_EXISTS when there is anything but an empty directory, a killed restore's leftovers aside. */
function refuseData(directory: string, building: string): void {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return;
  if (!isDirectory(directory)) throw targetExists(directory);
  const wasBegun = isThere(join(building, MARK_NAME)) && !isThere(join(directory, MARKER_NAME));
  const isFree = (name: string): boolean =>
    name === OF_NEW_DISK ||
    LOCK.test(name) ||
    (wasBegun && isStoreName(name)) ||
    join(directory, name) === building;
  if (!readdirSync(directory).every(isFree)) throw targetExists(directory);
}

/** @throws BackupError TARGET_EXISTS when what stands where the restore would build is not a restore's. */
function refuseForeign(building: string): void {
  const stats = lstatSync(building, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) {
    const names = readdirSync(building).filter((name) => !LOCK.test(name));
    if (names.length === 0) return;
    if (isMarked(building) && names.every((name) => name === MARK_NAME || name === BUILT_NAME)) return;
  }
  throw new BackupError(
    'TARGET_EXISTS',
    `${building}, where a restore builds, holds what no restore has made: move it elsewhere, then restore again`,
  );
}

/** Whether a restore's mark is in a folder; a crash may have cut it short. */
function isMarked(building: string): boolean {
  const mark = join(building, MARK_NAME);
  return isThere(mark) && lstatSync(mark).isFile() && MARK.startsWith(readFileSync(mark, 'utf8'));
}

function codeOf(error: unknown): string {
  const { code }: NodeJS.ErrnoException = toError(error);
  return code ?? '';
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function targetExists(directory: string): BackupError {
  return new BackupError(
    'TARGET_EXISTS',
    `${directory} is not empty, and a restore overwrites nothing: name another DATA_DIR or, if nothing needs ` +
      'what it holds, stop its node, remove the directory, and restore again',
  );
}
