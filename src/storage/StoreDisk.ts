/** A file that is read. Calls throw what the system says. */
export interface ReadableFile {
  /** In messages to people. */
  readonly path: string;
  /** Its length, bytes. */
  readonly size: number;
  /** Reads from an offset on into a buffer; returns how many bytes there were, less than it holds at the file's end. */
  read(into: Buffer, at: number): number;
  close(): void;
}

/**
 * A file of a store. Calls throw what the system says, and what was written counts as on disk only after a sync: until
 * then a crash may keep any of its sectors of 512 bytes, in any order.
 */
export interface StoreFile extends ReadableFile {
  /** Writes the first `length` bytes, all of them, from an offset on. */
  write(bytes: Buffer, at: number, length: number): void;
  /** Cuts the file to this length. */
  truncate(size: number): void;
  /** Puts on disk what was written. */
  sync(): void;
  /** The same beside the caller's thread; `done` is told in a later turn of the event loop, even after a close. */
  syncLater(done: (error: Error | null) => void): void;
}

/**
 * The files of one node's store. Names are relative: `journal-0`, `log/00000000000000000001.seg`. That a file was made,
 * renamed or removed is on disk after {@link syncNames} of its folder.
 */
export interface StoreDisk {
  /** What all files stand in, in messages to people. */
  readonly place: string;
  /** Names of the files in a folder, '' for those beside the marker; none where there is no such folder. */
  names(folder: string): string[];
  /** Makes a folder unless it is there; its name is on disk. */
  makeFolder(folder: string): void;
  /** Opens a file for reading and writing; null when there is none. */
  open(name: string): StoreFile | null;
  /** Makes an empty file, in place of one that has this name. */
  create(name: string): StoreFile;
  /** Gives a file another name of the same folder, in place of a file that has it. */
  rename(from: string, to: string): void;
  /** Removes a file, if it is there: another opening of the store may be about to. */
  remove(name: string): void;
  /** The same beside the caller's thread; `done` is told in a later turn of the event loop. */
  removeLater(name: string, done: (error: Error | null) => void): void;
  syncNames(folder: string): void;
  /** The same beside the caller's thread. */
  syncNamesLater(folder: string, done: (error: Error | null) => void): void;
}

/** What a disk writes whole, bytes: a crash leaves it as it was before or after. */
export const SECTOR_BYTES = 512;
