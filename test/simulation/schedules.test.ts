import { planOf } from './simulator/plan';
import { runSchedule } from './simulator/Schedule';
import { runs } from '../runs';

/** Schedules of the run's own seed, and the fixed ones: one at least of each kind, and one whose write fails at a start. */
const OWN_SCHEDULES = runs(60, 10);
const FIXED_SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 2_009_469];

/** CI_SEED, a number or a commit's hash, so that each commit brings schedules that were never run. */
function ownSeed(): number {
  const text = process.env['CI_SEED'] ?? '1';
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.parseInt(text.slice(0, 8), 16) || 1;
}

const own = Array.from({ length: OWN_SCHEDULES }, (_, number) => ownSeed() + number);

test.each([
  ['of fixed seeds', FIXED_SEEDS],
  [`from CI_SEED, seed ${ownSeed()} on`, own],
])('schedules %s pass', async (_, seeds) => {
  for (const seed of seeds) {
    const { failure } = await runSchedule({ seed, size: null, plant: null, only: null, words: false });
    expect({ seed, failure }).toEqual({ seed, failure: null });
  }
});

test('a schedule with Mokka’s own arithmetic passes', async () => {
  const seed = Array.from({ length: 2000 }, (_, number) => number).find(
    (number) => planOf(number, 3).realArithmetic,
  );
  const result = await runSchedule({ seed: seed ?? 0, size: 3, plant: null, only: null, words: false });
  expect(result.plan.realArithmetic).toBe(true);
  expect(result.failure).toBeNull();
});
