import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Room } from '../../../../src/storage/LogStore';
import { giveUpReserveIfFull, RoomWatch } from '../../../../src/storage/room/RoomWatch';
import { RESERVE_NAME, ReserveFile } from '../../../../src/storage/room/ReserveFile';
import type { DiskLook } from '../../../../src/storage/room/StoreRoom';
import { until } from '../../../integration/cluster/until';

const MiB = 1024 * 1024;
const WITHIN_MS = 60_000;

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-room-'));
  path = join(directory, RESERVE_NAME);
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A store that wants a reserve of so many bytes. */
class FakeStore {
  room: Room = 'some';
  readonly looks: DiskLook[] = [];

  constructor(private readonly wanted: number) {}

  lookedAt(disk: DiskLook): number {
    this.looks.push(disk);
    return this.wanted;
  }
}

test('a reserve grows in steps up to what is wanted, of bytes that cannot be compressed', async () => {
  const reserve = new ReserveFile(directory);
  expect(await reserve.size()).toBe(0);
  await reserve.grow(1.5 * MiB);
  expect(await reserve.size()).toBe(MiB);
  await reserve.grow(1.5 * MiB);
  await reserve.grow(1.5 * MiB);
  expect(await reserve.size()).toBe(1.5 * MiB);
  const bytes = readFileSync(path);
  expect(new Set(bytes.subarray(0, 4096)).size).toBeGreaterThan(200);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await reserve.remove();
  expect(await reserve.size()).toBe(0);
  await reserve.remove();
});

test('a disk that is full gets its reserve again; while it is not, the look counts the reserve as free', async () => {
  writeFileSync(path, Buffer.alloc(2 * MiB));
  const store = new FakeStore(2 * MiB);
  const watch = RoomWatch.start(directory, store);
  await until(WITHIN_MS, 'a look', () => (store.looks.length > 0 ? true : undefined));
  expect(existsSync(path)).toBe(true);
  expect(store.looks[0]?.freeBytes).toBeGreaterThan(2 * MiB);
  store.room = 'full';
  await until(WITHIN_MS, 'the reserve is gone', () => (existsSync(path) ? undefined : true));
  watch.stop();
});

test('a node has been up for some time before it makes a reserve', async () => {
  const store = new FakeStore(MiB);
  const watch = RoomWatch.start(directory, store);
  await until(WITHIN_MS, 'some looks', () => (store.looks.length > 2 ? true : undefined));
  expect(existsSync(path)).toBe(false);
  await until(WITHIN_MS, 'the reserve', () => (existsSync(path) ? true : undefined));
  watch.stop();
});

test('a start on a disk with room leaves the reserve', () => {
  writeFileSync(path, Buffer.alloc(MiB));
  giveUpReserveIfFull(directory);
  expect(existsSync(path)).toBe(true);
});
