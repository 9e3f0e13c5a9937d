import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../../../src/errors';
import type { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import { CrashingDisk } from '../../../CrashingDisk';
import { openOn } from '../openOn';
import { runStore } from '../storeProcess';
import { openSmall, filledDirectory, smallDirectory, thrownBy, flipBit } from './directories';
import { SteppedDisk } from './SteppedDisk';

const SECTOR_BYTES = 512;

function trimTo(store: DurableLogStore, index: number): void {
  const floor = store.entryAt(index);
  if (floor === null) throw new Error(`no entry ${index}`);
  store.trimTo(floor);
}

describe('a data file', () => {
  const FIRST = 'log/00000000000000000001.seg';
  const SECOND = 'log/00000000000000000043.seg';
  const OPEN = 'log/00000000000000000085.seg';
  const half = (file: string): void => truncateSync(file, statSync(file).size >> 1);
  const damages: [string, string, (file: string) => void, RegExp][] = [
    ['removed', FIRST, (file) => rmSync(file), /is missing/],
    ['removed', SECOND, (file) => rmSync(file), /is missing/],
    ['removed', OPEN, (file) => rmSync(file), /is missing/],
    ['cut to half', FIRST, half, /is damaged at byte \d+: its footer is cut or altered/],
    ['cut to half', OPEN, half, /is cut: it has 3159 of \d+ bytes/],
    ['emptied', FIRST, (file) => truncateSync(file), /is damaged at byte 0: its footer is cut or altered/],
    ['emptied', OPEN, (file) => truncateSync(file), /is cut: it has 0 of \d+ bytes/],
    [
      'longer',
      FIRST,
      (file) => writeFileSync(file, 'x', { flag: 'a' }),
      /is damaged at byte \d+: its footer is cut or altered/,
    ],
    [
      "another one's copy",
      FIRST,
      (file) => copyFileSync(file.replace(FIRST, SECOND), file),
      /its footer is of 00000000000000000043.seg with \d+ bytes/,
    ],
    [
      "another one's copy",
      OPEN,
      (file) => copyFileSync(file.replace(OPEN, SECOND), file),
      /is damaged at position 85: position 43 follows on 84/,
    ],
    [
      'all noise',
      OPEN,
      (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 0xa5)),
      /is damaged at byte 0/,
    ],
  ];

  test.each(damages)('%s: %s', (_name, name, damage, words) => {
    const directory = smallDirectory();
    const file = join(directory, name);
    damage(file);
    const { code, message } = thrownBy(() => openSmall(new SteppedDisk(directory)));
    expect({ code, file: message.slice(0, file.length) }).toEqual({ code: 'DATA_DAMAGED', file });
    expect(message).toMatch(words);
    expect(message).toContain(
      `; to rejoin the cluster, stop this node, remove the directory ${directory} and start it again: ` +
        'it gets the log from the other members',
    );
  });

  const follows = (positions: string): string =>
    `follows on positions ${positions}, which are missing: no file before it holds them`;

  test.each([
    [10, [FIRST], SECOND, follows('11 to 42')],
    [42, [SECOND], OPEN, follows('43 to 84')],
    [60, [SECOND], OPEN, follows('61 to 84')],
    [10, [FIRST, SECOND], OPEN, follows('11 to 84')],
    [10, [SECOND], SECOND, 'is missing'],
    [60, [OPEN], OPEN, 'is missing'],
    [90, [OPEN], OPEN, 'is missing'],
  ])('of a log trimmed to %i, removed: %j', (floor, removed, named, words) => {
    const directory = smallDirectory();
    const store = openSmall(new SteppedDisk(directory));
    trimTo(store, floor);
    store.close();
    // Once the trim is on disk, its files are removed in their own time.
    openSmall(new SteppedDisk(directory)).close();
    for (const name of removed) rmSync(join(directory, name));
    const { code, message } = thrownBy(() => openSmall(new SteppedDisk(directory)));
    expect(code).toBe('DATA_DAMAGED');
    expect(message).toContain(`${join(directory, named)} ${words}; to rejoin the cluster`);
  });

  test('longer than what counts in it is what a crash leaves', () => {
    const directory = smallDirectory();
    const file = join(directory, OPEN);
    const { size } = statSync(file);
    writeFileSync(file, Buffer.alloc(5000, 0xa5), { flag: 'a' });
    const store = openSmall(new SteppedDisk(directory));
    expect(store.read(1, Infinity, Infinity)).toHaveLength(100);
    expect(statSync(file).size).toBeLessThanOrEqual(size);
    store.close();
  });

  test('with a flipped bit in an entry is found where that is read, and nowhere else', () => {
    const directory = smallDirectory();
    const whole = openSmall(new SteppedDisk(directory));
    const entry = whole.entryAt(30);
    whole.close();
    const file = join(directory, FIRST);
    const content = readFileSync(file);
    const at = content.indexOf(entry?.bytes ?? '?') + 300;
    content[at] = (content[at] ?? 0) ^ 1;
    writeFileSync(file, content);
    const store = openSmall(new SteppedDisk(directory));
    expect(store.entryAt(29)?.index).toBe(29);
    for (const read of [() => store.entryAt(30), () => store.read(25, Infinity, 100)]) {
      const { code, message } = thrownBy(read);
      expect(code).toBe('DATA_DAMAGED');
      expect(message).toContain(`${file} is damaged at position 30: the hash is wrong`);
      expect(message).toContain(`remove the directory ${directory}`);
    }
    expect(store.read(31, Infinity, 1000)).toHaveLength(70);
    store.close();
  });

  test.each([
    'note',
    'journal-x',
    'log/note',
    'log/notes.seg',
    'log/1.seg',
    'log/00000000000000000001-2.seg',
    'log/00000000000000000043.seg.seg',
    'log/0000000000000000000x.seg',
    'log/99999999999999999999.seg',
  ])('that is no store’s is left alone, by a start and by one after a trim: %s', (name) => {
    const directory = smallDirectory();
    writeFileSync(join(directory, name), 'mine');
    const store = openSmall(new SteppedDisk(directory));
    expect(store.read(1, Infinity, Infinity)).toHaveLength(100);
    trimTo(store, 60);
    store.close();
    const trimmed = openSmall(new SteppedDisk(directory));
    expect(trimmed.read(61, Infinity, Infinity)).toHaveLength(40);
    trimmed.close();
    expect(existsSync(join(directory, FIRST))).toBe(false);
    expect(readFileSync(join(directory, name), 'utf8')).toBe('mine');
  });
});

