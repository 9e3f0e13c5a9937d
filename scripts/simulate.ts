/**
 * `npm run simulate`: runs schedules of the deterministic simulator (test/simulation) and ends with 0 only if all
 * passed, or if the bug that it was to plant was caught; with 1 if not, with 2 and one line on stderr for arguments
 * that it does not understand.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ProgressLine } from '../src/cli/process/ProgressLine';
import { toError } from '../src/errors';
import { MEMBERS_MAX } from '../src/limits';
import { plants } from '../test/simulation/plants/plants';
import type { Plant } from '../test/simulation/simulator/Plant';
import { runSchedule, type ScheduleResult } from '../test/simulation/simulator/Schedule';
import { shrink } from '../test/simulation/simulator/shrink';

const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--size K] [--seconds V] [--plant NAME] [--shrink]

Runs clusters in a simulated world, with faults, and checks that nothing committed is ever lost.
  --schedules N   how many (default 100; with --seconds no limit); schedule i has the seed S + i
  --seed S        the first seed (default: a random one)
  --size K        members, 1 to ${MEMBERS_MAX} (default: chosen by the seed)
  --seconds V     begins no schedule after V seconds
  --plant NAME    plants a known bug, and stops at the first schedule that catches it; status 0 says CAUGHT.
                  NAME is one of ${namesOf((plant) => plant.scenario === undefined)};
                  scenarios catch ${namesOf((plant) => plant.scenario !== undefined)}:
                  npx jest test/simulation/plants -t NAME
  --shrink        cuts the first schedule that fails to a shorter one that fails
  --only A,B,C    runs only these faults and client steps of each schedule, by number`;

const DEFAULT_SCHEDULES = 100;
const SEED_MAX = 2 ** 48;

function namesOf(which: (plant: Plant) => boolean): string {
  return [...plants.values()]
    .filter(which)
    .map(({ name }) => name)
    .join(', ');
}

/** Failing schedules that are told in words, and their last events. */
const TOLD_FAILURES_MAX = 3;
const TOLD_EVENTS_MAX = 60;

interface Options {
  readonly schedules: number;
  readonly seed: number;
  readonly size: number | null;
  readonly seconds: number;
  readonly plant: Plant | null;
  readonly shrink: boolean;
  readonly only: ReadonlySet<number> | null;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) {
    console.log(USAGE);
    return;
  }
  const { seed, size, plant, only } = options;
  console.log(
    `seed ${seed} size ${size ?? 'any'} schedules ${options.schedules} seconds ${options.seconds} plant ${plant?.name ?? 'none'}`,
  );
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  const progress = new ProgressLine();
  let passed = 0;
  let failed = 0;
  for (let number = 0; number < options.schedules && elapsed() < options.seconds; number++) {
    const schedule = { seed: seed + number, size, plant, only, words: false };
    const result = await runSchedule(schedule);
    progress.clear();
    const { kind, settings } = result.plan;
    const outcome = result.failure === null ? 'passed' : `FAILED: ${result.failure}`;
    console.log(`seed ${schedule.seed} size ${settings.size} ${kind} trace ${result.trace} ${outcome}`);
    if (result.failure === null) passed++;
    else if (++failed <= TOLD_FAILURES_MAX) await tell(schedule, options.shrink && failed === 1);
    if (plant !== null && failed > 0) {
      console.log(`CAUGHT ${plant.name} with seed ${schedule.seed}`);
      return;
    }
    if (options.schedules === Infinity) progress.count(elapsed(), options.seconds, 'seconds');
    else progress.count(number + 1, options.schedules, 'schedules');
  }
  progress.clear();
  console.log(
    plant === null ? `${passed} passed, ${failed} failed` : `NOT CAUGHT ${plant.name} in ${passed} schedules`,
  );
  if (failed > 0 || plant !== null) process.exitCode = 1;
}

/** Tells of a failed schedule: the command that replays it, and its last events in words. */
async function tell(schedule: Parameters<typeof runSchedule>[0], shorter: boolean): Promise<void> {
  const only = shorter ? new Set(await shrink(schedule)) : schedule.only;
  const { words, failure } = await runSchedule({ ...schedule, only, words: true });
  const { seed, size, plant } = schedule;
  const replay = [
    `npm run simulate -- --schedules 1 --seed ${seed}`,
    size === null ? '' : ` --size ${size}`,
    plant === null ? '' : ` --plant ${plant.name}`,
    only === null ? '' : ` --only ${[...only].join(',') || 'none'}`,
  ].join('');
  console.log(`  last events:`);
  for (const line of words.slice(-TOLD_EVENTS_MAX)) console.log(`  ${line}`);
  console.log(`  failure: ${describe(failure)}`);
  console.log(`  replay: ${replay}`);
}

function describe(failure: ScheduleResult['failure']): string {
  return failure ?? 'it passed this time: the simulator is not deterministic, which is a bug';
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string' },
      seed: { type: 'string' },
      size: { type: 'string' },
      seconds: { type: 'string' },
      plant: { type: 'string' },
      only: { type: 'string' },
      shrink: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return null;
  const { schedules, seed, size, seconds, plant, only } = values;
  return {
    schedules:
      readNumber('--schedules', schedules, 1, SEED_MAX) ??
      (seconds === undefined ? DEFAULT_SCHEDULES : Infinity),
    seed: readNumber('--seed', seed, 0, SEED_MAX) ?? randomInt(2 ** 32),
    size: readNumber('--size', size, 1, MEMBERS_MAX),
    seconds: readNumber('--seconds', seconds, 1, 1_000_000) ?? Infinity,
    plant: readPlant(plant),
    shrink: values.shrink === true,
    only: only === undefined ? null : readOnly(only),
  };
}

function readNumber(option: string, text: string | undefined, low: number, high: number): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || number < low || number > high)
    throw new Error(`${option} is a whole number from ${low} to ${high}, not '${text.slice(0, 40)}'`);
  return number;
}

function readPlant(name: string | undefined): Plant | null {
  if (name === undefined) return null;
  const plant = plants.get(name);
  if (plant === undefined)
    throw new Error(`there is no planted bug '${name.slice(0, 40)}'; there are ${namesOf(() => true)}`);
  if (plant.scenario !== undefined)
    throw new Error(
      `'${plant.name}' is for the scenario '${plant.scenario}', not for random schedules: npx jest test/simulation/plants -t ${plant.name}`,
    );
  return plant;
}

function readOnly(list: string): ReadonlySet<number> {
  if (list === 'none') return new Set();
  return new Set(list.split(',').map((text) => readNumber('--only', text, 0, 1_000_000) ?? 0));
}

main().catch((thrown: unknown) => {
  console.error(`simulate: ${toError(thrown).message.replaceAll('\n', ' ')}`);
  process.exitCode = 2;
});
