import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BackupError, toError } from '../errors';
import { damagedBackup } from './BackupHead';

/** Bytes that are read from the file at once. */
const READ_BYTES = 1024 * 1024;

/** A file that is read once from its beginning to its end, in bounded memory, and hashed on the way. */
export class HashedFile {
  private readonly hash = createHash('sha256');
  /** What is read of the file and not taken yet. A new buffer for each read: what was taken stays valid. */
  private ahead: Buffer = Buffer.alloc(0);
  private taken = 0;

  private constructor(
    readonly path: string,
    private readonly file: number,
  ) {}

  /** @throws BackupError FILE_FAILED when there is no such file or it cannot be read. */
  static open(path: string): HashedFile {
    // Without waiting for the other end, where it is a pipe.
    const file = attempt(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    if (attempt(path, () => fstatSync(file)).isFile()) return new HashedFile(path, file);
    closeSync(file);
    throw new BackupError('FILE_FAILED', `${path} is not a file: name one that mokka-cluster backup wrote`);
  }

  /** How many bytes were taken: where the next one stands. */
  get position(): number {
    return this.taken;
  }

  /** The next bytes, fewer than `length` only where the file ends. */
  takeUpTo(length: number): Buffer {
    if (this.ahead.length < length) this.readAhead(length);
    const bytes = this.ahead.subarray(0, length);
    this.ahead = this.ahead.subarray(bytes.length);
    this.taken += bytes.length;
    this.hash.update(bytes);
    return bytes;
  }

  /** The next bytes. @throws BackupError BACKUP_DAMAGED when the file ends before. */
  take(length: number): Buffer {
    const bytes = this.takeUpTo(length);
    if (bytes.length === length) return bytes;
    throw damagedBackup(this.path, `is cut: it ends after ${this.taken} bytes`);
  }

  /** sha256 of all that was taken. */
  digest(): Buffer {
    return this.hash.copy().digest();
  }

  close(): void {
    closeSync(this.file);
  }

  private readAhead(length: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(length, READ_BYTES));
    let filled = this.ahead.copy(bytes);
    for (let read = 1; read > 0 && filled < bytes.length; filled += read)
      read = attempt(this.path, () => readSync(this.file, bytes, filled, bytes.length - filled, null));
    this.ahead = bytes.subarray(0, filled);
  }
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new BackupError('FILE_FAILED', `cannot read ${path}: ${toError(cause).message}`, { cause });
  }
}
