import fc from 'fast-check';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKSUM_BYTES, HEAD_BYTES, encodeHead } from '../../../src/backup/BackupHead';
import { encodeEntries, LENGTH_BYTES } from '../../../src/entry/entryFrames';
import { takeBackup } from '../../../src/backup/takeBackup';
import { BackupError, TrimmedError } from '../../../src/errors';
import {
  ENTRY_BYTES_MAX,
  ENTRY_BYTES_MIN,
  GENESIS,
  IDENTITY_BYTES,
  type Entry,
} from '../../../src/entry/Entry';
import { encodePoint, POINT_BYTES } from '../../../src/entry/LogPoint';
import { buildLog, empty, logs } from '../storage/logFixture';
import { headOf, pointOf, readAll, sourceOf, thrownBy } from './backupFixture';
import { runs } from '../../runs';

const entries = buildLog([empty(1), ...logs(4), empty(3), ...logs(3, 3, 200)]);
/** Larger than the pieces in which a file is read, an entry of the largest kind among others. */
const longLog = buildLog([empty(1), ...logs(2, 1, 1_048_576), ...logs(2000, 2, 700)]);

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-backup-'));
  path = join(directory, 'out');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function backupOf(log: readonly Entry[]): Promise<Buffer> {
  await takeBackup(sourceOf(log), path);
  const bytes = readFileSync(path);
  rmSync(path);
  return bytes;
}

