/**
 * `npm run bench`: starts clusters of real nodes, loads them, and prints what came out: `--help` lists what it can
 * measure. Rows go to stdout, everything else to stderr. Status 2 for options that are wrong, 1 for a run that failed.
 */
import { accessSync, constants, mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ProgressLine } from '../src/cli/process/ProgressLine';
import { StartError } from '../src/errors';
import { compareFailover, comparePeers } from './bench/measures/peers';
import { measureCatchUp } from './bench/measures/catchUp';
import { measureFailover } from './bench/measures/failover';
import { measureGrow } from './bench/measures/grow';
import { measureHttp } from './bench/measures/http';
import { measureLoads } from './bench/measures/loads';
import { measureRestart } from './bench/measures/restart';
import { type BenchOptions, readOptions, USAGE } from './bench/options';
import { panelsOf, plotSvg } from './bench/report/plot';
import type { Row, Run } from './bench/Run';
import { RunLife } from './bench/RunLife';
import { formatTables } from './bench/report/table';

const DEFAULT_DIRECTORY = 'data';

/** statfs' type of a file system in memory, where a sync costs nothing. */
const TMPFS = 0x01021994;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    console.log(USAGE);
    return;
  }
  checkPlot(options.plot);
  const life = new RunLife();
  try {
    const progress = new ProgressLine();
    await measure(options, life, progress);
    await life.end(0);
  } catch (thrown) {
    life.fail(thrown);
  }
}

async function measure(options: BenchOptions, life: RunLife, progress: ProgressLine): Promise<void> {
  const directory = resolve(options.directory ?? DEFAULT_DIRECTORY);
  mkdirSync(directory, { recursive: true });
  if (statfsSync(directory).type === TMPFS)
    progress.note(`${directory} is in memory, not on a disk: syncs cost nothing there`);
  const rows: Row[] = [];
  const report = (row: Row): void => {
    rows.push(row);
    progress.clear();
    if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`);
  };
  await runMeasures({ options, directory, life, progress, report });
  if (!options.json) process.stdout.write(formatTables(rows));
  if (options.plot !== undefined) writeFileSync(options.plot, plotSvg(panelsOf(rows)));
}

async function runMeasures(run: Run): Promise<void> {
  const { get, failover, catchUp, restart, grow, http, peers } = run.options;
  if (http) await measureHttp(run);
  if (grow) await measureGrow(run);
  if (failover > 0) await measureFailover(run);
  if (failover > 0 && peers) await compareFailover(run);
  if (catchUp > 0) await measureCatchUp(run);
  if (restart > 0) await measureRestart(run);
  const others = http || grow || failover + catchUp + restart > 0;
  if (peers && !others) await comparePeers(run);
  else if (get || !others) await measureLoads(run);
}

/** A run may take minutes: that its plot cannot be written must be known before. */
function checkPlot(plot: string | undefined): void {
  if (plot === undefined) return;
  try {
    accessSync(dirname(resolve(plot)), constants.W_OK);
  } catch {
    throw new StartError('BAD_CONFIG', `--plot ${plot}: its directory is not there, or not to be written to`);
  }
}

main().catch((thrown: unknown) => {
  if (!(thrown instanceof StartError)) throw thrown;
  process.stderr.write(`bench: ${thrown.message} (--help lists the options)\n`);
  process.exitCode = thrown.exitStatus;
});
