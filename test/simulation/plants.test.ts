import { plants } from './plants/plants';
import { runSchedule } from './simulator/Schedule';

jest.setTimeout(60_000);

/** The first seed that catches each planted bug; after a change of the plans `npm run simulate -- --plant` finds another. */
const CAUGHT_BY: Readonly<Record<string, number>> = {
  'double-vote': 16,
  'forget-vote': 16,
  'vote-for-older-log': 3,
  'no-pre-vote': 4,
  'wiped-member-votes': 27,
  'commit-old-term-by-counting': 3,
  'skip-sync': 2,
  'ack-before-commit': 1,
  'truncate-committed': 1,
  'retry-appends-twice': 1,
  'stale-miss': 1,
};

test('every planted bug has a seed', () => {
  expect([...plants.keys()].sort()).toEqual(Object.keys(CAUGHT_BY).sort());
});

test.each([...plants.values()])('$name is caught: $story', async (plant) => {
  const seed = CAUGHT_BY[plant.name] ?? 0;
  const schedule = { seed, size: null, only: null, words: false };
  expect((await runSchedule({ ...schedule, plant })).failure).not.toBeNull();
  expect((await runSchedule({ ...schedule, plant: null })).failure).toBeNull();
});
