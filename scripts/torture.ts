/** `npm run torture -- --seconds 120 --seed S`: real nodes under kill -9, pauses, cut links and bad disks. */
import { torture } from '../test/torture/torture';
import { runTrial } from './trial';

runTrial({
  name: 'torture',
  unit: 'seconds',
  least: 1,
  most: 1_000_000,
  usual: 120,
  run: async ({ amount, ...options }) => {
    const { fault, folder, faults, ...found } = await torture({ seconds: amount, ...options });
    const words =
      `${found.operations} operations, ${found.acknowledged} adds acknowledged, ${found.logs} logs, ` +
      `${found.leaderChanges} changes of leader, longest without a commit ` +
      `${Math.round(found.longestWithoutCommitMs)} ms, slowest answer ${Math.round(found.slowestAnswerMs)} ms`;
    return { fault, folder, counts: faults, words };
  },
});
