import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlink,
} from 'node:fs';
import { join } from 'node:path';
import type { StoreDisk, StoreFile } from '../StoreDisk';
import { FILE_MODE, isMissing, makeDirectory, readWhole, syncPath, writeWhole } from './durableFile';

/** The files of a store in a directory of the file system. */
export class DirectoryDisk implements StoreDisk {
  constructor(readonly place: string) {}

  names(folder: string): string[] {
    try {
      return readdirSync(join(this.place, folder));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  makeFolder(folder: string): void {
    makeDirectory(join(this.place, folder));
  }

  open(name: string): StoreFile | null {
    const path = join(this.place, name);
    try {
      return new DirectoryFile(path, openSync(path, 'r+'));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  create(name: string): StoreFile {
    const path = join(this.place, name);
    return new DirectoryFile(path, openSync(path, 'w+', FILE_MODE));
  }

  rename(from: string, to: string): void {
    renameSync(join(this.place, from), join(this.place, to));
  }

  remove(name: string): void {
    rmSync(join(this.place, name), { force: true });
  }

  removeLater(name: string, done: (error: Error | null) => void): void {
    unlink(join(this.place, name), (error) => done(isMissing(error) ? null : error));
  }

  syncNames(folder: string): void {
    syncPath(join(this.place, folder));
  }

  syncNamesLater(folder: string, done: (error: Error | null) => void): void {
    const directory = openSync(join(this.place, folder), 'r');
    fsync(directory, (error) => {
      closeSync(directory);
      done(error);
    });
  }
}

class DirectoryFile implements StoreFile {
  private syncs = 0;
  private closed = false;

  constructor(
    readonly path: string,
    private readonly descriptor: number,
  ) {}

  get size(): number {
    return fstatSync(this.descriptor).size;
  }

  read(into: Buffer, at: number): number {
    return readWhole(this.descriptor, into, at);
  }

  write(bytes: Buffer, at: number, length: number): void {
    writeWhole(this.descriptor, bytes, at, length);
  }

  truncate(size: number): void {
    ftruncateSync(this.descriptor, size);
  }

  sync(): void {
    fdatasyncSync(this.descriptor);
  }

  syncLater(done: (error: Error | null) => void): void {
    this.syncs++;
    fdatasync(this.descriptor, (error) => {
      this.syncs--;
      if (this.closed) this.closeUnused();
      done(error);
    });
  }

  close(): void {
    this.closed = true;
    this.closeUnused();
  }

  /** A descriptor that is closed during a sync may be another file's when the sync comes to it. */
  private closeUnused(): void {
    if (this.syncs === 0) closeSync(this.descriptor);
  }
}
