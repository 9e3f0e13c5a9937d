import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { badConfig } from '../../config/faults';
import { toError, type StartError } from '../../errors';
import { DIRECTORY_MODE, makeDirectory } from '../directory/durableFile';
import type { SegmentArchive } from '../segments/ForgottenSegments';
import { ARCHIVE_RETRY_MS, ARCHIVE_SLOW_MS } from '../StoreLimits';
import { nodeFolder, PART_NAME } from './archiveNames';
import { moveFile, syncAt, type Rename } from './moveFile';

/** What a test has otherwise. */
export interface ArchiveOptions {
  readonly rename?: Rename;
  readonly retryMs?: number;
  readonly slowMs?: number;
}

/**
 * `settings.archive`: a directory for the segments that a log forgets, on the same file system or another, with a folder for
 * each cluster and each of its nodes. A node goes on while nothing can be written there: what is forgotten stays with its
 * log, and is tried again.
 */
export class DirectoryArchive implements SegmentArchive {
  private failure: string | null = null;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** The folder that is known to be there, without what an earlier process did not end. */
  private made: string | null = null;

  private constructor(
    /** Absolute. */
    private readonly directory: string,
    /** The node's INDEX. */
    private readonly index: number,
    private readonly options: ArchiveOptions,
  ) {}

  /**
   * Makes the directory, for its owner alone, where it is missing.
   *
   * @throws StartError BAD_CONFIG when this user cannot keep files there.
   */
  static open(directory: string, index: number, options: ArchiveOptions = {}): DirectoryArchive {
    try {
      makeDirectory(directory);
      if (!statSync(directory).isDirectory()) throw new Error('it is no directory');
      accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
      readdirSync(directory);
    } catch (error) {
      throw unusable(directory, error);
    }
    return new DirectoryArchive(directory, index, options);
  }

  get problem(): string | null {
    return this.failure;
  }

  take(path: string, identity: string, done: () => void): void {
    const { retryMs = ARCHIVE_RETRY_MS, slowMs = ARCHIVE_SLOW_MS } = this.options;
    const slow = new Error(`a file takes longer than ${slowMs / 1000} s`);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.failure = problemWith(this.directory, dirname(path), slow)), slowMs);
    this.timer.unref();
    this.move(path, nodeFolder(this.directory, identity, this.index)).then(
      () => {
        clearTimeout(this.timer);
        this.failure = null;
        if (!this.closed) done();
      },
      (error: unknown) => {
        if (this.closed) return;
        clearTimeout(this.timer);
        this.failure = problemWith(this.directory, dirname(path), toError(error));
        this.timer = setTimeout(() => this.take(path, identity, done), retryMs);
        this.timer.unref();
      },
    );
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async move(path: string, folder: string): Promise<void> {
    if (this.made !== folder) await this.makeFolder(folder);
    // A folder that was removed meanwhile is made again at the next try.
    this.made = null;
    await moveFile(path, folder, this.options.rename);
    this.made = folder;
  }

  private async makeFolder(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: DIRECTORY_MODE });
    for (const at of [dirname(dirname(folder)), dirname(folder)]) await syncAt(at);
    for (const name of await readdir(folder)) if (PART_NAME.test(name)) await unlink(join(folder, name));
  }
}

/** BAD_CONFIG for a directory that cannot be an archive. */
export function unusable(directory: string, thrown: unknown): StartError {
  const message =
    `names ${directory}, where no files can be kept: ${toError(thrown).message}; ` +
    'name a directory in which this user may write, or leave it out';
  return badConfig('cluster file', [{ path: 'settings.archive', message }]);
}

function problemWith(directory: string, place: string, { message }: Error): string {
  return (
    `Files of the log that was trimmed cannot be archived in ${directory}: ${message}. They wait in ${place}, and nothing is ` +
    `lost; see that this user may write there and that there is space. It is tried again every ${ARCHIVE_RETRY_MS / 1000} s.`
  );
}
