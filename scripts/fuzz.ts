import { parseArgs } from 'node:util';
import { toError } from '../src/errors';
import { fuzz } from '../test/fuzz/fuzz';

const USAGE = 'usage: npm run fuzz -- --frames N --seed N (whole numbers, frames from 1000 to 100000000)';

/** `npm run fuzz -- --frames 1000000 --seed S`: a live cluster under frames with a stolen key; status 0 only if nothing was wrong. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      frames: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const frames = wholeNumber(values.frames);
  const seed = wholeNumber(values.seed);
  if (!(frames >= 1000 && frames <= 100_000_000) || !(seed <= 2 ** 48)) {
    console.error(USAGE);
    return 2;
  }
  console.log(`fuzz --frames ${frames} --seed ${seed}`);
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  const { fault, memoryBefore, memoryAfter, ...counts } = await fuzz({
    frames,
    seed,
    say: (line) => console.log(`${seconds().padStart(7)} s  ${line}`),
  });
  for (const [name, count] of Object.entries(counts))
    console.log(`${String(Math.round(count)).padStart(9)}  ${name}`);
  const inMiB = (bytes: readonly number[]): string =>
    bytes.map((each) => (each / 1024 / 1024).toFixed(1)).join(', ');
  console.log(`resident MiB warmed up ${inMiB(memoryBefore)}; at the end ${inMiB(memoryAfter)}`);
  if (fault === null) {
    console.log(`${seconds()} s, 1 passed, 0 failed`);
    return 0;
  }
  console.log(`FAULT: ${fault}`);
  console.log(`again: npm run fuzz -- --frames ${frames} --seed ${seed}`);
  console.log('0 passed, 1 failed');
  return 1;
}

/** NaN for anything else. */
function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(`fuzz: ${toError(error).message.replaceAll('\n', ' ')}`);
    process.exitCode = 2;
  },
);
