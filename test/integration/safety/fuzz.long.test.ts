import { spawnSync } from 'node:child_process';
import { fuzz } from '../../fuzz/fuzz';
import { REPOSITORY } from '../cluster/NodeProcess';
import { BY_TS_NODE } from '../../programs';

const FRAMES = 8_000;
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

test.each([
  ['--frames', 'abc'],
  ['--frames', '10'],
  ['--seed', '-1'],
  ['--seeds', '1'],
])('npm run fuzz -- %s %s ends with status 2 and one line', (...given) => {
  const { status, stderr } = spawnSync(process.execPath, [...BY_TS_NODE, 'scripts/fuzz.ts', ...given], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^[^\n]+\n$/);
});
