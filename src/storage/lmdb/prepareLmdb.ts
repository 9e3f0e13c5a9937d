import { closeSync, constants, ftruncateSync, lstatSync, openSync } from 'node:fs';
import { StartError } from '../../errors';
import { FILES_FREE_MIN } from '../../limits';
import { FILE_MODE, writeWhole } from '../directory/durableFile';

/** LMDB's table of readers, of 126 at most, in whole pages: it maps it, and a page that has no room is a signal. */
const LOCK_BYTES = 3 * 4096;

/** What LMDB writes to a file before anything is stored in it, and some more. */
const FIRST_BYTES = 16 * 4096;

/**
 * Makes sure that LMDB can open its files: where it cannot make its lock file, or the disk is full at the first open,
 * it ends the process by SIGSEGV or SIGBUS (HAZARDS, lmdb 4). To be called by whoever has the directory's lock.
 *
 * @throws StartError STORE_FAILED; errors of the system.
 */
export function prepareLmdb(path: string, isEmpty: boolean): void {
  checkFreeFiles(path);
  makeLock(`${path}-lock`);
  if (isEmpty) checkRoom(path);
}

function checkFreeFiles(path: string): void {
  const files: number[] = [];
  try {
    for (let count = 0; count < FILES_FREE_MIN; count += 1) files.push(openSync(path, 'r'));
  } finally {
    files.forEach(closeSync);
  }
}

/** Writes the whole lock file: nobody else uses it, and LMDB, which is alone, begins it anew. */
function makeLock(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile())
    throw new StartError(
      'STORE_FAILED',
      `${path} is no file, and LMDB needs its lock there: remove it, then start again`,
    );
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, FILE_MODE);
  try {
    writeWhole(file, Buffer.alloc(LOCK_BYTES), 0);
  } finally {
    closeSync(file);
  }
}

/** Takes the room that LMDB will need, and gives it back. */
function checkRoom(path: string): void {
  const file = openSync(path, 'r+');
  try {
    writeWhole(file, Buffer.alloc(FIRST_BYTES), 0);
  } finally {
    ftruncateSync(file);
    closeSync(file);
  }
}
