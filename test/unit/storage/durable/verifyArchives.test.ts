import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryHash, type Entry } from '../../../../src/entry/Entry';
import { DirectoryArchive } from '../../../../src/storage/archive/DirectoryArchive';
import { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import { verifyStore, type VerifiedStore } from '../../../../src/storage/durable/verifyStore';
import { STORE_LIMITS } from '../../../../src/storage/StoreLimits';
import { until } from '../../../integration/cluster/until';
import { runs } from '../../../runs';
import { buildLog, empty, logs } from '../logFixture';
import { openOn } from '../openOn';
import { home, newDirectory, refusal } from './directories';
import { SteppedDisk } from './SteppedDisk';

/** A check of a data directory together with the archives of its cluster's nodes. */

const IDENTITY = '5a'.repeat(16);
const OTHER_IDENTITY = 'a5'.repeat(16);
const VALUE_BYTES = 20_000;
const ENTRIES = 240;
const FLOOR = 150;
const LOG = buildLog([empty(1), ...logs(ENTRIES - 1, 1, VALUE_BYTES)]);
const headHash = entryHash(LOG[ENTRIES - 1] ?? { bytes: Buffer.alloc(0) }).toString('hex');
const WITHIN_MS = 20_000;

const made = join(home, 'made');

/** Fills node-INDEX and its part of the archive; each node closes its segments elsewhere. */
async function fill(
  index: number,
  log: readonly Entry[],
  segmentBytes: number,
  identity = IDENTITY,
): Promise<void> {
  const directory = join(made, `node-${index}`);
  mkdirSync(directory, { recursive: true });
  const disk = new SteppedDisk(directory);
  const archive = DirectoryArchive.open(join(made, 'archive'), index);
  const limits = { ...STORE_LIMITS, SEGMENT_BYTES: segmentBytes };
  const store = openOn(disk, limits, archive);
  store.setMembership('voter');
  store.setIdentity(identity);
  for (const entry of log) {
    store.append([entry], entry.index);
    disk.endLater();
  }
  const floor = store.entryAt(FLOOR);
  if (floor === null) throw new Error('no floor');
  store.trimTo(floor);
  await until(WITHIN_MS, 'all is archived', () => {
    const [first = '', second = ''] = disk.names('log').sort();
    return Promise.resolve((parseInt(first, 10) > 1 && parseInt(second, 10) > FLOOR + 1) || undefined);
  });
  store.close();
}

beforeAll(async () => {
  await fill(0, LOG, 200_000);
  await fill(1, LOG, 310_000);
  await fill(5, buildLog([empty(1), ...logs(ENTRIES - 1, 1, VALUE_BYTES - 1)]), 200_000, OTHER_IDENTITY);
}, 60_000);

let base: string;
let data: string;
let archive: string;
beforeEach(() => {
  base = newDirectory();
  cpSync(made, base, { recursive: true });
  data = join(base, 'node-0');
  archive = join(base, 'archive');
});

function verify(...directories: string[]): Promise<VerifiedStore> {
  return verifyStore(directories, () => undefined);
}

function folderOf(node: number, identity = IDENTITY): string {
  return join(archive, `cluster-${identity}`, `node-${node}`);
}

function filesOf(node: number): string[] {
  return readdirSync(folderOf(node))
    .sort()
    .map((name) => join(folderOf(node), name));
}

function fileOf(node: number, at: number): string {
  const file = filesOf(node).at(at);
  if (file === undefined) throw new Error(`node ${node} has no file ${at}`);
  return file;
}

test.each([
  ['the archive', () => [data, archive]],
  ['the cluster’s folder, and that first', () => [join(archive, `cluster-${IDENTITY}`), data]],
  ['the node’s folder', () => [data, folderOf(0)]],
  ['the other node’s', () => [folderOf(1), data]],
  ['both, one by one', () => [folderOf(0), data, folderOf(1)]],
])('with %s the log is checked from its first entry on', async (_, directories) => {
  const found = await verify(...directories());
  expect(found).toMatchObject({
    entries: ENTRIES,
    logs: ENTRIES - 1,
    headHash,
    floor: { index: 0, logNumber: 0 },
  });
  const files = directories()
    .filter((directory) => directory !== data)
    .flatMap((directory) => readdirSync(directory, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.seg') && !name.includes(OTHER_IDENTITY));
  expect(found.archived?.files).toBe(files.length);
  expect(found.archived?.lastLog).toBeGreaterThan(100);
});

test('without archives from the floor on, as ever', async () => {
  const found = await verify(data);
  expect(found).toMatchObject({
    entries: ENTRIES - FLOOR,
    headHash,
    floor: { index: FLOOR },
    archived: null,
  });
});

test('archives alone, and an archive that begins late', async () => {
  const whole = await verify(folderOf(0));
  expect(whole).toMatchObject({ floor: { index: 0 }, archived: { files: filesOf(0).length } });
  expect(whole.archived?.lastLog).toBe(whole.entries - 1);
  rmSync(fileOf(0, 0));
  const late = await verify(folderOf(0), data);
  expect(late.floor.index).toBeGreaterThan(0);
  expect(late).toMatchObject({
    entries: ENTRIES - late.floor.index,
    headHash,
    floor: { logNumber: late.floor.index - 1 },
  });
});

test('a file that still waits in the data directory counts, and stays there', async () => {
  const waiting = join(data, 'log', '00000000000000000001.seg');
  for (const file of filesOf(0).slice(1)) renameSync(file, join(data, 'log', file.slice(-24)));
  renameSync(fileOf(0, 0), waiting);
  await expect(verify(data, folderOf(0))).rejects.toThrow('holds neither');
  renameSync(waiting, join(folderOf(0), waiting.slice(-24)));
  const before = readdirSync(join(data, 'log'));
  const found = await verify(data, folderOf(0));
  expect(found).toMatchObject({ entries: ENTRIES, headHash });
  expect(readdirSync(join(data, 'log'))).toEqual(before);
});

test('what is missing is told, between which files, unless another node’s archive has it', async () => {
  const [before, gone, after] = [fileOf(0, 2), fileOf(0, 3), fileOf(0, 4)];
  rmSync(gone);
  expect(await verify(data, archive)).toMatchObject({ entries: ENTRIES, headHash });
  const error = await refusal(verify(data, folderOf(0)));
  expect(error.code).toBe('DATA_DAMAGED');
  expect(error.message).toMatch(
    /^positions \d+ to \d+ are missing: .*; put the file back .* another node too/,
  );
  const positions = `positions ${parseInt(gone.slice(-24), 10)} to ${parseInt(after.slice(-24), 10) - 1} `;
  for (const words of [positions, before, after]) expect(error.message).toContain(words);
  rmSync(fileOf(0, -1));
  expect((await refusal(verify(data, folderOf(0)))).code).toBe('DATA_DAMAGED');
});

test('a flipped bit anywhere in an archived file is told, with the file', async () => {
  const file = fileOf(0, 1);
  const content = readFileSync(file);
  const footerAt = content.lastIndexOf('{"first":');
  const places = [
    0,
    4,
    30,
    footerAt - 1,
    footerAt - 60,
    footerAt,
    footerAt + 20,
    content.length - 1,
    content.length - 45,
  ];
  for (let at = 0; at < content.length; at += runs(1_501, 30_011)) places.push(at);
  for (const at of places) {
    const flipped = Buffer.from(content);
    flipped.writeUInt8(flipped.readUInt8(at) ^ 4, at);
    writeFileSync(file, flipped);
    const error = await refusal(verify(data, folderOf(0)));
    expect([at, error.code, error.message.startsWith(`${file} `)]).toEqual([at, 'DATA_DAMAGED', true]);
    expect(error.message).toMatch(/take it away, and check again/);
  }
});

test('a file that is cut, and one under another’s name', async () => {
  const file = fileOf(0, 1);
  const content = readFileSync(file);
  writeFileSync(file, content.subarray(0, content.length >> 1));
  expect((await refusal(verify(data, folderOf(0)))).message).toMatch(/its footer is cut or altered/);
  writeFileSync(file, readFileSync(fileOf(0, 2)));
  expect((await refusal(verify(data, folderOf(0)))).message).toContain('its footer is of');
});

test('an archive of another cluster is told by its folder, and by its hashes where it has none', async () => {
  rmSync(join(archive, `cluster-${IDENTITY}`), { recursive: true });
  const byName = await refusal(verify(data, archive));
  expect(byName.code).toBe('DATA_FOREIGN');
  expect(byName.message).toContain(`cluster ${OTHER_IDENTITY}, and ${data} is of cluster ${IDENTITY}`);
  const error = await refusal(verify(data, folderOf(5, OTHER_IDENTITY)));
  expect(error.code).toBe('DATA_DAMAGED');
  expect(error.message).toContain('of another cluster, or altered');
  expect(error.message).toContain(data);
});

test('two files that hold other entries at the same position are named', async () => {
  const error = await refusal(verify(data, folderOf(0), folderOf(5, OTHER_IDENTITY)));
  expect(error.message).toMatch(
    /hold other entries at position 2: one of them is of another cluster, or altered/,
  );
  for (const file of [fileOf(0, 0), folderOf(5, OTHER_IDENTITY)]) expect(error.message).toContain(file);
});

test('of an archive of two clusters, without data, one is to be named; two data directories are refused', async () => {
  expect((await refusal(verify(archive))).code).toBe('DATA_FOREIGN');
  expect((await refusal(verify(data, join(base, 'node-1')))).message).toContain('both data directories');
});

test('a directory whose node runs is refused', async () => {
  const { clusterId, publicKey } = JSON.parse(readFileSync(join(data, 'marker.json'), 'utf8')) as Record<
    string,
    string
  >;
  const owner = { clusterId: String(clusterId), publicKey: String(publicKey) };
  const store = await DurableLogStore.open({ directory: data, ...owner });
  expect((await refusal(verify(data, archive))).code).toBe('DATA_LOCKED');
  store.close();
});
