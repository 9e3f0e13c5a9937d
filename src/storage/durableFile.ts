import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Mode of the files in a data directory: for their owner alone. */
export const FILE_MODE = 0o600;

const DIRECTORY_MODE = 0o700;

/** Replaces a file's content: after a crash at any moment it has the old or the new content, whole. */
export function replaceFile(path: string, content: string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', FILE_MODE);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncPath(dirname(path));
}

/** Writes the first `length` bytes, all of them, from a position of the file on; null: where the last write ended. */
export function writeWhole(
  file: number,
  bytes: Buffer,
  position: number | null,
  length = bytes.length,
): void {
  for (let written = 0; written < length;)
    written += writeSync(
      file,
      bytes,
      written,
      length - written,
      position === null ? null : position + written,
    );
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

/** Makes a directory, for its owner alone, and those above it that are missing; their names are on disk on return. */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
  if (first === undefined) return;
  for (let made = path; made !== dirname(first); made = dirname(made)) syncPath(dirname(made));
}
