import { AwakeTime } from '../AwakeTime';

const HELD_MS = 300;
/** Of which a look counts no more than this. */
const COUNTED_MS_MAX = 50;

test('goes on while the process runs, and not while it is held up', async () => {
  const time = new AwakeTime();
  const until = performance.now() + HELD_MS;
  while (performance.now() < until);
  const counted = time.ms;
  expect(counted).toBeLessThanOrEqual(COUNTED_MS_MAX);
  await new Promise((resolve) => setTimeout(resolve, COUNTED_MS_MAX));
  expect(time.end()).toBeGreaterThan(counted);
});
