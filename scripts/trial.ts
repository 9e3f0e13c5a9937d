/** What `npm run fuzz` and `npm run torture` have in common. */
import { parseArgs } from 'node:util';
import { ProgressLine } from '../src/cli/process/ProgressLine';
import { toError } from '../src/errors';

/** The largest seed. */
const SEED_MAX = 2 ** 48;

/** What a trial is given. */
export interface TrialOptions {
  /** How much of its unit it is to do. */
  readonly amount: number;
  readonly seed: number;
  /** Told what happens. */
  readonly say: (line: string) => void;
  /** Told how much of the amount is done. */
  readonly onProgress: (done: number) => void;
  /** Aborted when it is to end early. */
  readonly signal: AbortSignal;
}

/** How a trial ended. */
export interface TrialResult {
  /** What was wrong; null when nothing was. */
  readonly fault: string | null;
  /** How often each thing happened. */
  readonly counts: Iterable<readonly [string, number]>;
  /** What else to tell. */
  readonly words: string;
  /** The folder that was kept because something was wrong. */
  readonly folder?: string | null;
}

/** Real nodes are put to the test, by a seed. */
export interface Trial {
  readonly name: string;
  /** What the amount counts: the name of its option. */
  readonly unit: string;
  readonly least: number;
  readonly most: number;
  readonly usual: number;
  run(options: TrialOptions): Promise<TrialResult>;
}

/** Runs a trial as a program: status 0 only if nothing was wrong, 1 if something was, 2 for wrong options. */
export function runTrial(trial: Trial): void {
  statusOf(trial).then(
    (status) => (process.exitCode = status),
    (error: unknown) => {
      console.error(`${trial.name}: ${toError(error).message.replaceAll('\n', ' ')}`);
      process.exitCode = 2;
    },
  );
}

async function statusOf(trial: Trial): Promise<number> {
  const { name, unit, least, most, usual } = trial;
  const usage = `usage: npm run ${name} -- --${unit} N --seed N (whole numbers, ${unit} from ${least} to ${most})`;
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      [unit]: { type: 'string', default: String(usual) },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    },
  });
  if (values['help'] === true) {
    console.log(usage);
    return 0;
  }
  const amount = wholeNumber(values[unit]);
  const seed = wholeNumber(values['seed']);
  if (!(amount >= least && amount <= most && seed <= SEED_MAX)) {
    console.error(usage);
    return 2;
  }
  return passed(trial, amount, seed);
}

async function passed(trial: Trial, amount: number, seed: number): Promise<number> {
  const { name, unit } = trial;
  const progress = new ProgressLine();
  const tell = (line: string): void => {
    progress.clear();
    console.log(line);
  };
  tell(`${name} --${unit} ${amount} --seed ${seed}`);
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const { fault, counts, words, folder } = await trial.run({
    amount,
    seed,
    say: (line) => tell(`${seconds().padStart(7)} s  ${line}`),
    onProgress: (done) => progress.count(Math.min(done, amount), amount, unit),
    signal: stop.signal,
  });
  for (const [counted, count] of counts) tell(`${String(Math.round(count)).padStart(9)}  ${counted}`);
  tell(words);
  if (fault === null) {
    tell(`${seconds()} s, 1 passed, 0 failed`);
    return 0;
  }
  tell(`FAULT: ${fault}`);
  const kept = folder == null ? '' : `kept in ${folder}; `;
  tell(`${kept}again: npm run ${name} -- --${unit} ${amount} --seed ${seed}`);
  tell('0 passed, 1 failed');
  return 1;
}

/** NaN for anything else. */
function wholeNumber(text: string | boolean | undefined): number {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}
