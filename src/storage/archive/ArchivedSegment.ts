import { closeSync, fstatSync, openSync } from 'node:fs';
import { entryHashHex, MalformedEntryError, parseEntry, type Entry, type LogPoint } from '../../entry/Entry';
import { entryBounds, LENGTH_BYTES } from '../../entry/entryFrames';
import { readWhole } from '../directory/durableFile';
import { Segment } from '../segments/Segment';
import { SegmentKeys } from '../segments/SegmentKeys';
import { knownFault } from '../storeRules';
import { BLOCK_BYTES } from '../StoreLimits';
import type { ReadableFile } from '../StoreDisk';
import type { ArchivedFile } from './archivedFiles';
import { damagedArchive } from './damagedArchive';
import type { LogSource } from './LogSource';

/** A closed segment that is only read, be it on a disk that nobody may write to. It holds memory and a file from its first entry on. */
export class ArchivedSegment implements LogSource {
  readonly path: string;
  private readonly segment: Segment;
  private opened: {
    readonly file: ReadableFile;
    readonly content: Buffer;
    readonly bounds: readonly number[];
  } | null = null;
  private lastRead: Entry | null = null;

  /** Reads its footer. @throws StartError DATA_DAMAGED */
  constructor({ path, name }: ArchivedFile) {
    this.path = path;
    const file = openToRead(path);
    try {
      this.segment = Segment.readClosed(name, file, BLOCK_BYTES, damagedArchive);
    } finally {
      file.close();
    }
  }

  get first(): number {
    return this.segment.first;
  }

  get last(): number {
    return this.segment.last;
  }

  entryAt(index: number, previous: LogPoint | null): Entry {
    const bytes = this.bytesAt(index);
    try {
      if (bytes === undefined) throw new MalformedEntryError('it is missing');
      const entry = parseEntry(bytes);
      const fault = knownFault(entry, index, previous);
      if (fault === null) return (this.lastRead = entry);
      throw new MalformedEntryError(
        index === this.first ? `${fault}, so that it does not go on from what stands before it` : fault,
      );
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damagedArchive(
        this.path,
        `is damaged at position ${index}, or of another cluster: ${error.message}`,
        error,
      );
    }
  }

  end(): void {
    const { segment, lastRead } = this;
    const { file } = this.open();
    if (lastRead?.index !== segment.last || entryHashHex(lastRead) !== segment.hash)
      throw damagedArchive(this.path, 'is damaged: its footer is not that of its entries');
    new SegmentKeys(damagedArchive).check(segment, file, (index) => this.bytesAt(index));
    this.close();
  }

  /** Lets go of its file. */
  close(): void {
    this.opened?.file.close();
    this.opened = null;
  }

  private bytesAt(index: number): Buffer | undefined {
    const { content, bounds } = this.open();
    const start = bounds[index - this.first];
    const end = bounds[index - this.first + 1];
    return start === undefined || end === undefined ? undefined : content.subarray(start + LENGTH_BYTES, end);
  }

  private open(): NonNullable<ArchivedSegment['opened']> {
    if (this.opened !== null) return this.opened;
    const file = openToRead(this.path);
    try {
      const content = Buffer.alloc(this.segment.bytes);
      file.read(content, 0);
      return (this.opened = { file, content, bounds: entryBounds(content) });
    } catch (error) {
      file.close();
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damagedArchive(this.path, `is damaged: ${error.message}`, error);
    }
  }
}

function openToRead(path: string): ReadableFile {
  const descriptor = openSync(path, 'r');
  return {
    path,
    size: fstatSync(descriptor).size,
    read: (into, at) => readWhole(descriptor, into, at),
    close: () => closeSync(descriptor),
  };
}
