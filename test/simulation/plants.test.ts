import { UnfitPlantError, type Plant } from './simulator/Plant';
import { plantField, plantInLeaders } from './plants/inside';
import { plants } from './plants/plants';
import { playStory } from './scenarios/stories';
import { runSchedule } from './simulator/Schedule';

/** A simulator that needs more schedules than this to find a known bug would not find an unknown one. */
const SCHEDULES_MAX = 200;

/** A scenario for a bug shows it within so many seeds: some of what must come together is left to chance. */
const SCENARIO_SEEDS_MAX = 10;

/** Where to begin, so that a bug is found at once; any other seed would do, and take longer. */
const FIRST_SEEDS: Readonly<Record<string, number>> = {
  'double-vote': 10,
  'forget-vote': 16,
  'no-pre-vote': 4,
  'wiped-member-votes': 6,
  'readmit-before-commit': 11,
  'identity-before-commit': 53,
  'read-below-told': 11,
  'tell-old-terms': 10,
  'remembers-all-at-once': 680,
  'rejoining-member-votes': 6,
  'skip-segment-sync': 10,
  'skip-segment-name': 10,
  'retire-before-sync': 16,
  'extent-before-sync': 10,
  'floor-drops-more': 866,
  'condition-before-retry': 151,
  'room-unasked': 71,
  'commit-old-term-by-counting': 6,
  'told-of-replaced': 76,
  'key-before-tail': 3,
  'trim-before-commit': 5,
};

/** Whether a schedule, or the scenario of a plant, fails with this seed. */
async function fails(seed: number, scenario: string | undefined, plant: Plant | undefined): Promise<boolean> {
  if (scenario === undefined) {
    const { failure } = await runSchedule({
      seed,
      size: null,
      plant: plant ?? null,
      only: null,
      words: false,
    });
    return failure !== null;
  }
  return playStory(scenario, seed, plant).then(
    () => false,
    (thrown: unknown) => {
      if (thrown instanceof UnfitPlantError) throw thrown;
      return true;
    },
  );
}

test.each([...plants.values()])('$name is caught: $story', async (plant) => {
  const { scenario } = plant;
  let seed = FIRST_SEEDS[plant.name] ?? 1;
  const last = seed + (scenario === undefined ? SCHEDULES_MAX : SCENARIO_SEEDS_MAX) - 1;
  while (seed <= last && !(await fails(seed, scenario, plant))) seed++;
  expect(seed).toBeLessThanOrEqual(last);
  // It is the bug that is caught, not the schedule that is wrong.
  expect(await fails(seed, scenario, undefined)).toBe(false);
});

test('a plant that does not fit any more is no bug that is caught', async () => {
  const story = 'It plants its bug where there is nothing.';
  const onStart = (mokka: object): void => plantField(mokka, 'noSuchField', 1, 2);
  const atStart: Plant = { name: 'unfit', story, onStart };
  await expect(fails(1, undefined, atStart)).rejects.toThrow(UnfitPlantError);
  const inLeaders: Plant = { name: 'unfit', story, onStart: (mokka) => plantInLeaders(mokka, onStart) };
  await expect(fails(1, undefined, inLeaders)).rejects.toThrow(UnfitPlantError);
  await expect(fails(1, 'wiped-voter', inLeaders)).rejects.toThrow(UnfitPlantError);
});
