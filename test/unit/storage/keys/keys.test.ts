import fc from 'fast-check';
import { KEY_BYTES_MAX } from '../../../../src/limits';
import { KEY_HASH_BITS, KeyHash } from '../../../../src/storage/keys/KeyHash';
import {
  isKeyPageWhole,
  keyPageOf,
  keyPagePlace,
  keyPagesBytes,
  lastInKeyPage,
} from '../../../../src/storage/keys/KeyPages';
import { KeyPagesWriter } from '../../../../src/storage/keys/KeyPagesWriter';
import { NO_KEY, RecentKeys } from '../../../../src/storage/keys/RecentKeys';
import type { Entry } from '../../../../src/entry/Entry';
import { buildLog } from '../logFixture';
import { runs } from '../../../runs';

const SEED = 20_261_128;
const HASH_SEED = '0123456789abcdef'.repeat(2);

/** Few hashes, so that many are equal; the highest and the lowest; entries without a key. */
const hash = fc.oneof(
  fc.nat(5),
  fc.constantFrom(2 ** KEY_HASH_BITS - 1, NO_KEY),
  fc.nat(2 ** KEY_HASH_BITS - 1),
);

describe('an index in pages', () => {
  test('finds what a plain search finds, below any ordinal', () => {
    fc.assert(
      fc.property(
        fc.array(hash, { maxLength: 3000, size: 'max' }),
        fc.array(fc.nat(4000)),
        fc.array(fc.double({ min: 0, max: 0.3, noNaN: true })),
        (list, bounds, parts) => {
          const writer = new KeyPagesWriter(Int32Array.from(list), HASH_SEED);
          for (const part of parts) writer.step(part);
          const { bytes, info } = writer.end();
          expect(bytes).toHaveLength(keyPagesBytes(list.filter((each) => each !== NO_KEY).length));
          const pages = info.keyFirsts.map((_, page) => {
            const { start, length } = keyPagePlace(info, page);
            return bytes.subarray(start, start + length);
          });
          for (const [page, content] of pages.entries())
            expect(isKeyPageWhole(info, page, content)).toBe(true);
          for (const below of [...bounds, 0, 1, list.length, Infinity])
            for (const wanted of new Set([...list.slice(0, 20), 3, 7])) {
              if (wanted === NO_KEY) continue;
              const page = keyPageOf(info, wanted, below);
              const found = page === -1 ? -1 : lastInKeyPage(pages[page] ?? Buffer.alloc(0), wanted, below);
              expect(found).toBe(list.slice(0, below).lastIndexOf(wanted));
            }
        },
      ),
      { numRuns: runs(100, 30), seed: SEED },
    );
  });

  test('a page of which a bit is flipped, or that stands in the place of another, is none', () => {
    const { bytes, info } = new KeyPagesWriter(
      Int32Array.from({ length: 1000 }, (_, at) => (at * 7919) % 5000),
      HASH_SEED,
    ).end();
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = info.keyFirsts.map((_, page) => {
      const { start, length } = keyPagePlace(info, page);
      return bytes.subarray(start, start + length);
    });
    for (let bit = 0; bit < second.length * 8; bit += 7) {
      const flipped = Buffer.from(second);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isKeyPageWhole(info, 1, flipped)).toBe(false);
    }
    expect(isKeyPageWhole(info, 1, first)).toBe(false);
    expect(isKeyPageWhole({ ...info, keySeed: 'f'.repeat(32) }, 1, second)).toBe(false);
    expect(isKeyPageWhole(info, 1, second)).toBe(true);
  });
});

describe('the hash of a key', () => {
  const of = (key: string, seed = HASH_SEED): number =>
    new KeyHash(seed).of(Buffer.from(key), 0, Buffer.byteLength(key));

  test('is the same in every process, and another under another seed', () => {
    expect([of('key'), of('ключ'), of('k'.repeat(KEY_BYTES_MAX))]).toEqual([292_750, 1_377_010, 1_511_960]);
    expect(of('key', 'f'.repeat(32))).not.toBe(of('key'));
  });

  test('differs for keys that are alike', () => {
    const keys = Array.from({ length: 2000 }, (_, at) => `user-${at}`);
    keys.push('', '\0', '\0\0', '\0\0\0', 'user-', 'k'.repeat(KEY_BYTES_MAX), 'k'.repeat(KEY_BYTES_MAX - 1));
    expect(new Set(keys.map((key) => of(key))).size).toBeGreaterThan(keys.length - 10);
  });
});

test('recent keys are found as a plain list has them, over cuts and what is taken', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.array(fc.constantFrom('a', 'b', 'c', '')) }) },
    { weight: 2, arbitrary: fc.record({ cut: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ take: fc.nat(10) }) },
  );
  const hash = new KeyHash(HASH_SEED);
  const hashOf = (key: string): number => hash.of(Buffer.from(key), 0, key.length);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const recent = new RecentKeys(1, hash);
      let model: { entry: Entry; key: string }[] = [];
      let first = 1;
      let last: Entry | null = null;
      for (const next of steps) {
        if ('add' in next)
          for (const key of next.add) {
            const [entry] = buildLog([key === '' ? { term: 1, empty: true } : { term: 1, key }], last);
            if (entry === undefined) throw new Error('no entry');
            recent.add(entry);
            model.push({ entry, key });
            last = entry;
          }
        if ('cut' in next && next.cut > 0) {
          const kept = Math.max(0, model.length - next.cut);
          if (kept === 0) continue;
          recent.cutFrom(first + kept);
          model = model.slice(0, kept);
          last = model.at(-1)?.entry ?? null;
        }
        if ('take' in next) {
          const count = Math.min(next.take, model.length);
          const taken = model.slice(0, count).map(({ key }) => (key === '' ? NO_KEY : hashOf(key)));
          expect([...recent.hashesTo(first + count - 1)]).toEqual(taken);
          recent.forgetTo(first + count - 1);
          model = model.slice(count);
          first += count;
        }
        expect([recent.first, recent.end]).toEqual([first, first + model.length]);
        for (const key of ['a', 'b', 'c', 'd'])
          for (let below = first; below <= first + model.length + 1; below++) {
            const at = model.slice(0, below - first).findLastIndex((each) => each.key === key);
            expect(recent.lastBelow(hashOf(key), below)).toBe(at === -1 ? 0 : first + at);
          }
      }
    }),
    { numRuns: runs(200, 60), seed: SEED },
  );
});
