import {
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { StartError } from '../../../../src/errors';
import { JOURNAL_BYTES } from '../../../../src/limits';
import type { Entry } from '../../../../src/entry/Entry';
import { Journal } from '../../../../src/storage/lmdb/Journal';
import type { JournalGenerations } from '../../../../src/storage/lmdb/StoredState';
import { buildLog, logs } from '../logFixture';
import { runs } from '../../../runs';

const SECTOR_BYTES = 512;

const home = mkdtempSync(join(tmpdir(), 'journal-'));
const path = join(home, 'journal');
afterAll(() => rmSync(home, { recursive: true }));

/** What a record says, comparable. */
type Said = readonly [commitIndex: number, hex: readonly string[]];

function said(entries: readonly Entry[], commitIndex: number): Said {
  return [commitIndex, entries.map(({ bytes }) => bytes.toString('hex'))];
}

/** A journal with a generation, ready for records. */
function begun(): { journal: Journal; generations: JournalGenerations } {
  const journal = new Journal(path, null);
  const generations = journal.nextGenerations();
  journal.restart(generations);
  return { journal, generations };
}

/** What a node that starts on this content reads. */
function readAnew(content: Buffer, generations: JournalGenerations): Said[] {
  writeFileSync(path, content);
  const journal = new Journal(path, generations);
  try {
    return journal.read().map(({ entries, commitIndex }) => said(entries, commitIndex));
  } finally {
    journal.close();
  }
}

function damageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StartError && error.code === 'DATA_DAMAGED') return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Records of these numbers of entries with these lengths of value, written; the file's content before and after the last one. */
function written(sizes: readonly (readonly [count: number, valueBytes: number])[]): {
  before: Buffer;
  after: Buffer;
  records: Said[];
  generations: JournalGenerations;
} {
  const { journal, generations } = begun();
  let last: Entry | null = null;
  let before = readFileSync(path);
  const records: Said[] = [];
  for (const [count, valueBytes] of sizes) {
    const entries = buildLog(logs(count, 1, valueBytes), last);
    before = readFileSync(path);
    expect(journal.append(entries, records.length)).toBe(true);
    records.push(said(entries, records.length));
    last = entries.at(-1) ?? last;
  }
  journal.close();
  return { before, after: readFileSync(path), records, generations };
}

const sizes = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 900 })), {
  minLength: 1,
  maxLength: 6,
});

test('whatever part of the last record a crash left on disk, it is read whole or not at all', () => {
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.boolean()), (each, coin) => {
      const { before, after, records, generations } = written(each);
      const torn = Buffer.from(before);
      for (let at = 0; at < JOURNAL_BYTES; at += SECTOR_BYTES) {
        const sector = after.subarray(at, at + SECTOR_BYTES);
        if (sector.equals(before.subarray(at, at + SECTOR_BYTES))) continue;
        if (coin.next().value === true) sector.copy(torn, at);
      }
      const found = readAnew(torn, generations);
      expect(found).toEqual(torn.equals(after) ? records : records.slice(0, -1));
    }),
    { numRuns: runs(60, 20) },
  );
});

test('a flipped bit in a record before the last one is damage, and in the last one takes it for torn', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (each, where) => {
      const { before, after, records, generations } = written(each);
      const end = after.findLastIndex((byte) => byte !== 0) + 1;
      const at = where % end;
      if (after[at] === 0) return;
      const flipped = Buffer.from(after);
      flipped[at] = (after[at] ?? 0) ^ 1;
      if (before[at] === after[at])
        expect(damageOf(() => readAnew(flipped, generations))).toContain('is damaged');
      else expect(readAnew(flipped, generations)).toEqual(records.slice(0, -1));
    }),
    { numRuns: runs(60, 20) },
  );
});

test('records of the generation before are none, and neither are those that stand in a value', () => {
  const { after, generations } = written([
    [3, 100],
    [3, 100],
  ]);
  const journal = new Journal(path, generations);
  expect(journal.read()).toHaveLength(2);
  const next = journal.nextGenerations();
  expect(next.previous).toBe(generations.current);
  journal.restart(next);
  const entries = buildLog(logs(1, 1, 10));
  expect(journal.append(entries, 0)).toBe(true);
  journal.close();
  expect(readAnew(readFileSync(path), next)).toEqual([said(entries, 0)]);
  expect(readAnew(after, next)).toEqual([]);
});

test('a whole first record of a generation that the state does not name is damage', () => {
  const { after, generations } = written([[3, 100]]);
  const other = { current: '7'.repeat(32), previous: '8'.repeat(32) };
  expect(damageOf(() => readAnew(after, other))).toContain(
    `begins with a record of generation ${generations.current}, and the state names ${other.current}`,
  );
  expect(damageOf(() => readAnew(after, { ...other, previous: null }))).toContain('begins with');
});

test('a generation without records goes on, so that the one before it stays named', () => {
  const { journal, generations } = begun();
  expect(journal.nextGenerations()).toEqual(generations);
  journal.append(buildLog(logs(1)), 0);
  const next = journal.nextGenerations();
  journal.restart(next);
  expect(journal.nextGenerations()).toEqual(next);
  journal.close();
  expect(readAnew(readFileSync(path), next)).toEqual([]);
});

test.each([
  ['0000', JOURNAL_BYTES / 2],
  ['ffff', JOURNAL_BYTES],
])('of a generation that begins with %s: takes records for %d bytes, and no more', (beginning, room) => {
  const generations = { current: beginning.padEnd(32, '7'), previous: null };
  const journal = new Journal(path, null);
  journal.restart(generations);
  const entries = buildLog(logs(3, 1, 1000));
  let count = 0;
  while (journal.append(entries, count)) count++;
  journal.close();
  const recordBytes =
    Math.ceil(entries.reduce((bytes, entry) => bytes + entry.bytes.length + 4, 62) / 512) * 512;
  expect(count).toBe(Math.floor(room / recordBytes));
  expect(statSync(path).size).toBe(JOURNAL_BYTES);
  expect(readAnew(readFileSync(path), generations)).toHaveLength(count);
});

test('without a generation it takes nothing', () => {
  const journal = new Journal(path, null);
  expect(journal.append(buildLog(logs(1)), 0)).toBe(false);
  expect(journal.read()).toEqual([]);
  journal.close();
});

test('is missed, and seen to be cut', () => {
  const { journal, generations } = begun();
  journal.close();
  truncateSync(path, JOURNAL_BYTES - 1);
  expect(damageOf(() => new Journal(path, generations))).toContain(
    `is cut: it has ${JOURNAL_BYTES - 1} of ${JOURNAL_BYTES} bytes`,
  );
  unlinkSync(path);
  expect(damageOf(() => new Journal(path, generations))).toContain('is missing');
});
