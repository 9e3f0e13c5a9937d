/**
 * `npm run verify -- DATA_DIR/node-0`: checks a stopped node's whole log. Status 0: it is whole; 1: it is damaged, its
 * node runs, or there is none; 2: wrong usage.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { StartError, toError } from '../src/errors';
import { escapeControls } from '../src/escapeControls';
import { damaged } from '../src/storage/damage';
import { DATA_NAME } from '../src/storage/lmdb/LmdbLogStore';
import { verifyStore, type VerifyProgress } from '../src/storage/lmdb/verifyStore';

const USAGE = 'npm run verify -- DIRECTORY, the data directory of one stopped node, like data/node-0';
const IN_CHILD = '--in-child';
const TYPESCRIPT = join(__dirname, 'typescript');

const MEGABYTE = 1_000_000;

const main = async ([directory, mode]: readonly string[]): Promise<void> => {
  if (directory === '--help') {
    console.log(USAGE);
    return;
  }
  if (directory === undefined || directory === '' || (mode !== undefined && mode !== IN_CHILD))
    throw new StartError('BAD_CONFIG', USAGE);
  if (mode === IN_CHILD) await verify(directory);
  else verifyInChild(directory);
};

/** In a process of its own, since LMDB may end it by a signal. */
const verifyInChild = (directory: string): void => {
  const { status, signal, error } = spawnSync(
    process.execPath,
    ['-r', TYPESCRIPT, __filename, directory, IN_CHILD],
    { stdio: 'inherit' },
  );
  if (error !== undefined) throw error;
  if (signal === 'SIGINT' || signal === 'SIGTERM') process.exitCode = 1;
  else if (signal !== null)
    throw damaged(join(resolve(directory), DATA_NAME), `is damaged so that LMDB ends by ${signal} on it`);
  else process.exitCode = status ?? 1;
};

const verify = async (directory: string): Promise<void> => {
  const begun = performance.now();
  const inTerminal = process.stderr.isTTY;
  const speed = (bytes: number): string =>
    `${Math.round(bytes / MEGABYTE / Math.max((performance.now() - begun) / 1000, 0.001))} MB/s`;
  const show = ({ position, last, bytes }: VerifyProgress): void => {
    const percent = Math.floor((100 * position) / last);
    process.stderr.write(`\r${String(percent).padStart(3)} % of ${last} entries, ${speed(bytes)}  `);
  };
  try {
    const { entries, logs, headHash, bytes } = await verifyStore(
      directory,
      inTerminal ? show : () => undefined,
    );
    const size = (bytes / MEGABYTE).toFixed(1);
    if (inTerminal) process.stderr.write('\r\x1b[K');
    console.log(`whole: ${entries} entries, ${logs} of them logs, ${size} MB at ${speed(bytes)}`);
    console.log(`head hash ${headHash}`);
  } catch (thrown) {
    if (inTerminal) process.stderr.write('\n');
    throw thrown;
  }
};

main(process.argv.slice(2)).catch((thrown: unknown) => {
  const error = toError(thrown);
  console.error(escapeControls(`${error instanceof StartError ? error.code : 'INTERNAL'}: ${error.message}`));
  process.exitCode = error instanceof StartError ? error.exitStatus : 1;
});
