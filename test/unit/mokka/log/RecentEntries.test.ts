import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { RecentEntries } from '../../../../src/mokka/log/RecentEntries';
import { buildEntry, encodePayload, type Entry } from '../../../../src/entry/Entry';

function entryOf(index: number, valueBytes: number): Entry {
  const payload = encodePayload({ session: '00000000000000aa', nonce: index }, 'key', 'x'.repeat(valueBytes));
  const header = { index, term: 1, logNumber: index, createdAt: 1 };
  return buildEntry(header, payload, null);
}

test.each([100, 2000])('entries with values of %i bytes are read back as they came', (valueBytes) => {
  const recent = new RecentEntries(LOG_LIMITS);
  const pushed = Array.from({ length: 200 }, (_, at) => entryOf(at + 1, valueBytes));
  for (const entry of pushed) recent.addCopy(entry);
  for (const entry of pushed) expect(recent.get(entry.index)).toEqual(entry);
  recent.cut(101);
  const other = entryOf(101, valueBytes + 1);
  recent.addCopy(other);
  expect(recent.get(100)).toEqual(pushed[99]);
  expect(recent.get(101)).toEqual(other);
});

test.each([100, 2000])('of the buffers that entries of %i bytes came in nothing is kept', (valueBytes) => {
  const recent = new RecentEntries(LOG_LIMITS);
  const held = new Set<ArrayBufferLike>();
  for (let index = 1; index <= 200; index++) {
    const entry = entryOf(index, valueBytes);
    // As it comes from a socket: among other bytes.
    const read = Buffer.alloc(65_536);
    entry.bytes.copy(read, 1000);
    recent.addCopy({ ...entry, bytes: read.subarray(1000, 1000 + entry.bytes.length) });
    held.add(recent.get(index)?.bytes.buffer ?? read.buffer);
  }
  const bytes = [...held].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  expect(bytes).toBeLessThan(200 * (valueBytes + 150) * 1.3);
});
