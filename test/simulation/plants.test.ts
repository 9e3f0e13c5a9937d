import type { Plant } from './simulator/Plant';
import { plants } from './plants/plants';
import { runSchedule } from './simulator/Schedule';

/** A simulator that needs more schedules than this to find a known bug would not find an unknown one. */
const SCHEDULES_MAX = 200;

/** Where to begin, so that a bug is found at once; any other seed would do, and take longer. */
const FIRST_SEEDS: Readonly<Record<string, number>> = {
  'double-vote': 10,
  'forget-vote': 10,
  'no-pre-vote': 4,
  'wiped-member-votes': 17,
};

async function catches(seed: number, plant: Plant | null): Promise<boolean> {
  const { failure } = await runSchedule({ seed, size: null, plant, only: null, words: false });
  return failure !== null;
}

test.each([...plants.values()])('$name is caught: $story', async (plant) => {
  let seed = FIRST_SEEDS[plant.name] ?? 1;
  const last = seed + SCHEDULES_MAX - 1;
  while (seed <= last && !(await catches(seed, plant))) seed++;
  expect(seed).toBeLessThanOrEqual(last);
  // It is the bug that is caught, not the schedule that is wrong.
  expect(await catches(seed, null)).toBe(false);
});
