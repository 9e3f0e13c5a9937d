import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BackupError, invariant, toError } from '../errors';
import { BACKUP_ROOM_BYTES_MIN } from '../limits';
import { FILE_MODE, syncPath, writeWhole } from '../storage/directory/durableFile';
import { entryHash, type Entry } from '../entry/Entry';
import { encodeHead, lastIndexOf, type BackupHead } from './BackupHead';
import { encodeEntries } from '../entry/entryFrames';

/**
 * Writes a backup file: under the name OUT.partial until all of it is on disk, then as OUT. It overwrites nothing.
 * Whoever made it calls {@link finish} or {@link abandon}.
 */
export class BackupWriter {
  private readonly hash = createHash('sha256');
  private head: BackupHead | null = null;
  private last: Entry | null = null;

  private constructor(
    private readonly path: string,
    private readonly partial: string,
    private readonly file: number,
  ) {}

  /** Makes sure that the file can be made, and that its disk is not full. @throws BackupError TARGET_EXISTS, FILE_FAILED */
  static create(out: string): BackupWriter {
    const path = resolve(out);
    const partial = `${path}.partial`;
    refuseExisting(path);
    const file = attempt(partial, () => openSync(partial, 'wx', FILE_MODE));
    const writer = new BackupWriter(path, partial, file);
    try {
      attempt(partial, () => {
        writeWhole(file, Buffer.alloc(BACKUP_ROOM_BYTES_MIN), 0);
        fsyncSync(file);
        ftruncateSync(file);
      });
      return writer;
    } catch (error) {
      writer.abandon();
      throw error;
    }
  }

  /** Says what the file will hold; first of all. @throws BackupError FILE_FAILED */
  begin(head: BackupHead): void {
    this.head = head;
    this.put(encodeHead(head));
  }

  /** Adds the next entries, which the caller has checked. @throws BackupError FILE_FAILED */
  write(entries: readonly Entry[]): void {
    this.last = entries.at(-1) ?? this.last;
    this.put(encodeEntries(entries));
  }

  /** Ends the file, and gives it its name once it is on disk. @throws BackupError TARGET_EXISTS, FILE_FAILED */
  finish(): void {
    const { path, partial, file, head, last } = this;
    invariant(
      head !== null && last?.index === lastIndexOf(head) && entryHash(last).toString('hex') === head.headHash,
      () => `a backup of ${String(head?.entries)} entries ends at ${String(last?.index)}`,
    );
    this.put(this.hash.copy().digest());
    attempt(partial, () => fsyncSync(file));
    refuseExisting(path);
    attempt(path, () => {
      renameSync(partial, path);
      syncPath(dirname(path));
    });
    closeSync(file);
  }

  /** Removes what was written. */
  abandon(): void {
    closeSync(this.file);
    rmSync(this.partial, { force: true });
  }

  private put(bytes: Buffer): void {
    this.hash.update(bytes);
    attempt(this.partial, () => writeWhole(this.file, bytes, null));
  }
}

/** @throws BackupError TARGET_EXISTS when there is anything under this name, a link that leads nowhere included. */
function refuseExisting(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink())
    throw new BackupError(
      'TARGET_EXISTS',
      `${path} is a pipe or a device: name a file that is not there yet`,
    );
  throw new BackupError('TARGET_EXISTS', `${path} is there already: name another file, or remove it first`);
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { code, message }: NodeJS.ErrnoException = toError(cause);
    if (code === 'EEXIST')
      throw new BackupError(
        'TARGET_EXISTS',
        `${path} is there already: another backup writes it now, or one was killed; then remove it`,
        { cause },
      );
    const advice = existsSync(dirname(path))
      ? 'see that this user may write there and that the disk has space'
      : 'make its directory first';
    throw new BackupError('FILE_FAILED', `cannot write ${path}: ${message}; ${advice}`, { cause });
  }
}
