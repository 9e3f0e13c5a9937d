import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../../../src/entry/Entry';
import { JOURNAL_NAME } from '../../../../src/storage/lmdb/LmdbLogStore';
import { append, asVoter, saveTerm } from '../calls';
import { buildLog, empty, logs } from '../logFixture';
import { runStore } from '../storeProcess';
import { home, newDirectory, open, expectRefused, flipBit } from './directories';

describe('the journal', () => {
  test('full several times over, and replaced in part, gives all to lmdb; a crash at any time loses nothing', async () => {
    const directory = newDirectory();
    const file = join(home, 'calls.json');
    const log = buildLog(logs(40, 1, 60_000));
    const calls = [asVoter, saveTerm(1)];
    for (let at = 0; at < log.length; at += 3) calls.push(append(log.slice(at, at + 3), Math.min(at, 36)));
    const end = log.at(-4) ?? null;
    const replacing = buildLog([empty(2), ...logs(2, 2)], end);
    calls.push(append(replacing.slice(0, 1), 36), append(replacing.slice(1), 37));
    for (let made = 1; made <= calls.length - 2; made += 6) {
      const some = newDirectory();
      writeFileSync(file, JSON.stringify(calls.slice(0, made)));
      expect((await runStore('calls', [some], { file })).signal).toBe('SIGKILL');
      const store = await open(some);
      expect(store.last?.index ?? 0).toBe(Math.min(40, Math.max(0, made - 2) * 3));
      store.close();
    }
    writeFileSync(file, JSON.stringify(calls));
    expect((await runStore('calls', [directory], { file })).signal).toBe('SIGKILL');
    for (let times = 0; times < 2; times++) {
      const store = await open(directory);
      expect(store.read(1, Infinity, Infinity).map(entryText)).toEqual(
        [...log.slice(0, 37), ...replacing].map(entryText),
      );
      expect(store.commitIndex).toBe(37);
      expect(store.indexOfLog(38)).toBe(39);
      store.close();
    }
  });

  test('missing, cut or damaged in its middle is damage', async () => {
    const damages: [string, (path: string) => void][] = [
      ['is missing', (path) => rmSync(path)],
      ['is cut', (path) => truncateSync(path, 1000)],
      ['is damaged', (path) => flipBit(path, 'v'.repeat(500))],
    ];
    const file = join(home, 'calls.json');
    const log = buildLog(logs(3, 1, 600));
    writeFileSync(
      file,
      JSON.stringify([asVoter, saveTerm(1), append(log.slice(0, 2), 0), append(log.slice(2), 2)]),
    );
    for (const [words, damage] of damages) {
      const directory = newDirectory();
      expect((await runStore('calls', [directory], { file })).signal).toBe('SIGKILL');
      damage(join(directory, JOURNAL_NAME));
      await expectRefused(
        directory,
        'DATA_DAMAGED',
        join(directory, JOURNAL_NAME),
        words,
        'remove the directory',
      );
    }
  });
});

function entryText({ bytes }: Entry): string {
  return bytes.toString('hex');
}
