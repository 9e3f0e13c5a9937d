import fc from 'fast-check';
import { StartError } from '../../../../src/errors';
import { GENESIS, type Entry } from '../../../../src/entry/Entry';
import { Journal, type JournalState } from '../../../../src/storage/journal/Journal';
import { NOTHING_STORED } from '../../../../src/storage/segments/StoredExtent';
import { SECTOR_BYTES } from '../../../../src/storage/StoreDisk';
import { runs } from '../../../runs';
import { CrashingDisk } from '../../../CrashingDisk';
import { buildLog, logs } from '../logFixture';
import { SMALL_STEPS } from '../openOn';

const LIMITS = {
  JOURNAL_BYTES: 8192,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 6000,
  BLOCK_BYTES: 1000,
  ...SMALL_STEPS,
};
const STATE: JournalState = {
  hardState: { term: 1, votedFor: null },
  commitIndex: 0,
  floor: GENESIS,
  stored: NOTHING_STORED,
};

/** A journal that has begun. */
function begun(disk: CrashingDisk): Journal {
  const journal = new Journal(disk, LIMITS);
  expect(journal.read()).toBeNull();
  journal.makeFiles();
  journal.begin(STATE);
  return journal;
}

/** What a node that starts on a disk reads: the entries of each append, and commitIndex. */
function readAnew(disk: CrashingDisk): { appends: string[][]; commitIndex: number; term: number } | null {
  const journal = new Journal(disk, LIMITS);
  try {
    const content = journal.read();
    if (content === null) return null;
    const { appends, commitIndex, hardState } = content;
    return { appends: appends.map(textsOf), commitIndex, term: hardState.term };
  } finally {
    journal.close();
  }
}

function textsOf(entries: readonly Entry[]): string[] {
  return entries.map(({ bytes }) => bytes.toString('hex'));
}

function damageOf(disk: CrashingDisk): string {
  try {
    readAnew(disk);
  } catch (error) {
    if (error instanceof StartError && error.code === 'DATA_DAMAGED') return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const sizes = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 300 })), {
  minLength: 1,
  maxLength: 4,
});

test('whatever part of the last record a crash left on disk, it is read whole or not at all', () => {
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.boolean()), (each, coin) => {
      const disk = new CrashingDisk();
      const journal = begun(disk);
      const written: Entry[][] = [];
      let before = Buffer.alloc(0);
      let after = Buffer.alloc(0);
      for (const [count, valueBytes] of each) {
        const entries = buildLog(logs(count, 1, valueBytes), written.flat().at(-1) ?? null);
        before = Buffer.from(disk.bytesOf('journal-0'));
        // As it is when the record is to be put on disk, before anything stands behind it.
        disk.beforeChange = (what) => {
          if (what.startsWith('sync')) after = Buffer.from(disk.bytesOf('journal-0'));
        };
        journal.append(entries, { ...STATE, commitIndex: written.flat().length });
        written.push(entries);
      }
      const torn = Buffer.from(before);
      for (let at = 0; at < torn.length; at += SECTOR_BYTES)
        if (coin.next().value === true) after.copy(torn, at, at, at + SECTOR_BYTES);
      const crashed = disk.copy();
      crashed.replace('journal-0', torn);
      const there = torn.equals(after) ? written : written.slice(0, -1);
      expect(readAnew(crashed)).toEqual({
        appends: there.filter(({ length }) => length > 0).map(textsOf),
        commitIndex: there.slice(0, -1).flat().length,
        term: 1,
      });
    }),
    { numRuns: runs(500, 60) },
  );
});

test('the last record is damaged, not torn, where anything was written behind it', () => {
  const disk = new CrashingDisk();
  const journal = begun(disk);
  journal.append(buildLog(logs(2, 1, 300)), STATE);
  // Not sealed, it may have been torn.
  const unsealed = disk.copy();
  unsealed.bytesOf('journal-0').fill(0, 512 + 200, 512 + 210);
  expect(new Journal(unsealed, LIMITS).read()?.appends).toEqual([]);
  journal.seal(STATE);
  const { length } = disk.bytesOf('journal-0');
  for (const [what, byte] of [
    ['its generation', 512],
    ['its number', 512 + 16],
    ['its hash', 512 + 47],
    ['its first sector', 512 + 200],
    ['its last sector', 1024 + 100],
  ] as const) {
    const damaged = disk.copy();
    const bytes = damaged.bytesOf('journal-0');
    bytes[byte] = (bytes[byte] ?? 0) ^ 1;
    expect({ what, told: damageOf(damaged) }).toMatchObject({
      told: expect.stringContaining('/simulated/journal-0 is damaged at byte 512;') as string,
    });
  }
  expect(length).toBe(LIMITS.JOURNAL_BYTES);
});

test('what a use of the file before has left is read by nobody', () => {
  const disk = new CrashingDisk();
  const journal = begun(disk);
  const first = buildLog(logs(6, 1, 500));
  journal.append(first, STATE);
  journal.retire(6);
  const stored = { index: 6, first: 1, bytes: 10 };
  for (let round = 0; round < 2; round++) {
    journal.turn({ ...STATE, commitIndex: 6, stored });
    journal.saveHardState({ ...STATE, commitIndex: 6, stored, hardState: { term: 7, votedFor: null } });
  }
  expect(readAnew(disk.copy())).toEqual({ appends: [], commitIndex: 6, term: 7 });
  expect(disk.bytesOf('journal-0').includes('v'.repeat(500))).toBe(true);
  expect(disk.names('')).toEqual(['journal-0', 'journal-1', 'journal-2']);
});

