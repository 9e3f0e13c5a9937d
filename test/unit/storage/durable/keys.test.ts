import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../../../src/errors';
import { KeyHash } from '../../../../src/storage/keys/KeyHash';
import type { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import { footerBytes, TRAILER_BYTES } from '../../../../src/storage/segments/SegmentFooter';
import { buildLog, indexesOfKey, lastOfKey } from '../logFixture';
import { SMALL_STEPS } from '../openOn';
import { newDirectory, openSmall, thrownBy } from './directories';
import { SteppedDisk } from './SteppedDisk';

const LIMITS = {
  JOURNAL_BYTES: 65_536,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 150_000,
  BLOCK_BYTES: 8192,
  ...SMALL_STEPS,
};
const COUNT = 5000;

/** A directory with a log of each of so many keys, which all are committed: closed segments, an open one, a tail. */
function filled(count: number): string {
  const directory = newDirectory();
  mkdirSync(directory);
  const disk = new SteppedDisk(directory);
  const store = openSmall(disk, LIMITS);
  store.setMembership('voter');
  for (let first = 0; first < count; first += 100) {
    const specs = Array.from({ length: 100 }, (_, at) => ({ term: 1, key: `key-${first + at}` }));
    store.append(buildLog(specs, store.last), store.last?.index ?? 0);
    disk.endLater();
  }
  store.close();
  return directory;
}

function open(directory: string): DurableLogStore {
  return openSmall(new SteppedDisk(directory), LIMITS);
}

let base: string;
beforeAll(() => (base = filled(COUNT)));

/** The segments, the closed ones first. */
function segments(directory: string): string[] {
  return readdirSync(join(directory, 'log')).sort();
}

function flip(file: string, at: number): void {
  const content = readFileSync(file);
  content.writeUInt8(content.readUInt8(at) ^ 1, at);
  writeFileSync(file, content);
}

/** Where the index of a closed segment begins, and the footer behind it. */
function indexOf(file: string): { start: number; end: number } {
  const content = readFileSync(file);
  const jsonEnd = content.length - TRAILER_BYTES;
  const end = jsonEnd - (footerBytes(content.subarray(jsonEnd)) ?? 0);
  const footer: unknown = JSON.parse(content.toString('utf8', end, jsonEnd));
  return { start: (footer as { bytes: number }).bytes, end };
}

test('keys with the same hash are told from each other', () => {
  const hash = jest
    .spyOn(KeyHash.prototype, 'of')
    .mockImplementation((bytes, from, to) => (bytes.subarray(from, to).readUInt8(4) * 31) % 7);
  try {
    const directory = filled(2000);
    const store = open(directory);
    for (let key = 0; key < 2000; key += 13) {
      expect(indexesOfKey(store, `key-${key}`)).toEqual([key + 1]);
      expect(indexesOfKey(store, `key-${key}x`)).toEqual([]);
    }
    store.close();
  } finally {
    hash.mockRestore();
  }
});

test('an index takes 5 bytes a log, and 1 % more', () => {
  const file = join(base, 'log', segments(base)[0] ?? '');
  const { start, end } = indexOf(file);
  const logs = parseInt(segments(base)[1] ?? '', 10) - 1;
  expect((end - start) / logs).toBeLessThan(5.05);
});

test('a damaged index is told where it is read, and by a check, and nowhere else', () => {
  const directory = newDirectory();
  cpSync(base, directory, { recursive: true });
  const file = join(directory, 'log', segments(directory)[0] ?? '');
  const { start, end } = indexOf(file);
  flip(file, start + 1000);
  flip(file, end - 1);
  const store = open(directory);
  expect(store.read(1, Infinity, Infinity)).toHaveLength(COUNT);
  const told = new Set<string>();
  let found = 0;
  for (let key = 0; key < COUNT; key += 1) {
    try {
      expect(lastOfKey(store, `key-${key}`, Infinity)?.index).toBe(key + 1);
      found += 1;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      told.add(error.message.slice(0, error.message.indexOf(';')));
    }
  }
  expect(found).toBeGreaterThan(COUNT / 10);
  const altered = (at: number): string =>
    `${file} is damaged at byte ${at}: a page of its index by key is altered`;
  expect(told).toHaveProperty('size', 2);
  expect([...told]).toContain(altered(start));
  expect(thrownBy(() => store.checkKeys(1))).toMatchObject({
    code: 'DATA_DAMAGED',
    message: expect.stringContaining(altered(start)) as string,
  });
  store.close();
});

test('an index of other entries, whole as it is, is found by a check', () => {
  const store = open(base);
  const checked: number[] = [];
  for (let next: number | null = 1; next !== null; next = store.checkKeys(next)) checked.push(next);
  expect(checked).toEqual(segments(base).map((name) => parseInt(name, 10)));
  const hash = jest.spyOn(KeyHash.prototype, 'of').mockReturnValue(8);
  try {
    expect(thrownBy(() => store.checkKeys(1)).message).toContain(
      'is damaged: its index by key is not that of its entries',
    );
  } finally {
    hash.mockRestore();
    store.close();
  }
});
