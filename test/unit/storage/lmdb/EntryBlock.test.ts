import fc from 'fast-check';
import { BLOCK_BYTES_MAX } from '../../../../src/limits';
import { MalformedEntryError } from '../../../../src/entry/Entry';
import { EntryBlock, packBlocks } from '../../../../src/storage/lmdb/EntryBlock';
import { buildLog, logs } from '../logFixture';

const sizes = fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 12 });

test('blocks hold all entries once, in order, none over the limit but for a single large entry', () => {
  const block = new EntryBlock();
  fc.assert(
    fc.property(sizes, (valueBytes) => {
      const entries = buildLog(valueBytes.map((bytes) => ({ term: 1, valueBytes: bytes })));
      let next = 1;
      for (const { first, bytes } of packBlocks(entries)) {
        expect(first).toBe(next);
        block.load(first, bytes);
        expect(block.firstIndex).toBe(first);
        next = block.lastIndex + 1;
        if (next - first > 1) expect(bytes.length).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
        for (let index = first; index < next; index += 1)
          if (entries[index - 1]?.bytes.equals(block.bytesAt(index) ?? Buffer.alloc(0)) !== true)
            throw new Error(`another entry stands at ${index}`);
        expect(block.bytesAt(next)).toBeUndefined();
        expect(block.bytesAt(first - 1)).toBeUndefined();
      }
      expect(next).toBe(entries.length + 1);
    }),
    { seed: 20_261_125 },
  );
});

test('small entries fill blocks', () => {
  const blocks = Array.from(packBlocks(buildLog(logs(1000, 1, 100))));
  const least = BLOCK_BYTES_MAX - 300;
  for (const { bytes } of blocks.slice(0, -1)) expect(bytes.length).toBeGreaterThan(least);
});

test('what was read stays valid after another block is loaded', () => {
  const entries = buildLog(logs(20, 1, 100));
  const block = new EntryBlock();
  for (const { first, bytes } of packBlocks(entries)) block.load(first, bytes);
  const seventh = block.bytesAt(7);
  for (const { bytes } of packBlocks(buildLog(logs(30, 1, 5)))) block.load(50, bytes);
  expect(seventh).toEqual(entries[6]?.bytes);
});

test('bytes that are no block are refused, and nothing is loaded', () => {
  const [packed] = packBlocks(buildLog(logs(3)));
  const bytes = packed?.bytes ?? Buffer.alloc(0);
  const block = new EntryBlock();
  const none = [bytes.subarray(0, -1), bytes.subarray(0, 3), Buffer.alloc(8), bytes.subarray(1)];
  for (const malformed of none) {
    block.load(1, bytes);
    expect(() => block.load(1, malformed)).toThrow(MalformedEntryError);
    expect(block.firstIndex).toBe(0);
  }
});
