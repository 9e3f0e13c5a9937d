import { parseArgs } from 'node:util';
import { torture } from '../test/torture/torture';

const USAGE = 'npm run torture -- --seconds N --seed N (whole numbers, seconds at least 1)';

/** `npm run torture -- --seconds 120 --seed S`: real nodes under real faults; exit status 0 only if nothing was wrong. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      seconds: { type: 'string', default: '120' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  if (!Number.isInteger(seconds) || seconds < 1 || !Number.isInteger(seed) || seed < 0) {
    console.error(`usage: ${USAGE}`);
    return 2;
  }
  console.log(`torture --seconds ${seconds} --seed ${seed}`);
  const started = performance.now();
  const say = (line: string): void =>
    console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const result = await torture({ seconds, seed, say, signal: stop.signal });
  for (const [name, count] of result.faults) console.log(`${String(count).padStart(6)}  ${name}`);
  console.log(
    `${result.operations} operations, ${result.acknowledged} adds acknowledged, ${result.logs} logs, ` +
      `${result.leaderChanges} changes of leader, longest without a commit ` +
      `${Math.round(result.longestWithoutCommitMs)} ms, slowest answer ${Math.round(result.slowestAnswerMs)} ms`,
  );
  if (result.fault === null) {
    console.log('1 passed, 0 failed');
    return 0;
  }
  console.log(`FAULT: ${result.fault}`);
  console.log(
    `kept in ${String(result.folder)}; again: npm run torture -- --seconds ${seconds} --seed ${seed}`,
  );
  console.log('0 passed, 1 failed');
  return 1;
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  },
);
