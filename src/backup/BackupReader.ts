import { MalformedEntryError, entryHash, parseEntry, type Entry, type LogPoint } from '../entry/Entry';
import { chainFault } from '../storage/storeRules';
import {
  CHECKSUM_BYTES,
  damagedBackup,
  decodeHead,
  lastIndexOf,
  lastLogOf,
  type BackupHead,
} from './BackupHead';
import { LENGTH_BYTES, readEntryLength } from '../entry/entryFrames';
import { HashedFile } from './HashedFile';

/** Reads a backup file as a stream, and hands out no entry that does not follow on the one before it. */
export class BackupReader {
  private constructor(
    readonly head: BackupHead,
    private readonly file: HashedFile,
  ) {}

  /** @throws BackupError FILE_FAILED, BACKUP_FOREIGN, BACKUP_DAMAGED */
  static open(path: string): BackupReader {
    const file = HashedFile.open(path);
    try {
      return new BackupReader(decodeHead(file), file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * All entries, in pages of at most `maxBytes` (one entry at least). The last page comes only once the head hash and
   * the checksum are found right. To be called once.
   *
   * @throws BackupError BACKUP_DAMAGED, FILE_FAILED
   */
  *pages(maxBytes: number): Generator<readonly Entry[], void> {
    const { floor } = this.head;
    const last = lastIndexOf(this.head);
    let previous: LogPoint = floor;
    let page: Entry[] = [];
    let bytes = 0;
    for (let index = floor.index + 1; index <= last; index++) {
      const entry = this.next(index, previous);
      if (page.length > 0 && bytes + entry.bytes.length > maxBytes) {
        yield page;
        page = [];
        bytes = 0;
      }
      page.push(entry);
      bytes += entry.bytes.length;
      previous = entry;
    }
    this.checkEnd(previous);
    yield page;
  }

  close(): void {
    this.file.close();
  }

  private next(index: number, previous: LogPoint): Entry {
    try {
      const length = readEntryLength(this.file.take(LENGTH_BYTES), 0);
      const entry = parseEntry(this.file.take(length));
      const fault = chainFault(entry, previous);
      if (fault !== null) throw new MalformedEntryError(fault);
      return entry;
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damagedBackup(this.file.path, `is damaged at position ${index}: ${error.message}`, error);
    }
  }

  private checkEnd(last: LogPoint): void {
    const { file, head } = this;
    if (entryHash(last).toString('hex') !== head.headHash || last.logNumber !== lastLogOf(head))
      throw damagedBackup(file.path, 'is damaged: its last entry is not the one that its beginning names');
    const checksum = file.digest();
    if (!file.take(CHECKSUM_BYTES).equals(checksum))
      throw damagedBackup(file.path, 'is damaged: its checksum is wrong');
    if (file.takeUpTo(1).length > 0)
      throw damagedBackup(file.path, `is damaged: bytes follow after its end at ${file.position - 1}`);
  }
}
