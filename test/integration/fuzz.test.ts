import { fuzz } from '../fuzz/fuzz';

jest.setTimeout(120_000);

const FRAMES = 20_000;
const SEED = 5;

test(`${FRAMES} frames with a stolen key and from strangers: nothing crashes, nothing is lost, memory is flat`, async () => {
  const said = [`npm run fuzz -- --frames ${FRAMES} --seed ${SEED}`];
  const result = await fuzz({ frames: FRAMES, seed: SEED, say: (line) => said.push(line) });
  if (result.fault !== null) throw new Error(`${said.join('\n')}\n${result.fault}`);
  expect(result.frames).toBeGreaterThanOrEqual(FRAMES);
  expect(result.closedFor).toBeGreaterThan(0);
  expect(result.answered).toBeGreaterThan(FRAMES / 2);
  expect(result.acknowledged).toBeGreaterThan(0);
});
