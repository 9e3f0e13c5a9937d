import fc from 'fast-check';
import { InvariantError } from '../../../src/errors';
import { EmptyPositions } from '../../../src/storage/EmptyPositions';

/** The same by counting through the log. */
function naivePositionOf(index: number, empties: ReadonlySet<number>): number {
  let logs = 0;
  for (let position = 1; ; position += 1) {
    if (!empties.has(position)) logs += 1;
    if (logs === index) return position;
  }
}

const positions = fc
  .uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })
  .map((all) => all.sort((a, b) => a - b));

test('an index becomes the position that counting through the log gives', () => {
  fc.assert(
    fc.property(positions, fc.integer({ min: 1, max: 80 }), (empties, index) => {
      expect(new EmptyPositions(empties).positionOfIndex(index)).toBe(
        naivePositionOf(index, new Set(empties)),
      );
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('a cut forgets its position and all after it', () => {
  fc.assert(
    fc.property(
      positions,
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 80 }),
      (empties, cut, index) => {
        const list = new EmptyPositions(empties);
        list.cutFrom(cut);
        const kept = empties.filter((position) => position < cut);
        expect(list.count).toBe(kept.length);
        expect(list.positionOfIndex(index)).toBe(naivePositionOf(index, new Set(kept)));
      },
    ),
    { seed: 2, numRuns: 2000 },
  );
});

test('positions only ascend', () => {
  const list = new EmptyPositions([3]);
  expect(() => list.append(3)).toThrow(InvariantError);
});
