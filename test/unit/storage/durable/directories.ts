import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError, type StartErrorCode } from '../../../../src/errors';
import { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import type { StoreLimits } from '../../../../src/storage/StoreLimits';
import { buildLog, empty, logs } from '../logFixture';
import { openOn } from '../openOn';
import { OWNER } from '../owner';
import { SteppedDisk } from './SteppedDisk';

/** Where the stores of one test file stand; it is removed after the file. */
export const home = mkdtempSync(join(tmpdir(), 'store-'));
let made = 0;

afterAll(() => rmSync(home, { recursive: true }));

/** A path where nothing is yet. */
export function newDirectory(): string {
  made += 1;
  return join(home, `node-${made}`);
}

/** Opens a store as {@link OWNER}'s. */
export function open(directory: string, owner = OWNER): Promise<DurableLogStore> {
  return DurableLogStore.open({ directory, ...owner });
}

/** A voter's directory with 500 entries; the second is empty, the 300th holds 10 kB. */
export async function filledDirectory(): Promise<string> {
  const directory = newDirectory();
  const store = await open(directory);
  store.setMembership('voter');
  store.saveHardState({ term: 1, votedFor: null });
  store.append(
    buildLog([...logs(1), empty(1), ...logs(297), ...logs(1, 1, 10_000), ...logs(200, 1, 10_000)]),
    400,
  );
  store.close();
  return directory;
}

/** So small that a few entries fill journals and segments; the largest entry of a test has 1,000 bytes. */
export const SMALL: StoreLimits = {
  JOURNAL_BYTES: 16_384,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 20_000,
  BLOCK_BYTES: 2000,
  SEGMENT_SYNC_BYTES: 1500,
  SEGMENT_WRITE_BYTES: 2000,
  CLOSING_PACE: 8,
};

/** Opens a store as {@link OWNER}'s, with small files. */
export function openSmall(disk: SteppedDisk, limits = SMALL): DurableLogStore {
  return openOn(disk, limits);
}

/**
 * A voter's directory with small files and 100 entries, of which 99 are committed: two closed segments and an open one,
 * and what follows on them in the journal's files, of which the latest and the one before it are needed.
 */
export function smallDirectory(): string {
  const base = join(home, 'small');
  if (!existsSync(base)) fillSmall(base);
  const directory = newDirectory();
  cpSync(base, directory, { recursive: true });
  return directory;
}

function fillSmall(directory: string): void {
  mkdirSync(directory);
  const disk = new SteppedDisk(directory);
  const store = openSmall(disk);
  store.setMembership('voter');
  store.saveHardState({ term: 1, votedFor: null });
  for (let index = 1; index <= 100; index += 1) {
    store.append(buildLog(logs(1, 1, 400), store.last), index - 1);
    disk.endLater();
  }
  store.close();
}

/** The error with which an opening is refused. */
export async function refusal(opening: Promise<unknown>): Promise<StartError> {
  const error: unknown = await opening.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StartError)) throw new Error(`no StartError: ${String(error)}`);
  return error;
}

/** The StartError that a call throws. */
export function thrownBy(call: () => unknown): StartError {
  try {
    call();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Expects that a directory is refused with that code and these words. */
export async function expectRefused(
  directory: string,
  code: StartErrorCode,
  ...words: string[]
): Promise<void> {
  const error = await refusal(open(directory));
  expect(error.code).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
}

/** Flips a bit of the first byte of `near` in a file. */
export function flipBit(file: string, near: string): void {
  const content = readFileSync(file);
  const at = content.indexOf(near);
  expect(at).toBeGreaterThan(0);
  content.writeUInt8(content.readUInt8(at) ^ 1, at);
  writeFileSync(file, content);
}
