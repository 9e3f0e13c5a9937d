import fc from 'fast-check';
import { DURATION_BOUNDS_MS, DurationCounts } from '../../../src/counts/DurationCounts';

test('the bounds are a quarter of a millisecond, doubled up to eight seconds', () => {
  expect(DURATION_BOUNDS_MS[0]).toBe(0.25);
  expect(DURATION_BOUNDS_MS.at(-1)).toBe(8192);
  for (const [at, bound] of DURATION_BOUNDS_MS.entries()) expect(bound).toBe(0.25 * 2 ** at);
});

/** Around each bound, and what no clock should say. */
const edges = [0, -1, 1e-9, 1e15, ...DURATION_BOUNDS_MS.flatMap((bound) => [bound, bound * 1.0001])];

test('what took as long as a bound or less counts for it and for all above', () => {
  const duration = fc.oneof(fc.constantFrom(...edges), fc.double({ min: 0, max: 20_000, noNaN: true }));
  fc.assert(
    fc.property(fc.array(duration), (durations) => {
      const counts = new DurationCounts();
      for (const ms of durations) counts.took(ms);
      const upTo = (bound: number): number => durations.filter((ms) => ms <= bound).length;
      expect(counts.cumulative).toEqual([...DURATION_BOUNDS_MS, Infinity].map(upTo));
      expect(counts.totalMs).toBeCloseTo(
        durations.reduce((sum, ms) => sum + ms, 0),
        6,
      );
    }),
  );
});
