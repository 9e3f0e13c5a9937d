import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
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
import { OWNER } from '../../unit/storage/owner';
import { MOKKA_CLUSTER } from '../../programs';

/** `npm run verify` on stores of real files, damaged as disks damage them (CASES 10). */

const VALUE_BYTES = 3000;
const LOGS = 60;
const entries = buildLog([empty(1), ...logs(LOGS, 1, VALUE_BYTES)]);

let directory: string;
let file: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-verify-'));
  file = join(directory, 'data.mdb');
  const store = await DurableLogStore.open({ directory, ...OWNER });
  store.setMembership('voter');
  store.saveHardState({ term: 1, votedFor: null });
  store.append(entries, entries.length);
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
    new RegExp(`^whole: ${LOGS + 1} entries, ${LOGS} of them logs, [\\d,]+ bytes$`, 'm'),
  );
  const last = entries.at(-1);
  expect(stdout).toContain(`head hash ${last === undefined ? '' : entryHash(last).toString('hex')}\n`);
});

test('of a log of over a megabyte the speed is told', async () => {
  const large = buildLog([empty(1), ...logs(400, 1, VALUE_BYTES)]);
  const store = await DurableLogStore.open({ directory, ...OWNER });
  store.append(large.slice(entries.length), large.length);
  store.close();
  expect(verify(directory).stdout).toMatch(/^whole: 401 entries, 400 of them logs, 1\.2 MB at \d+ MB\/s\n/);
});

test('a flipped bit in a value: the first bad entry is named, and how to rejoin', () => {
  flipIn(50);
  flipIn(20);
  const { status, stdout, stderr } = verify(directory);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    /^DATA_DAMAGED: .*data\.mdb is damaged at position 20: the hash is wrong; to rejoin.*\n$/,
  );
});

test.each([
  // Of what it holds: the file has room for more at its end.
  ['half of the file', () => truncateSync(file, Math.floor(endOfEntries() / 2))],
  ['an empty file', () => truncateSync(file, 0)],
  ['a page 0 of noise', () => overwrite(file, Buffer.alloc(4096, 0xa5), 0)],
  ['no file', () => rmSync(file)],
  ['a marker of noise', () => writeFileSync(join(directory, 'marker.json'), '{')],
])('%s: named, with how to rejoin', (_name, damage) => {
  damage();
  const { status, stdout, stderr } = verify(directory);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^DATA_DAMAGED: [^\n]+remove the directory[^\n]+\n$/);
});

/** Where the last entry ends in the file. */
function endOfEntries(): number {
  const last = entries.at(-1);
  return readFileSync(file).lastIndexOf(last?.bytes ?? '') + (last?.bytes.length ?? 0);
}

test('noise in the inner pages never passes for a whole log, even where LMDB crashes on it', () => {
  for (let at = 2 * 4096; at < readFileSync(file).length; at += 7 * 4096)
    overwrite(file, Buffer.alloc(4096, 0xff), at);
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

/** Flips a bit in the value at a position: in the file, where its bytes stand as they are. */
function flipIn(index: number): void {
  const { bytes } = entries[index - 1] ?? { bytes: Buffer.alloc(0) };
  const content = readFileSync(file);
  const start = content.indexOf(bytes.subarray(0, 60));
  const value = start + 1000;
  overwrite(file, Buffer.from([(content[value] ?? 0) ^ 1]), value);
}

function overwrite(path: string, bytes: Buffer, at: number): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}
