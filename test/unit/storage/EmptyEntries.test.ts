import fc from 'fast-check';
import { InvariantError } from '../../../src/errors';
import { EmptyEntries } from '../../../src/storage/EmptyEntries';

/** The same by counting through the log. */
function naiveIndexOf(logNumber: number, empties: ReadonlySet<number>): number {
  let logs = 0;
  for (let index = 1; ; index += 1) {
    if (!empties.has(index)) logs += 1;
    if (logs === logNumber) return index;
  }
}

const indexes = fc
  .uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })
  .map((all) => all.sort((a, b) => a - b));

test('a log number becomes the index that counting through the log gives', () => {
  fc.assert(
    fc.property(indexes, fc.integer({ min: 1, max: 80 }), (empties, logNumber) => {
      expect(new EmptyEntries(empties).indexOfLog(logNumber)).toBe(naiveIndexOf(logNumber, new Set(empties)));
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('a cut forgets its index and all after it', () => {
  fc.assert(
    fc.property(
      indexes,
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 80 }),
      (empties, cut, logNumber) => {
        const list = new EmptyEntries(empties);
        list.cutFrom(cut);
        const kept = empties.filter((index) => index < cut);
        expect(list.count).toBe(kept.length);
        expect(list.indexOfLog(logNumber)).toBe(naiveIndexOf(logNumber, new Set(kept)));
      },
    ),
    { seed: 2, numRuns: 2000 },
  );
});

test('of a log that begins behind an entry, the logs behind that are found where they were', () => {
  fc.assert(
    fc.property(indexes, fc.integer({ min: 0, max: 70 }), (empties, floor) => {
      const list = new EmptyEntries(empties);
      const forgotten = empties.filter((index) => index <= floor).length;
      list.trimTo({ index: floor, term: 1, logNumber: floor - forgotten, bytes: Buffer.alloc(0) });
      expect(list.count).toBe(empties.length);
      for (let logNumber = floor - forgotten + 1; logNumber <= 80; logNumber++)
        expect(list.indexOfLog(logNumber)).toBe(naiveIndexOf(logNumber, new Set(empties)));
    }),
    { seed: 3, numRuns: 200 },
  );
});

test('positions only ascend', () => {
  const list = new EmptyEntries([3]);
  expect(() => list.append(3)).toThrow(InvariantError);
});