/** A file with these parts and the checksum that is right for them. */
function sealed(...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

/** How reading a file of these bytes ends. */
function refusal(bytes: Buffer): { code: string; message: string } | null {
  writeFileSync(path, bytes);
  const thrown = thrownBy(() => readAll(path));
  if (thrown === undefined) return null;
  expect(thrown).toBeInstanceOf(BackupError);
  return thrown as BackupError;
}

describe('a backup', () => {
  test.each([
    ['one empty entry', buildLog([empty(1)])],
    ['a mixed log', entries],
    ['a long log', longLog],
  ])('of %s is read back as it was, in pages within the limit', async (_name, log) => {
    const head = await takeBackup(sourceOf(log), path);
    expect(head).toEqual(headOf(log));
    const maxBytes = 500_000;
    const read = readAll(path, maxBytes);
    expect(read.head).toEqual(head);
    expect(read.pages.flat().length).toBe(log.length);
    expect(
      read.pages.flat().every((entry, at) => entry.bytes.equals(log[at]?.bytes ?? Buffer.alloc(0))),
    ).toBe(true);
    for (const page of read.pages)
      expect(page.length === 1 || page.reduce((sum, { bytes }) => sum + bytes.length, 0) <= maxBytes).toBe(
        true,
      );
  });

  test('of a trimmed log begins behind its floor', async () => {
    const floor = pointOf(entries, 3);
    const head = await takeBackup(sourceOf(entries.slice(3), { floor }), path);
    expect(head).toMatchObject({ entries: entries.length - 3, logs: 5, floor });
    const read = readAll(path, 400);
    expect(read.head).toEqual(head);
    expect(read.pages.flat()).toEqual(entries.slice(3));
  });

  test('of a log that is trimmed while it is copied: refused, and no file is left', async () => {
    const source = sourceOf(entries);
    const read = (from: number): Promise<readonly Entry[]> =>
      from > 3 ? Promise.reject(new TrimmedError(6)) : source.read(from);
    await expect(takeBackup({ ...source, read }, path)).rejects.toMatchObject({
      code: 'TRIMMED',
      message: expect.stringMatching(/trimmed while it was copied.* take the backup again/) as string,
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ['before its floor', 2],
    ['behind the first', 5],
  ])('of a trimmed log whose node begins with the entry %s: refused', async (_name, from) => {
    const floor = pointOf(entries, 3);
    const source = { ...sourceOf(entries, { floor }), read: () => Promise.resolve(entries.slice(from - 1)) };
    await expect(takeBackup(source, path)).rejects.toMatchObject({ code: 'INVARIANT' });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is for its owner alone, and leaves no other file', async () => {
    await takeBackup(sourceOf(entries), path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('ends where it was begun, however much is committed meanwhile', async () => {
    await takeBackup(sourceOf(entries, { committed: 4 }), path);
    expect(readAll(path).pages.flat()).toEqual(entries.slice(0, 4));
  });

  test.each(['out', 'out.partial'])('overwrites no %s', async (name) => {
    writeFileSync(join(directory, name), 'precious');
    await expect(takeBackup(sourceOf(entries), path)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(readFileSync(join(directory, name), 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual([name]);
  });

  test('overwrites no file that appears while it is made', async () => {
    const source = sourceOf(entries);
    const read = (from: number): ReturnType<typeof source.read> => {
      writeFileSync(path, 'precious');
      return source.read(from);
    };
    await expect(takeBackup({ ...source, read }, path)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('into a directory that is not there: named', async () => {
    await expect(takeBackup(sourceOf(entries), join(directory, 'no', 'out'))).rejects.toMatchObject({
      code: 'FILE_FAILED',
      exitStatus: 11,
    });
  });

  test.each([
    ['fails', () => Promise.reject(new Error('gone'))],
    ['gives nothing', () => Promise.resolve([])],
    ['gives another entry', () => Promise.resolve(buildLog(logs(9)))],
    ['gives an entry twice', (from: number) => Promise.resolve([entries[0], entries[from - 1]])],
  ])('leaves no file when the node %s half way', async (_name, fault) => {
    const source = sourceOf(entries);
    const read = (from: number): Promise<readonly Entry[]> =>
      from > 3 ? (fault(from) as Promise<Entry[]>) : source.read(from);
    await expect(takeBackup({ ...source, read }, path)).rejects.toThrow();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('leaves no file when the last entry is not the one that the node named', async () => {
    const head = (): Promise<ReturnType<typeof headOf>> =>
      Promise.resolve({ ...headOf(entries), headHash: 'ab'.repeat(32) });
    await expect(takeBackup({ ...sourceOf(entries), head }, path)).rejects.toMatchObject({
      code: 'INVARIANT',
    });
    expect(existsSync(path)).toBe(false);
  });
});

describe('a damaged file', () => {
  test('of a trimmed log, with any byte changed or cut at any length: refused', () => {
    const floor = pointOf(entries, 3);
    const whole = sealed(encodeHead(headOf(entries, floor)), encodeEntries(entries.slice(3)));
    expect(refusal(whole)).toBeNull();
    const begin = HEAD_BYTES - encodePoint(floor).length - IDENTITY_BYTES;
    for (let at = begin; at < HEAD_BYTES + 100; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      expect(refusal(changed)?.code).toBe('BACKUP_DAMAGED');
      expect(refusal(whole.subarray(0, at))?.message).toMatch(/ is cut: /);
    }
  });

  test('cut at any length: named as cut', async () => {
    const whole = await backupOf(entries);
    expect(refusal(whole)).toBeNull();
    for (let length = 0; length < whole.length; length++)
      expect(refusal(whole.subarray(0, length))).toMatchObject({
        code: 'BACKUP_DAMAGED',
        message: expect.stringMatching(/ is cut: /) as string,
      });
  });

  test('with any byte changed: refused', async () => {
    const whole = await backupOf(buildLog([empty(1), ...logs(2)]));
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      expect(refusal(changed)?.code).toBe(at < 10 ? 'BACKUP_FOREIGN' : 'BACKUP_DAMAGED');
    }
  });

  test('with anything cut, changed, put in or moved at any place: refused, by a BackupError', async () => {
    const whole = await backupOf(entries);
    const place = fc.nat(whole.length - 1);
    const piece = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(place, place, piece, fc.constantFrom('replace', 'insert', 'move'), (a, b, bytes, kind) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const [head, middle, tail] = [whole.subarray(0, from), whole.subarray(from, to), whole.subarray(to)];
        const damaged = {
          replace: Buffer.concat([head, bytes, tail]),
          insert: Buffer.concat([head, bytes, middle, tail]),
          move: Buffer.concat([head, tail, middle]),
        }[kind];
        fc.pre(!damaged.equals(whole));
        expect(refusal(damaged)).not.toBeNull();
      }),
      { numRuns: runs(300, 60) },
    );
  });

  test('with a length that no entry has: the position is named, and no such memory is taken', async () => {
    const whole = await backupOf(entries);
    for (const length of [0, ENTRY_BYTES_MIN - 1, ENTRY_BYTES_MAX + 1, 2 ** 32 - 1]) {
      const changed = Buffer.from(whole);
      changed.writeUInt32BE(length, HEAD_BYTES);
      expect(refusal(changed)).toMatchObject({
        code: 'BACKUP_DAMAGED',
        message: expect.stringContaining(`damaged at position 1: an entry of ${length} bytes`) as string,
      });
    }
  });

  test.each([
    ['an entry that is missing', [entries[0], ...entries.slice(2)], /position 2: position 3 follows on 1/],
    ['entries of another log', [...entries.slice(0, 3), ...buildLog(logs(9)).slice(3)], /position 4: /],
    ['an entry too few', entries.slice(0, -1), /position 9: an entry of|position 9: .*out of range|is cut/],
    ['an entry too many', [...entries, ...buildLog(logs(1, 3), entries.at(-1))], /checksum is wrong/],
  ])('with %s, its checksum right: refused', (_name, given, message) => {
    const log = given as Entry[];
    const bytes = sealed(encodeHead(headOf(entries)), encodeEntries(log));
    expect(refusal(bytes)?.message).toMatch(message);
  });

  test.each([
    ['fewer logs', { logs: 6 }],
    ['another head hash', { headHash: 'ab'.repeat(32) }],
    ['fewer entries', { entries: entries.length - 1 }],
    ['no entries', { entries: 0, logs: 0 }],
    ['more logs than entries', { logs: entries.length + 1 }],
    ['a floor of another hash', { floor: { ...GENESIS, bytes: Buffer.alloc(32, 1) } }],
    ['a floor further on', { floor: pointOf(entries, 1) }],
    ['a floor with more logs than entries', { floor: { ...GENESIS, logNumber: 1 } }],
  ])('that says in its beginning to have %s, its checksum right: refused', (_name, change) => {
    const bytes = sealed(encodeHead({ ...headOf(entries), ...change }), encodeEntries(entries));
    expect(refusal(bytes)?.code).toBe('BACKUP_DAMAGED');
  });

  test('with bytes after its end: refused', async () => {
    const whole = await backupOf(entries);
    expect(refusal(Buffer.concat([whole, Buffer.alloc(1)]))?.message).toContain(
      `bytes follow after its end at ${whole.length}`,
    );
  });

  test('whose checksum alone is wrong: refused', async () => {
    const whole = await backupOf(entries);
    whole.fill(0, whole.length - CHECKSUM_BYTES);
    expect(refusal(whole)?.message).toMatch(/checksum is wrong/);
  });

  test('of version 1 is read: a whole log', async () => {
    const whole = await backupOf(entries);
    const begin = HEAD_BYTES - POINT_BYTES - IDENTITY_BYTES;
    const older = Buffer.from(whole.subarray(0, begin));
    older.writeUInt16BE(1, 8);
    writeFileSync(path, sealed(older, whole.subarray(HEAD_BYTES, -CHECKSUM_BYTES)));
    const read = readAll(path);
    expect(read.head).toEqual({ ...headOf(entries), identity: null });
    expect(read.pages.flat()).toEqual(entries);
  });

  test('of another version, or none of a backup: named, with what to do', async () => {
    const later = await backupOf(entries);
    later.writeUInt16BE(3, 8);
    expect(refusal(later)).toMatchObject({ code: 'BACKUP_FOREIGN', exitStatus: 9 });
    expect(refusal(later)?.message).toMatch(/format 3.*restore it with the version that wrote it/);
    expect(refusal(Buffer.from('PK\x03\x04 a zip'))?.code).toBe('BACKUP_FOREIGN');
  });

  test('that is none: named', () => {
    expect(thrownBy(() => readAll(join(directory, 'none')))).toMatchObject({ code: 'FILE_FAILED' });
    mkdirSync(path);
    expect(thrownBy(() => readAll(path))).toMatchObject({ code: 'FILE_FAILED' });
  });
});

test('an entry stands after its length', () => {
  const [first] = entries;
  expect(encodeEntries(entries).readUInt32BE()).toBe(first?.bytes.length);
  expect(encodeEntries(entries).length).toBe(
    entries.reduce((bytes, entry) => bytes + LENGTH_BYTES + entry.bytes.length, 0),
  );
});

test('tells after each page how much is copied', async () => {
  const told: number[][] = [];
  await takeBackup(sourceOf(entries, { pageSize: 3 }), path, (...progress) => told.push(progress));
  expect(told[0]).toEqual([3, entries.length]);
  expect(told.at(-1)).toEqual([entries.length, entries.length]);
});
