import { playStory, storyNames } from './stories';

const SEEDS = [1, 2, 3, 4, 5, 6];

test.each(storyNames)('%s: nothing is lost, and no read is stale', async (name) => {
  const came = await Promise.all(SEEDS.map((seed) => playStory(name, seed)));
  expect(came).toContain(true);
});
