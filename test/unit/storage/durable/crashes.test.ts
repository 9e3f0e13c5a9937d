import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../../../src/entry/Entry';
import { runs } from '../../../runs';
import { append, asVoter, saveTerm } from '../calls';
import { buildLog, empty, logs } from '../logFixture';
import { runStore, startAppending } from '../storeProcess';
import { home, newDirectory, open } from './directories';

/** Processes that are killed (kill -9): what a call wrote is there. */

test('a journal that is full several times over, and replaced in part: a kill after any call loses nothing', async () => {
  const file = join(home, 'calls.json');
  const log = buildLog(logs(60, 1, 200_000));
  const calls = [asVoter, saveTerm(1)];
  for (let at = 0; at < log.length; at += 3) calls.push(append(log.slice(at, at + 3), Math.min(at, 55)));
  const replacing = buildLog([empty(2), ...logs(2, 2)], log.at(-4) ?? null);
  calls.push(append(replacing.slice(0, 1), 56), append(replacing.slice(1), 57));
  for (let made = 1; made <= calls.length - 2; made += runs(2, 6)) {
    const directory = newDirectory();
    writeFileSync(file, JSON.stringify(calls.slice(0, made)));
    expect((await runStore('calls', [directory], { file })).signal).toBe('SIGKILL');
    const store = await open(directory);
    expect(store.read(1, Infinity, Infinity).map(entryText)).toEqual(
      log.slice(0, Math.max(0, made - 2) * 3).map(entryText),
    );
    expect(store.commitIndex).toBe(Math.min(Math.max(0, made - 3) * 3, 55));
    store.close();
  }
  const directory = newDirectory();
  writeFileSync(file, JSON.stringify(calls));
  expect((await runStore('calls', [directory], { file })).signal).toBe('SIGKILL');
  for (let times = 0; times < 2; times++) {
    const store = await open(directory);
    expect(store.read(1, Infinity, Infinity).map(entryText)).toEqual(
      [...log.slice(0, 57), ...replacing].map(entryText),
    );
    expect(store.commitIndex).toBe(57);
    expect(store.indexOfLog(58)).toBe(59);
    store.close();
  }
});

test('a process that is killed while it appends: what it said is there, time after time', async () => {
  const directory = newDirectory();
  const store = await open(directory);
  store.setMembership('voter');
  store.close();
  for (let round = 1; round <= runs(5, 2); round++) {
    const appending = startAppending(directory);
    // Several files of the journal are full by then.
    const wanted = 150 + 37 * round;
    appending.child.stdout?.on('data', () => {
      if (appending.lines.length >= wanted) appending.child.kill('SIGKILL');
    });
    expect(await appending.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    const { last, committed } = JSON.parse(appending.lines.at(-1) ?? '') as Record<string, number>;
    const again = await open(directory);
    expect(again.commitIndex).toBeGreaterThanOrEqual(committed ?? Infinity);
    // A call under way may have replaced what was not committed.
    expect(again.last?.index).toBeGreaterThanOrEqual(Math.min(last ?? Infinity, (committed ?? Infinity) + 3));
    // Each is checked against the one before it.
    expect(again.read(1, Infinity, Infinity)).toHaveLength(again.last?.index ?? 0);
    again.close();
  }
});

function entryText({ bytes }: Entry): string {
  return bytes.toString('hex');
}