test('takes as many records as fit, and leaves room for a vote', () => {
  const disk = new CrashingDisk();
  const journal = begun(disk);
  let last: Entry | null = null;
  const written: Entry[][] = [];
  for (;;) {
    const entries: Entry[] = buildLog(logs(1, 1, 1000), last);
    if (!journal.hasRoomFor(entries)) break;
    journal.append(entries, STATE);
    written.push(entries);
    last = entries.at(-1) ?? null;
  }
  // An opening of a sector, records of three, a vote and what ends the generation.
  expect(written).toHaveLength(Math.floor((LIMITS.JOURNAL_BYTES / SECTOR_BYTES - 3) / 3));
  journal.saveHardState({ ...STATE, hardState: { term: 2, votedFor: 'a'.repeat(130) } });
  expect(readAnew(disk.copy())).toEqual({ appends: written.map(textsOf), commitIndex: 0, term: 2 });
  expect(disk.names('')).toEqual(['journal-0', 'journal-1', 'journal-2']);
});

test('of votes alone goes on for ever in three files', () => {
  const disk = new CrashingDisk();
  const journal = begun(disk);
  for (let term = 2; term <= 200; term++) {
    journal.saveHardState({ ...STATE, hardState: { term, votedFor: null } });
    expect(readAnew(disk.copy())).toEqual({ appends: [], commitIndex: 0, term });
  }
  expect(disk.names('')).toEqual(['journal-0', 'journal-1', 'journal-2']);
});

test('keeps each generation that is needed, and removes the files that are not', () => {
  const disk = new CrashingDisk();
  const journal = begun(disk);
  const log = buildLog(logs(30, 1, 1000));
  for (const entry of log) {
    if (!journal.hasRoomFor([entry])) journal.turn(STATE);
    journal.append([entry], STATE);
  }
  expect(readAnew(disk.copy())?.appends.flat()).toEqual(textsOf(log));
  const many = disk.names('').length;
  expect(many).toBeGreaterThan(5);
  for (const name of disk.names('')) {
    const missing = disk.copy();
    missing.replace(name, null);
    expect(damageOf(missing)).toMatch(/^\/simulated\/journal-\d+ /);
  }
  const stored = { index: 30, first: 1, bytes: 10 };
  const state = { ...STATE, commitIndex: 30, stored };
  journal.retire(30);
  for (let round = 0; round < 3; round++) {
    journal.turn(state);
    journal.saveHardState(state);
    expect(readAnew(disk.copy())).toMatchObject({ commitIndex: 30 });
  }
  expect(disk.names('')).toHaveLength(3);
});

test('a generation of another journal, or none, in the place of one is damage', () => {
  const [disk, other] = [new CrashingDisk(), new CrashingDisk()];
  for (const each of [disk, other]) {
    const journal = begun(each);
    const log = buildLog(logs(10, 1, 1000));
    for (const entry of log) {
      if (!journal.hasRoomFor([entry])) journal.turn(STATE);
      journal.append([entry], STATE);
    }
  }
  for (const name of disk.names(''))
    for (const replacement of [other.bytesOf(name), Buffer.alloc(LIMITS.JOURNAL_BYTES)]) {
      const mixed = disk.copy();
      mixed.replace(name, Buffer.from(replacement));
      expect(damageOf(mixed)).toMatch(/^\/simulated\/journal-\d+ /);
    }
});

test('generations whose entries a later record cut are needed no more', () => {
  const disk = new CrashingDisk();
  const journal = begun(disk);
  const files = (): number => disk.names('').filter((name) => name.startsWith('journal-')).length;
  const uncommitted = buildLog(logs(60, 1, 300));
  for (const entry of uncommitted) {
    if (!journal.hasRoomFor([entry])) journal.turn(STATE);
    journal.append([entry], STATE);
  }
  expect(files()).toBeGreaterThan(3);
  const [instead] = buildLog(logs(1, 2), null);
  if (instead === undefined) throw new Error('no entry');
  journal.append([instead], STATE);
  const state = { ...STATE, commitIndex: 1, stored: { index: 1, first: 1, bytes: instead.bytes.length + 4 } };
  for (let turn = 0; turn < 3; turn++) {
    journal.turn(state);
    journal.saveHardState(state);
  }
  expect(files()).toBe(3);
  journal.close();
  expect(readAnew(disk)).toEqual({ appends: [], commitIndex: 1, term: 1 });
});

test('an opening that a crash tore is never made whole by what a later crash leaves of the next one', () => {
  const SECOND = SECTOR_BYTES;
  // So long that openings have a second sector, which is equal in both.
  const state = { ...STATE, hardState: { term: 2, votedFor: 'x'.repeat(600) } };
  const disk = new CrashingDisk();
  begun(disk).close();

  /** What the first record of the next generation leaves in its file, were it all on disk. */
  const turned = (entries: readonly Entry[]): Buffer => {
    const copy = disk.copy();
    const journal = new Journal(copy, LIMITS);
    journal.read();
    journal.makeFiles();
    journal.turn(state);
    journal.append(entries, state);
    return copy.bytesOf('journal-1');
  };
  const torn = turned(buildLog(logs(1)));
  torn.fill(0, SECOND, 2 * SECTOR_BYTES);
  disk.replace('journal-1', torn);
  const restarted = new Journal(disk, LIMITS);
  restarted.read();
  restarted.makeFiles();
  restarted.close();
  const next = turned(buildLog(logs(1)));
  const left = disk.bytesOf('journal-1');
  next.copy(left, SECOND, SECOND, 2 * SECTOR_BYTES);
  disk.replace('journal-1', left);
  expect(readAnew(disk)).toEqual({ appends: [], commitIndex: 0, term: 1 });
});
