/**
 * `mokka-cluster verify DATA_DIR/node-0`: checks a stopped node's whole log, with archives what was trimmed, too. Status 0:
 * it is whole; 1: it is damaged, its node runs, or there is none; 2: wrong usage.
 */
import { grouped, ProgressLine } from '../cli/process/ProgressLine';
import { watchOutput } from '../cli/process/watchOutput';
import { logsInWords } from '../cli/shell/logsInWords';
import { parseOptions } from '../cli/shell/parseOptions';
import { endWithError } from '../cli/shell/programFailure';
import { requireWorkingDirectory } from '../config/workingDirectory';
import { RequestError } from '../errors';
import { verifyStore, type VerifiedStore } from '../storage/durable/verifyStore';

const USAGE =
  'npx mokka-cluster verify DIRECTORY [ARCHIVE…], the data directory of one stopped node, like data/node-0, and archives of ' +
  'its cluster (settings.archive), to check the log from their first entry on';

const MEGABYTE = 1_000_000;

export function run(args: readonly string[]): void {
  runOptions(args).catch(endWithError);
}

async function runOptions(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseOptions({
    args,
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help === true) console.log(USAGE);
  else if (positionals.length === 0 || positionals.some((given) => given === ''))
    throw new RequestError('BAD_ARGUMENT', `name a directory: ${USAGE}`);
  else {
    positionals.forEach(requireWorkingDirectory);
    watchOutput();
    await verify(positionals);
  }
}

async function verify(directories: readonly string[]): Promise<void> {
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const progress = new ProgressLine();
  try {
    const found = await verifyStore(directories, (so) =>
      progress.count(so.read, so.entries, 'entries', `, ${describeRead(so.bytes, seconds())}`),
    );
    progress.clear();
    if (found.archived !== null) console.log(archivedInWords(found.floor.logNumber + 1, found.archived));
    console.log(
      `whole: ${found.entries} entries, ${logsInWords(found)}, ${describeRead(found.bytes, seconds())}`,
    );
    console.log(`head hash ${found.headHash}`);
  } finally {
    progress.clear();
  }
}

/** Which logs the files of archives hold, the first of which has this number. */
function archivedInWords(first: number, { files, lastLog }: NonNullable<VerifiedStore['archived']>): string {
  const logs = lastLog < first ? 'no logs' : `logs ${first} to ${lastLog}`;
  return `archived: ${logs}, in ${grouped(files)} ${files === 1 ? 'file' : 'files'}`;
}

/** How much was read, and how fast; of less than a megabyte no speed can be told. */
function describeRead(bytes: number, seconds: number): string {
  return bytes < MEGABYTE
    ? `${grouped(bytes)} bytes`
    : `${(bytes / MEGABYTE).toFixed(1)} MB at ${Math.max(1, Math.round(bytes / MEGABYTE / seconds))} MB/s`;
}
