import {
  FILLS_UP_FROM,
  RESERVE_BYTES_MAX,
  reserveOf,
  StoreRoom,
} from '../../../../src/storage/room/StoreRoom';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** A store that takes 100 MiB of a disk of 100 GiB with so much free. */
const TAKEN = 100 * MiB;

function seenWith(freeBytes: number, bytesMax: number | null = null): StoreRoom {
  const room = new StoreRoom(bytesMax);
  room.looked({ freeBytes, sizeBytes: 100 * GiB }, TAKEN);
  return room;
}

test('a reserve is a tenth of the disk, and no more than 64 MiB', () => {
  expect(reserveOf(100 * MiB)).toBe(10 * MiB);
  expect(reserveOf(100 * GiB)).toBe(RESERVE_BYTES_MAX);
  expect(new StoreRoom(null).looked({ freeBytes: GiB, sizeBytes: 100 * MiB }, 0)).toBe(10 * MiB);
});

test('before the disk was looked at there is room, up to the most that is allowed', () => {
  expect(new StoreRoom(null).of(Number.MAX_SAFE_INTEGER)).toBe('some');
  expect(new StoreRoom(GiB).of(GiB - 1)).toBe('some');
  expect(new StoreRoom(GiB).of(GiB)).toBe('full');
});

test.each([
  { free: 81 * MiB, room: 'some' },
  { free: 80 * MiB, room: 'full' },
  { free: 17 * MiB, room: 'full' },
  { free: 16 * MiB, room: 'none' },
  { free: 0, room: 'none' },
])('with $free bytes free a disk has room: $room', ({ free, room }) => {
  expect(seenWith(free).of(TAKEN)).toBe(room);
});

test('what the store writes between two looks counts, and what it removes', () => {
  const room = seenWith(100 * MiB);
  expect(room.of(TAKEN + 19 * MiB)).toBe('some');
  expect(room.of(TAKEN + 20 * MiB)).toBe('full');
  expect(room.of(TAKEN + 84 * MiB)).toBe('none');
  expect(seenWith(10 * MiB).of(TAKEN - 71 * MiB)).toBe('some');
});

test('of disk and setting the smaller one counts', () => {
  const room = seenWith(10 * GiB, 200 * MiB);
  expect(room.of(200 * MiB - 1)).toBe('some');
  expect(room.of(200 * MiB)).toBe('full');
  expect(room.of(220 * MiB - 1)).toBe('full');
  expect(room.of(220 * MiB)).toBe('none');
  expect(seenWith(90 * MiB, GiB).of(TAKEN + 10 * MiB)).toBe('full');
});

test('the fill is the part of what there is for logs', () => {
  expect(seenWith(10 * GiB, 200 * MiB).fillOf(160 * MiB)).toBe(FILLS_UP_FROM);
  expect(seenWith(180 * MiB).fillOf(TAKEN)).toBe(0.5);
  expect(seenWith(0).fillOf(TAKEN)).toBe(1);
  expect(new StoreRoom(null).fillOf(TAKEN)).toBe(0);
});
