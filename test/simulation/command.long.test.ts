import { spawnSync } from 'node:child_process';
import { runSchedule } from './simulator/Schedule';
import { BY_TS_NODE } from '../programs';

function simulate(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = [...BY_TS_NODE, 'scripts/simulate.ts', ...options];
  return spawnSync(process.execPath, command, {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'Asia/Tokyo' },
  });
}

test('the same seed gives the same trace, in this process and in another', async () => {
  const schedule = { seed: 42, size: 3, plant: null, only: null, words: false };
  const first = await runSchedule(schedule);
  const again = await runSchedule({ ...schedule, words: true });
  expect(again.trace).toBe(first.trace);
  const { stdout, status } = simulate('--schedules', '1', '--seed', '42', '--size', '3');
  expect(stdout).toContain(`trace ${first.trace}`);
  expect(stdout).toMatch(/\n1 passed, 0 failed\n$/);
  expect(status).toBe(0);
});

test('a planted bug is caught once, and told in words, with its seed and the command that replays it', () => {
  const { stdout, status } = simulate(
    '--schedules',
    '50',
    '--seed',
    '1',
    '--plant',
    'stale-miss',
    '--shrink',
  );
  const caught = /\nCAUGHT stale-miss with seed (\d+)\n$/.exec(stdout)?.[0];
  expect(caught).toBeDefined();
  expect(stdout.match(/^seed \d+ size \d.* FAILED/gm)).toHaveLength(1);
  expect(status).toBe(0);
  const replay = /replay: npm run simulate -- (.*)/.exec(stdout)?.[1] ?? '';
  expect(replay).toContain('--only');
  const again = simulate(...replay.split(' '));
  expect(again.stdout.slice(-(caught ?? '').length)).toBe(caught);
  expect(again.status).toBe(0);
});

test('a planted bug that no schedule catches is a failure', () => {
  const { stdout, status } = simulate('--schedules', '2', '--size', '1', '--plant', 'double-vote');
  expect(stdout).toMatch(/ passed\nNOT CAUGHT double-vote in 2 schedules\n$/);
  expect(status).toBe(1);
});

test.each([
  [['--seed', 'x'], '--seed is a whole number'],
  [['--size', '8'], '--size is a whole number from 1 to 7'],
  [['--schedules', '0'], '--schedules is a whole number'],
  [['--plant', 'none-such'], "no planted bug 'none-such'"],
  [['--plant', 'old-fence'], "is for the scenario 'wiped-voter'"],
  [['--seconds', '-1'], '--seconds'],
  [['--frobnicate'], "Unknown option '--frobnicate'"],
  [['7'], "Unexpected argument '7'"],
])('%j ends with 2 and one line', (options, message) => {
  const { status, stderr, stdout } = simulate(...options);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toContain(message);
  expect([status, stdout]).toEqual([2, '']);
});
