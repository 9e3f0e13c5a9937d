import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryHash } from '../../../src/entry/Entry';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import { REPOSITORY } from '../cluster/NodeProcess';
import { buildLog, empty, logs } from '../../unit/storage/logFixture';
import { SteppedDisk } from '../../unit/storage/durable/SteppedDisk';
import { openOn } from '../../unit/storage/openOn';
import { OWNER } from '../../unit/storage/owner';
import { MOKKA_CLUSTER } from '../../programs';

/** `npm run verify` on stores of real files, damaged as disks damage them (CASES 10). */

/** Together more than a journal holds: the first 40 at least are in a segment. */
const VALUE_BYTES = 60_000;
const LOGS = 60;
const entries = buildLog([empty(1), ...logs(LOGS, 1, VALUE_BYTES)]);

let directory: string;
let segment: string;
let journals: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-verify-'));
  segment = join(directory, 'log', '00000000000000000001.seg');
  journals = ['journal-0', 'journal-1', 'journal-2'].map((name) => join(directory, name));
  const disk = new SteppedDisk(directory);
  const store = openOn(disk);
  store.setMembership('voter');
  store.saveHardState({ term: 1, votedFor: null });
  for (const entry of entries) {
    store.append([entry], entry.index);
    disk.endLater();
  }
  store.close();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function verify(...given: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...MOKKA_CLUSTER, 'verify', ...given], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
}

test('a whole log: how many entries, how large, the head hash', () => {
  const { status, stdout, stderr } = verify(directory);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    new RegExp(`^whole: ${LOGS + 1} entries, ${LOGS} of them logs, \\d\\.\\d MB at \\d+ MB/s$`, 'm'),
  );
  const last = entries.at(-1);
  expect(stdout).toContain(`head hash ${last === undefined ? '' : entryHash(last).toString('hex')}\n`);
});

test('of a log of less than a megabyte the bytes are told', async () => {
  const other = join(directory, 'small');
  const store = await DurableLogStore.open({ directory: other, ...OWNER });
  store.setMembership('voter');
  store.append(entries.slice(0, 5), 5);
  store.close();
  expect(verify(other).stdout).toMatch(/^whole: 5 entries, 4 of them logs, [\d,]+ bytes\n/);
});

test('of a trimmed log it says where that begins', async () => {
  const store = await DurableLogStore.open({ directory, ...OWNER });
  const floor = store.entryAt(41);
  if (floor === null) throw new Error('no entry 41');
  store.trimTo(floor);
  store.close();
  const { status, stdout } = verify(directory);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^whole: 20 entries, 20 of them logs \(41 to 60, trimmed up to 40\), 1\.2 MB at /);
  const last = entries.at(-1);
  expect(stdout).toContain(`head hash ${last === undefined ? '' : entryHash(last).toString('hex')}\n`);
});

test('a flipped bit in the index by key of a whole segment', () => {
  const other = join(directory, 'keyed');
  mkdirSync(other);
  const disk = new SteppedDisk(other);
  const store = openOn(disk);
  store.setMembership('voter');
  for (let count = 0; count < 40; count++) {
    store.append(buildLog(logs(1, 1, 1_000_000), store.last), store.last?.index ?? 0);
    disk.endLater();
  }
  store.close();
  expect(verify(other).status).toBe(0);
  const file = join(other, 'log', '00000000000000000001.seg');
  const content = readFileSync(file);
  const at = content.lastIndexOf('{"first":') - 1;
  content.writeUInt8(content.readUInt8(at) ^ 1, at);
  writeFileSync(file, content);
  const { status, stderr } = verify(other);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /DATA_DAMAGED: .*1\.seg is damaged at byte \d+: a page of its index by key is altered/,
  );
});

test('a flipped bit in a value: the first bad entry is named, and how to rejoin', () => {
  flipIn(segment, 40);
  flipIn(segment, 20);
  const { status, stdout, stderr } = verify(directory);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    /^DATA_DAMAGED: .*0001\.seg is damaged at position 20: the hash is wrong; to rejoin.*\n$/,
  );
});

test.each([
  ['half of a segment', () => truncateSync(segment, statSync(segment).size >> 1)],
  ['an empty segment', () => truncateSync(segment, 0)],
  ['no segment', () => rmSync(segment)],
  ['a journal that begins with noise', () => overwrite(newest(), Buffer.alloc(512, 0xa5), 0)],
  ['a flipped bit in a journal', () => flipIn(newest(), LOGS)],
  ['half of a journal', () => truncateSync(newest(), statSync(newest()).size >> 1)],
  ['no journal', () => journals.forEach((file) => rmSync(file))],
  ['a marker of noise', () => writeFileSync(join(directory, 'marker.json'), '{')],
])('%s: named, with how to rejoin', (_name, damage) => {
  damage();
  const { status, stdout, stderr } = verify(directory);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^DATA_DAMAGED: [^\n]+remove the directory[^\n]+\n$/);
});

test('noise all over a segment never passes for a whole log', () => {
  for (let at = 2 * 4096; at < readFileSync(segment).length; at += 7 * 4096)
    overwrite(segment, Buffer.alloc(4096, 0xff), at);
  const { status, stderr } = verify(directory);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^DATA_DAMAGED: .*to rejoin/m);
});

test('a running node’s directory is refused, and so is one without data', async () => {
  const store = await DurableLogStore.open({ directory, ...OWNER });
  expect(verify(directory)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^DATA_LOCKED: /) as string,
  });
  store.close();
  const other = join(directory, 'none');
  expect(verify(other)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^STORE_FAILED: /) as string,
  });
  expect(verify()).toMatchObject({ status: 2 });
});

/** The journal that goes on: it holds the last entry. */
function newest(): string {
  const last = entries.at(-1)?.bytes ?? '';
  return journals.find((file) => readFileSync(file).includes(last)) ?? '';
}

/** Flips a bit in the value at a position of the log, in a file that holds it. */
function flipIn(file: string, index: number): void {
  const { bytes } = entries[index - 1] ?? { bytes: Buffer.alloc(0) };
  const content = readFileSync(file);
  const start = content.indexOf(bytes.subarray(0, 60));
  expect(start).toBeGreaterThanOrEqual(0);
  overwrite(file, Buffer.from([(content[start + 1000] ?? 0) ^ 1]), start + 1000);
}

function overwrite(path: string, bytes: Buffer, at: number): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}
