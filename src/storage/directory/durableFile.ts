import { closeSync, fsyncSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toError } from '../../errors';

/** Mode of the files in a data directory: for their owner alone. */
export const FILE_MODE = 0o600;

/** Mode of the directories. */
export const DIRECTORY_MODE = 0o700;

/** Writes the first `length` bytes, all of them, from a position of the file on; null: where the last write ended. */
export function writeWhole(file: number, bytes: Buffer, index: number | null, length = bytes.length): void {
  for (let written = 0; written < length;)
    written += writeSync(file, bytes, written, length - written, index === null ? null : index + written);
}

/** Reads a file from a position on into a buffer; returns how many bytes there were, less than it holds at the file's end. */
export function readWhole(file: number, into: Buffer, at: number): number {
  let read = 0;
  while (read < into.length) {
    const got = readSync(file, into, read, into.length - read, at + read);
    if (got === 0) break;
    read += got;
  }
  return read;
}

/** The length of a file, bytes; null when there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Whether what was thrown says that there is no such file. */
export function isMissing(error: unknown): boolean {
  const { code }: NodeJS.ErrnoException = toError(error);
  return code === 'ENOENT';
}

/** Puts a file's content, or a directory's names, on disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a directory, for its owner alone, and those above it that are missing; their names are on disk on return. One
 * after the other: mkdir's own way to do it never ends below /proc.
 */
export function makeDirectory(path: string): void {
  const missing: string[] = [];
  for (let at = path; !isThere(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) {
    makeOne(directory);
    syncPath(dirname(directory));
  }
}

/** @throws what stat throws, except for a path that does not exist. */
function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function makeOne(directory: string): void {
  try {
    mkdirSync(directory, DIRECTORY_MODE);
  } catch (error) {
    // Another process has made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isThere(directory)) throw error;
  }
}
