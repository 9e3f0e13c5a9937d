import { randomFillSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_MODE, sizeOf } from '../directory/durableFile';

/** The name of the reserve in a data directory. */
export const RESERVE_NAME = 'reserve';

/** Bytes that it grows by at a time: little enough that each sync is short beside those of the journal. */
const STEP_BYTES = 1024 * 1024;

/**
 * A file that keeps some of the disk from all other programs, so that it is there when the disk is full: it is removed
 * then. Its bytes are random, since a file system that compresses keeps no room for zeros.
 */
export class ReserveFile {
  private readonly path: string;

  constructor(directory: string) {
    this.path = join(directory, RESERVE_NAME);
  }

  /** Its length, bytes: 0 where there is none. */
  async size(): Promise<number> {
    return (await sizeOf(this.path)) ?? 0;
  }

  /** Lets it grow by one step, to so many bytes at most; on disk when it resolves. */
  async grow(sizeMax: number): Promise<void> {
    const size = await this.size();
    const bytes = randomFillSync(Buffer.allocUnsafe(Math.max(0, Math.min(STEP_BYTES, sizeMax - size))));
    let file: FileHandle | undefined;
    try {
      file = await open(this.path, 'a', FILE_MODE);
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file?.close();
    }
  }

  /** Gives its bytes to the disk again. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  /** The same, at once. */
  removeNow(): void {
    rmSync(this.path, { force: true });
  }
}
