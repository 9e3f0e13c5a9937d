import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../../../../src/errors';
import { DirectoryArchive } from '../../../../src/storage/archive/DirectoryArchive';
import type { Rename } from '../../../../src/storage/archive/moveFile';
import { until } from '../../../integration/cluster/until';

const IDENTITY = '5a'.repeat(16);
const NAME = '00000000000000000001.seg';
const WITHIN_MS = 20_000;

let home: string;
let archive: string;
let folder: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'archive-'));
  archive = join(home, 'new', 'archive');
  folder = join(archive, `cluster-${IDENTITY}`, 'node-2');
  mkdirSync(join(home, 'log'));
  file = join(home, 'log', NAME);
  writeFileSync(file, 'entries', { mode: 0o600 });
});
afterEach(() => rmSync(home, { recursive: true }));

/** As between two file systems. */
const elsewhere: Rename = () =>
  Promise.reject(Object.assign(new Error('EXDEV: cross-device link not permitted'), { code: 'EXDEV' }));

function taken(by: DirectoryArchive, path = file): Promise<void> {
  return new Promise((done) => by.take(path, IDENTITY, done));
}

function contentOf(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}

/** The refusal of a directory, in one line that names it. */
function refusalOf(directory: string): StartError {
  try {
    DirectoryArchive.open(directory, 2);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    expect(error.code).toBe('BAD_CONFIG');
    expect(error.message).toMatch(/^cluster file: settings\.archive names .*; name a directory in which/);
    expect(error.message).toContain(directory);
    return error;
  }
  throw new Error('not refused');
}

test.each([
  ['the same file system', {}],
  ['another one', { rename: elsewhere }],
])('on %s a file is moved into a folder of its cluster and node, for its owner alone', async (_, options) => {
  const to = DirectoryArchive.open(archive, 2, options);
  await taken(to);
  expect([existsSync(file), contentOf(folder, NAME), to.problem]).toEqual([false, 'entries', null]);
  expect(readdirSync(folder)).toEqual([NAME]);
  for (const at of [archive, folder]) expect((statSync(at).mode & 0o777).toString(8)).toBe('700');
  expect((statSync(join(folder, NAME)).mode & 0o777).toString(8)).toBe('600');
});

const other = ['/dev/shm', tmpdir()].find(
  (place) => existsSync(place) && statSync(place).dev !== statSync(tmpdir()).dev,
);
(other === undefined ? test.skip : test)('truly on another file system', async () => {
  const place = mkdtempSync(join(other ?? '', 'archive-'));
  try {
    await expect(rename(file, join(place, NAME))).rejects.toThrow('EXDEV');
    const to = DirectoryArchive.open(place, 2);
    await taken(to);
    expect(existsSync(file)).toBe(false);
    expect(contentOf(place, `cluster-${IDENTITY}`, 'node-2', NAME)).toBe('entries');
  } finally {
    rmSync(place, { recursive: true });
  }
});

test('a crash before the file was removed: it is moved again, once, and half a copy goes', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, NAME), 'entries');
  writeFileSync(join(folder, `${NAME}.0badcafe.part`), 'entr');
  await taken(DirectoryArchive.open(archive, 2, { rename: elsewhere }));
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(folder)).toEqual([NAME]);
});

test('what others keep in the folder is left alone, also where it ends as half a copy does', async () => {
  mkdirSync(folder, { recursive: true });
  const others = ['download.part', `${NAME}.part`, `${NAME}.0badcafe.part.bak`, 'notes.seg'];
  for (const name of others) writeFileSync(join(folder, name), 'mine');
  await taken(DirectoryArchive.open(archive, 2, { rename: elsewhere }));
  expect(readdirSync(folder).sort()).toEqual([...others, NAME].sort());
});

test('a file that is gone was moved before', async () => {
  renameSync(file, join(home, NAME));
  const to = DirectoryArchive.open(archive, 2);
  await taken(to);
  expect(to.problem).toBeNull();
});

test('another file of the same name is never overwritten, be it as long', async () => {
  const to = DirectoryArchive.open(archive, 2);
  for (const content of ['entries', 'ENTRIES', 'others', 'ENTRIES']) {
    writeFileSync(file, content);
    await taken(to);
  }
  const found = readdirSync(folder).sort();
  expect(found).toEqual(['00000000000000000001-2.seg', '00000000000000000001-3.seg', NAME]);
  expect(found.map((name) => contentOf(folder, name))).toEqual(['ENTRIES', 'others', 'entries']);
});

test('what fails is tried again, and told meanwhile: the file stays, and no half of it appears', async () => {
  let isFull = true;
  const full: Rename = (from, to) =>
    isFull
      ? Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }))
      : rename(from, to);
  const to = DirectoryArchive.open(archive, 2, { rename: full, retryMs: 20 });
  const done = taken(to);
  const problem = await until(WITHIN_MS, 'a problem', () => Promise.resolve(to.problem ?? undefined));
  expect(problem).toContain(
    `cannot be archived in ${archive}: ENOSPC: no space left. They wait in ${join(home, 'log')}`,
  );
  expect([contentOf(file), readdirSync(folder)]).toEqual(['entries', []]);
  isFull = false;
  await done;
  expect([to.problem, contentOf(folder, NAME)]).toEqual([null, 'entries']);
});

test('one that hangs is told, and goes on', async () => {
  const hung: (() => void)[] = [];
  const hanging: Rename = async (from, place) => {
    await new Promise<void>((goOn) => hung.push(goOn));
    await rename(from, place);
  };
  const to = DirectoryArchive.open(archive, 2, { rename: hanging, slowMs: 20 });
  const done = taken(to);
  const problem = await until(WITHIN_MS, 'a problem', () => Promise.resolve(to.problem ?? undefined));
  expect(problem).toContain(
    `cannot be archived in ${archive}: a file takes longer than 0.02 s. They wait in`,
  );
  const goOn = await until(WITHIN_MS, 'the try', () => Promise.resolve(hung[0]));
  goOn();
  await done;
  expect([to.problem, contentOf(folder, NAME)]).toEqual([null, 'entries']);
});

test('a directory that was taken away is made again', async () => {
  const to = DirectoryArchive.open(archive, 2, { retryMs: 20 });
  await taken(to);
  rmSync(archive, { recursive: true });
  writeFileSync(file, 'more');
  await taken(to);
  expect(contentOf(folder, NAME)).toBe('more');
});

test('one that is closed tells of nothing any more', async () => {
  const tries: ((error: Error) => void)[] = [];
  const to = DirectoryArchive.open(archive, 2, { rename: () => new Promise((_, fail) => tries.push(fail)) });
  const done = jest.fn();
  to.take(file, IDENTITY, done);
  const fail = await until(WITHIN_MS, 'the try', () => Promise.resolve(tries[0]));
  to.close();
  fail(new Error('EIO'));
  await new Promise(setImmediate);
  expect([to.problem, existsSync(file), done.mock.calls.length]).toEqual([null, true, 0]);
});

test('a directory where no files can be kept is refused at the start, by name', () => {
  expect(refusalOf(file).message).toContain('it is no directory');
  expect(refusalOf(join(file, 'below')).message).toContain('ENOTDIR');
  const readOnly = join(home, 'read-only');
  mkdirSync(readOnly, { mode: 0o500 });
  if (process.getuid?.() !== 0) expect(refusalOf(readOnly).message).toContain('EACCES');
  chmodSync(readOnly, 0o700);
});