describe('a journal', () => {
  /** The one that goes on, and those before it that are needed, the latest first. */
  function generations(directory: string): string[] {
    const sequenceOf = (name: string): number => {
      const opening = /"sequence":(\d+)/.exec(readFileSync(join(directory, name), 'latin1'));
      return Number(opening?.[1] ?? 0);
    };
    const names = ['journal-0', 'journal-1', 'journal-2'];
    return names.sort((a, b) => sequenceOf(b) - sequenceOf(a)).map((name) => join(directory, name));
  }

  function found(directory: string): 'whole' | StartError {
    try {
      const store = openSmall(new SteppedDisk(directory));
      const { length } = store.read(1, Infinity, Infinity);
      expect({ length, ...store.hardState }).toEqual({ length: 100, term: 1, votedFor: null });
      store.close();
      return 'whole';
    } catch (error) {
      if (error instanceof StartError) return error;
      throw error;
    }
  }

  const damages: [string, (file: string) => void][] = [
    ['removed', (file) => rmSync(file)],
    ['emptied', (file) => truncateSync(file)],
    ['cut', (file) => truncateSync(file, statSync(file).size - 1)],
    ['longer', (file) => writeFileSync(file, 'x', { flag: 'a' })],
    ['zeroed', (file) => writeFileSync(file, Buffer.alloc(statSync(file).size))],
    ['all noise', (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 0xa5))],
    ['damaged in its first record', (file) => flipBit(file, '"sequence"')],
    ['damaged in a record', (file) => flipBit(file, 'v'.repeat(300))],
  ];

  test.each(damages)('that goes on, %s: named', (_, damage) => {
    const directory = smallDirectory();
    const [current = '', previous = ''] = generations(directory);
    damage(current);
    expect(found(directory)).toMatchObject({
      code: 'DATA_DAMAGED',
      message: expect.stringMatching(
        new RegExp(
          `^(${current} is damaged at byte \\d+|` +
            `${previous} says that generation [0-9a-f]{32} goes on, and no journal beside it holds that)` +
            `; to rejoin.*remove the directory ${directory} `,
        ),
      ) as string,
    });
  });

  test.each(damages)('before it, %s: named where it is needed, and no harm where it is not', (_, damage) => {
    const outcomes = [1, 2].map((which) => {
      const directory = smallDirectory();
      const file = generations(directory)[which] ?? '';
      damage(file);
      const outcome = found(directory);
      if (outcome === 'whole') return outcome;
      expect(outcome.message.slice(0, file.length)).toBe(file);
      return outcome.code;
    });
    expect(outcomes).toEqual(['DATA_DAMAGED', 'whole']);
  });

  test('damaged in each of its sectors that hold a record: named, or not needed', () => {
    const base = smallDirectory();
    const [current = ''] = generations(base);
    const content = readFileSync(current);
    const generation = content.subarray(0, 16);
    let end = 0;
    for (let at = 0; at < content.length; at += SECTOR_BYTES)
      if (content.subarray(at, at + 16).equals(generation)) end = at;
    for (let at = 0; at < end; at += SECTOR_BYTES) {
      const altered = Buffer.from(content);
      altered[at + 20] = (altered[at + 20] ?? 0) ^ 1;
      writeFileSync(current, altered);
      expect(found(base)).toMatchObject({ code: 'DATA_DAMAGED' });
    }
    // The last one is a seal, which says nothing of its own.
    const sealed = Buffer.from(content);
    sealed.fill(0, end);
    writeFileSync(current, sealed);
    expect(found(base)).toBe('whole');
  });

  test('damaged in what was written last is named, once that is sealed, also where the process was killed', () => {
    const disk = new CrashingDisk();
    const store = openOn(disk);
    store.setMembership('voter');
    store.saveHardState({ term: 7, votedFor: null });
    const damaged = (): CrashingDisk => {
      const copy = disk.copy();
      const bytes = copy.bytesOf('journal-0');
      const at = bytes.indexOf('"term":7');
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return copy;
    };
    // Until then it may be what a crash has torn.
    expect(openOn(damaged()).hardState.term).toBe(0);
    store.seal();
    expect(thrownBy(() => openOn(damaged()))).toMatchObject({ code: 'DATA_DAMAGED' });
  });

  test('in the place of another one: each change of two is told, or does no harm', () => {
    const told = new Set<string>();
    for (const [one, other] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      const directory = smallDirectory();
      const files = generations(directory);
      const [first, second] = [files[one ?? 0] ?? '', files[other ?? 0] ?? ''];
      const [a, b] = [readFileSync(first), readFileSync(second)];
      writeFileSync(first, b);
      writeFileSync(second, a);
      const outcome = found(directory);
      told.add(outcome === 'whole' ? outcome : outcome.code);
    }
    expect([...told]).toEqual(['whole']);
  });

  test('copied over another one is told', () => {
    const directory = smallDirectory();
    const [current = '', needed = ''] = generations(directory);
    copyFileSync(current, needed);
    expect(found(directory)).toMatchObject({ code: 'DATA_DAMAGED' });
  });

  test('of files of the usual size: named by a process that no signal ends', async () => {
    const directories: string[] = [];
    const each: [string, (file: string) => void][] = [
      ...damages,
      ['damaged in a vote', (file) => flipBit(file, '"term"')],
    ];
    for (const [, damage] of each) {
      const directory = await filledDirectory();
      damage(join(directory, 'journal-0'));
      directories.push(directory);
    }
    const { lines, ...end } = await runStore('open', directories);
    expect(end).toEqual({ status: 0, signal: null, stderr: '' });
    for (const [at, directory] of directories.entries())
      expect({ name: each[at]?.[0], ...lines[at] }).toMatchObject({
        name: each[at]?.[0],
        code: 'DATA_DAMAGED',
        message: expect.stringMatching(
          new RegExp(`^${join(directory, 'journal-0')} .*remove the directory ${directory} `),
        ) as string,
      });
  });
});
