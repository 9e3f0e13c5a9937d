import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { restoreBackup } from '../../../src/backup/restoreBackup';
import { takeBackup } from '../../../src/backup/takeBackup';
import type { BackupHead } from '../../../src/backup/BackupHead';
import { RESTORE_STEP_BYTES, VALUE_BYTES_MAX } from '../../../src/limits';
import { DirectoryLock } from '../../../src/storage/directory/DirectoryLock';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import { buildLog, empty, logs } from '../storage/logFixture';
import { OWNER } from '../storage/owner';
import { CLUSTER_ID, headOf, pointOf, sourceOf } from './backupFixture';

const entries = buildLog([empty(2), ...logs(50, 2, 100), empty(7), ...logs(50, 7)]);

let data: string;
let directory: string;
let file: string;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'mokka-restore-'));
  directory = join(data, 'nodes', 'node-0');
  file = join(data, 'backup');
  await takeBackup(sourceOf(entries, { pageSize: 40 }), file);
});
afterEach(() => rmSync(data, { recursive: true }));

function restore({ owner = OWNER, sameCluster = false } = {}): Promise<BackupHead> {
  return restoreBackup({ file, directory, owner, sameCluster });
}

/** Changes a byte so far from the file's end. */
function damage(fromEnd: number): void {
  const bytes = readFileSync(file);
  const at = bytes.length - fromEnd;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

test('makes a voter of the new cluster that holds the whole log, committed, in a term not below its last', async () => {
  expect(await restore()).toEqual(headOf(entries));
  const store = await DurableLogStore.open({ directory, ...OWNER });
  expect(store.membership).toBe('voter');
  expect(store.hardState).toEqual({ term: 7, votedFor: null });
  expect(store.commitIndex).toBe(entries.length);
  expect(store.read(1, Infinity, Infinity)).toEqual(entries);
  expect(store.indexOfLog(51)).toBe(53);
  store.close();
  expect(readdirSync(join(data, 'nodes'))).toEqual(['node-0']);
});

describe('of a trimmed log', () => {
  const floor = pointOf(entries, 20);
  const kept = entries.slice(20);
  beforeEach(async () => {
    rmSync(file);
    await takeBackup(sourceOf(kept, { pageSize: 40, floor }), file);
  });

  test('makes a store that begins behind the floor, all of it committed', async () => {
    expect(await restore()).toEqual(headOf(entries, floor));
    const store = await DurableLogStore.open({ directory, ...OWNER });
    expect(store.floor).toEqual(floor);
    expect(store.membership).toBe('voter');
    expect(store.hardState).toEqual({ term: 7, votedFor: null });
    expect(store.commitIndex).toBe(entries.length);
    expect(store.read(21, Infinity, Infinity)).toEqual(kept);
    expect([store.indexOfLog(19), store.indexOfLog(20)]).toEqual([null, 21]);
    store.close();
  });

  test('in more than one page too', async () => {
    rmSync(file);
    const log = buildLog(logs(RESTORE_STEP_BYTES / VALUE_BYTES_MAX + 3, 7, VALUE_BYTES_MAX), floor);
    await takeBackup(sourceOf(log, { floor }), file);
    const told: number[][] = [];
    const onProgress = (...progress: number[]): number => told.push(progress);
    await restoreBackup({ file, directory, owner: OWNER, sameCluster: false, onProgress });
    expect(told.length).toBeGreaterThan(1);
    expect(told.at(-1)).toEqual([log.length, log.length]);
    const store = await DurableLogStore.open({ directory, ...OWNER });
    expect([store.floor.index, store.commitIndex, store.last?.index]).toEqual([
      20,
      20 + log.length,
      20 + log.length,
    ]);
    store.close();
  });

  test('gives each member one identity, that of a restore of the same log before it was trimmed too', async () => {
    const identities = new Set<string | null>();
    for (const source of [sourceOf(kept, { floor }), sourceOf(kept, { floor }), sourceOf(entries)]) {
      rmSync(file);
      await takeBackup(source, file);
      await restore();
      const store = await DurableLogStore.open({ directory, ...OWNER });
      identities.add(store.identity);
      store.close();
      rmSync(directory, { recursive: true });
    }
    expect([...identities]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  test.each([1, 33, 3000])('damaged %i bytes before its end leaves nothing', async (fromEnd) => {
    damage(fromEnd);
    await expect(restore()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    expect(readdirSync(join(data, 'nodes'))).toEqual([]);
  });
});

test('of a long log takes what its log takes, and few journals', async () => {
  rmSync(file);
  const log = buildLog(logs(40, 1, VALUE_BYTES_MAX));
  await takeBackup(sourceOf(log), file);
  await restore();
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => name.startsWith('journal-')).length).toBeLessThanOrEqual(8);
  expect(names.filter((name) => name.endsWith('.seg')).length).toBeGreaterThanOrEqual(2);
  const store = await DurableLogStore.open({ directory, ...OWNER });
  expect(store.commitIndex).toBe(40);
  expect(readdirSync(join(directory, 'log')).length).toBeGreaterThanOrEqual(2);
  store.close();
});

test('members restored from one file agree on an identity, which is not that of any other restore', async () => {
  const identityAt = async (): Promise<string | null> => {
    await restore();
    const store = await DurableLogStore.open({ directory, ...OWNER });
    const { identity } = store;
    store.close();
    rmSync(directory, { recursive: true });
    return identity;
  };
  const identity = await identityAt();
  expect(identity).toMatch(/^[0-9a-f]{32}$/);
  expect(await identityAt()).toBe(identity);
  rmSync(file);
  await takeBackup(sourceOf(entries.slice(0, -1), { pageSize: 40 }), file);
  expect(await identityAt()).not.toBe(identity);
});

test('tells how much is restored', async () => {
  const told: number[][] = [];
  const onProgress = (...progress: number[]): number => told.push(progress);
  await restoreBackup({ file, directory, owner: OWNER, sameCluster: false, onProgress });
  expect(told.at(-1)).toEqual([entries.length, entries.length]);
});

test('into an empty directory', async () => {
  mkdirSync(directory, { recursive: true });
  await restore();
  const store = await DurableLogStore.open({ directory, ...OWNER });
  expect(store.last?.index).toBe(entries.length);
  store.close();
});

test('the data are the node’s whose keys they were restored with, and no other’s', async () => {
  await restore();
  const other = DurableLogStore.open({ directory, ...OWNER, clusterId: CLUSTER_ID });
  await expect(other).rejects.toMatchObject({ code: 'DATA_FOREIGN' });
});

test.each(['a node’s data', 'any file'])('refuses a directory with %s, and touches nothing', async (what) => {
  mkdirSync(directory, { recursive: true });
  if (what === 'any file') writeFileSync(join(directory, 'note'), 'precious');
  else (await DurableLogStore.open({ directory, ...OWNER })).close();
  const before = readdirSync(directory);
  await expect(restore()).rejects.toMatchObject({ code: 'TARGET_EXISTS', exitStatus: 7 });
  expect(readdirSync(directory)).toEqual(before);
  expect(readdirSync(join(data, 'nodes'))).toEqual(['node-0']);
});

test('refuses a directory that a node begins to use while it is restored', async () => {
  const restoring = restore();
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'journal-0'), '');
  await expect(restoring).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
  expect(readdirSync(join(data, 'nodes'))).toEqual(['node-0']);
  expect(readdirSync(directory)).toEqual(['journal-0']);
});

test.each([1, 33, 3000, 9000])(
  'a file that is damaged %i bytes before its end leaves nothing',
  async (fromEnd) => {
    damage(fromEnd);
    await expect(restore()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED', exitStatus: 8 });
    expect(readdirSync(join(data, 'nodes'))).toEqual([]);
  },
);

test('a file that is damaged after much of it was stored leaves nothing', async () => {
  rmSync(file);
  const log = buildLog(logs(RESTORE_STEP_BYTES / VALUE_BYTES_MAX + 1, 1, VALUE_BYTES_MAX));
  await takeBackup(sourceOf(log), file);
  const store = jest.spyOn(DurableLogStore.prototype, 'append');
  damage(1);
  await expect(restore()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(store).toHaveBeenCalled();
  expect(readdirSync(join(data, 'nodes'))).toEqual([]);
});

/** What a restore that was killed leaves in the folder where it builds. */
function leaveHalf(building: string): void {
  mkdirSync(join(building, 'data'), { recursive: true });
  writeFileSync(join(building, 'restore.mark'), '');
  writeFileSync(join(building, 'lock-1-0123456789abcdef.sock.new'), '');
  writeFileSync(join(building, 'data', 'journal-0'), 'half');
}

test('what a restore that was killed has left is replaced', async () => {
  leaveHalf(`${directory}.restoring`);
  rmSync(join(`${directory}.restoring`, 'lock-1-0123456789abcdef.sock.new'));
  await restore();
  expect(readdirSync(join(data, 'nodes'))).toEqual(['node-0']);
});

test('what a restore into a directory has left there is replaced, what it has moved included', async () => {
  leaveHalf(join(directory, 'restoring'));
  writeFileSync(join(directory, 'journal-0'), 'half');
  mkdirSync(join(directory, 'lost+found'));
  await restore();
  const store = await DurableLogStore.open({ directory, ...OWNER });
  expect(store.last?.index).toBe(entries.length);
  store.close();
});

test.each(['beside', 'inside'])(
  'a folder of that name %s it that is not a restore’s is left alone',
  async (where) => {
    const building = where === 'beside' ? `${directory}.restoring` : join(directory, 'restoring');
    mkdirSync(building, { recursive: true });
    writeFileSync(join(building, 'thesis'), 'precious');
    const refused = await restore().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'TARGET_EXISTS' });
    expect((refused as Error).message).toContain(building);
    expect(readdirSync(building)).toEqual(['thesis']);
    expect(readdirSync(join(building, '..'))).toEqual([basename(building)]);
  },
);

test.each(['a file', 'a link'])('%s where it builds is left alone', async (what) => {
  mkdirSync(join(data, 'nodes'));
  if (what === 'a file') writeFileSync(`${directory}.restoring`, 'precious');
  else symlinkSync(data, `${directory}.restoring`);
  await expect(restore()).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
  expect(readdirSync(join(data, 'nodes'))).toEqual(['node-0.restoring']);
});

test('one that fails leaves an empty directory empty', async () => {
  mkdirSync(directory, { recursive: true });
  damage(1);
  await expect(restore()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(readdirSync(directory)).toEqual([]);
});

test.each(['missing', 'empty'])(
  'of many restores into one %s directory one wins, and each other one says why',
  async (what) => {
    if (what === 'empty') mkdirSync(directory, { recursive: true });
    leaveHalf(what === 'empty' ? join(directory, 'restoring') : `${directory}.restoring`);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => restore()));
    const refused = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map(({ reason }) => reason as Error);
    expect(refused.length).toBeGreaterThanOrEqual(7);
    for (const error of refused)
      expect(['DATA_LOCKED', 'TARGET_EXISTS']).toContain((error as Error & { code?: string }).code);
    if (refused.length === 8) await restore();
    const store = await DurableLogStore.open({ directory, ...OWNER });
    expect(store.last?.index).toBe(entries.length);
    store.close();
  },
);

test('refuses the empty directory of a node that runs', async () => {
  const node = await DirectoryLock.acquire(makeEmpty(directory));
  await expect(restore()).rejects.toMatchObject({ code: 'DATA_LOCKED' });
  node.release();
  expect(readdirSync(directory)).toEqual([]);
});

function makeEmpty(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

test('into the cluster that it was taken of: only when it is said that no old data will be used', async () => {
  const owner = { ...OWNER, clusterId: CLUSTER_ID };
  await expect(restore({ owner })).rejects.toMatchObject({ code: 'SAME_CLUSTER', exitStatus: 10 });
  expect(readdirSync(data)).toEqual(['backup']);
  await restore({ owner, sameCluster: true });
  const store = await DurableLogStore.open({ directory, ...owner });
  expect(store.commitIndex).toBe(entries.length);
  store.close();
});
