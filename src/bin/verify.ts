/**
 * `mokka-cluster verify DATA_DIR/node-0`: checks a stopped node's whole log. Status 0: it is whole; 1: it is damaged, its
 * node runs, or there is none; 2: wrong usage.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseOptions } from '../cli/shell/parseOptions';
import { requireWorkingDirectory } from '../config/workingDirectory';
import { RequestError } from '../errors';
import { damaged } from '../storage/damage';
import { DATA_NAME } from '../storage/lmdb/LmdbLogStore';
import { endWithError } from '../cli/shell/programFailure';

const USAGE = 'npx mokka-cluster verify DIRECTORY, the data directory of one stopped node, like data/node-0';

export function run(args: readonly string[]): void {
  try {
    const { values, positionals } = parseOptions({
      args,
      options: { help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    const [directory = '', ...others] = positionals;
    if (values.help === true) console.log(USAGE);
    else if (directory === '' || others.length > 0)
      throw new RequestError('BAD_ARGUMENT', `name one directory: ${USAGE}`);
    else {
      requireWorkingDirectory(directory);
      verifyInChild(directory);
    }
  } catch (thrown) {
    endWithError(thrown);
  }
}

/** In a process of its own, since LMDB may end it by a signal. */
const verifyInChild = (directory: string): void => {
  const { status, signal, error } = spawnSync(
    process.execPath,
    [join(__dirname, 'verifyDirectory.js'), directory],
    { stdio: 'inherit' },
  );
  if (error !== undefined) throw error;
  if (signal === 'SIGINT' || signal === 'SIGTERM') process.exitCode = 1;
  else if (signal !== null)
    throw damaged(join(resolve(directory), DATA_NAME), `is damaged so that LMDB ends by ${signal} on it`);
  else process.exitCode = status ?? 1;
};
