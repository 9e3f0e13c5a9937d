import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError, type StartErrorCode } from '../../../../src/errors';
import { LmdbLogStore } from '../../../../src/storage/lmdb/LmdbLogStore';
import { buildLog, empty, logs } from '../logFixture';
import { OWNER } from '../owner';

/** Where the stores of one test file stand; it is removed after the file. */
export const home = mkdtempSync(join(tmpdir(), 'lmdb-store-'));
let made = 0;

afterAll(() => rmSync(home, { recursive: true }));

/** A path where nothing is yet. */
export function newDirectory(): string {
  made += 1;
  return join(home, `node-${made}`);
}

/** Opens a store as {@link OWNER}'s. */
export function open(directory: string, owner = OWNER): Promise<LmdbLogStore> {
  return LmdbLogStore.open({ directory, ...owner });
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
