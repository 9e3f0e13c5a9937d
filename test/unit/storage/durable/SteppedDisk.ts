import { DirectoryDisk } from '../../../../src/storage/directory/DirectoryDisk';
import type { StoreFile } from '../../../../src/storage/StoreDisk';

/** A directory whose syncs beside the thread end when a test says so. */
export class SteppedDisk extends DirectoryDisk {
  private later: (() => void)[] = [];

  override open(name: string): StoreFile | null {
    const file = super.open(name);
    return file === null ? null : this.stepped(file);
  }

  override create(name: string): StoreFile {
    return this.stepped(super.create(name));
  }

  override syncNamesLater(folder: string, done: (error: Error | null) => void): void {
    this.later.push(() => {
      this.syncNames(folder);
      done(null);
    });
  }

  /** Ends the syncs that were begun, and those that they begin. */
  endLater(): void {
    for (let next = this.later.shift(); next !== undefined; next = this.later.shift()) next();
  }

  private stepped(file: StoreFile): StoreFile {
    file.syncLater = (done) => {
      this.later.push(() => {
        file.sync();
        done(null);
      });
    };
    return file;
  }
}
