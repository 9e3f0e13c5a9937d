import { randomBytes } from 'node:crypto';
import { copyFile, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { toError } from '../../errors';
import { sizeOf } from '../directory/durableFile';
import { ARCHIVE_COMPARE_BYTES } from '../StoreLimits';
import { partName } from './archiveNames';

/** Gives a file another name, as the system does: EXDEV where that is on another file system. */
export type Rename = (from: string, to: string) => Promise<void>;

/**
 * Moves a file into a folder, under its own name, or with a number behind that where another file has it: nothing is ever
 * overwritten. It is on disk there before it is gone here, and never under its name there before it is whole. May be done
 * again after a crash at any moment. A file that is gone already was moved.
 *
 * @throws what the system says; the file is where it was, then.
 */
export async function moveFile(from: string, folder: string, byName: Rename = rename): Promise<void> {
  const isGone = (await sizeOf(from)) === null;
  const { to, isThere } = isGone ? { to: '', isThere: false } : await placeFor(from, folder);
  if (isGone || (!isThere && (await isRenamed(from, to, byName)))) {
    await syncAt(folder);
    return;
  }
  if (isThere) await syncAt(to);
  else await copy(from, to);
  await syncAt(folder);
  await unlink(from);
}

/** Puts a file's content, or a folder's names, on disk. */
export async function syncAt(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where a file can go: where nothing is, or where the same one is already. */
async function placeFor(from: string, folder: string): Promise<{ to: string; isThere: boolean }> {
  const { name, ext } = parse(from);
  for (let number = 1; ; number++) {
    const to = join(folder, number === 1 ? basename(from) : `${name}-${number}${ext}`);
    if ((await sizeOf(to)) === null) return { to, isThere: false };
    if (await isSame(from, to)) return { to, isThere: true };
  }
}

/** Whether a file could be renamed: not to another file system. */
async function isRenamed(from: string, to: string, byName: Rename): Promise<boolean> {
  try {
    await byName(from, to);
    return true;
  } catch (error) {
    const { code }: NodeJS.ErrnoException = toError(error);
    if (code === 'EXDEV') return false;
    throw error;
  }
}

async function copy(from: string, to: string): Promise<void> {
  const part = join(dirname(to), partName(basename(to), randomBytes(4).toString('hex')));
  try {
    await copyFile(from, part);
    await syncAt(part);
    await rename(part, to);
  } catch (error) {
    // It may not have been made.
    await unlink(part).catch(() => undefined);
    throw error;
  }
}

async function isSame(one: string, other: string): Promise<boolean> {
  if ((await sizeOf(one)) !== (await sizeOf(other))) return false;
  const files: FileHandle[] = [];
  try {
    for (const path of [one, other]) files.push(await open(path, 'r'));
    const pieces = files.map(() => Buffer.alloc(ARCHIVE_COMPARE_BYTES));
    for (let at = 0; ; at += ARCHIVE_COMPARE_BYTES) {
      const read = await Promise.all(files.map((file, which) => readAt(file, pieces[which], at)));
      const [first, second] = read;
      if (first === undefined || second === undefined || !first.equals(second)) return false;
      if (first.length < ARCHIVE_COMPARE_BYTES) return true;
    }
  } finally {
    for (const file of files) await file.close();
  }
}

/** What stands in a file from an offset on, as much as the buffer holds. */
async function readAt(file: FileHandle, into = Buffer.alloc(0), at = 0): Promise<Buffer> {
  let read = 0;
  while (read < into.length) {
    const { bytesRead } = await file.read(into, read, into.length - read, at + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return into.subarray(0, read);
}
