/**
 * `npm run cli -- [--node N] [--json] COMMAND…`: has a running node of this machine do one command, through the socket
 * in its data directory (DATA_DIR), and ends with the status of the outcome.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { whyNpmTookOptions } from '../src/cli/shell/npmOptions';
import { fail, failureOf, runOneShot } from '../src/cli/shell/oneShot';
import { OPTION_NAMES, parseOneShot, shapeOf } from '../src/cli/shell/shellWords';
import { RequestError, toError } from '../src/errors';

const { stdin, stdout, stderr, argv, env } = process;
const ended = new AbortController();
process.on('SIGINT', () => ended.abort());
process.on('SIGTERM', () => ended.abort());
// A reader that has gone, as head does, ends what follows.
stdout.on('error', () => process.exit(0));

const style = {
  // Where the output is no terminal its lines are as wide as they need.
  columns: stdout.isTTY ? stdout.columns : 1000,
  color: stdout.isTTY && (env['NO_COLOR'] ?? '') === '',
};
const out = (text: string): void => void stdout.write(`${text}\n`);
const err = (text: string): void => void stderr.write(`${text}\n`);

const main = async (): Promise<number> => {
  const words = argv.slice(2);
  try {
    const taken = whyNpmTookOptions('cli', OPTION_NAMES, env);
    if (taken !== null) throw new RequestError('BAD_ARGUMENT', taken);
    requireUtf8(words);
    const shot = parseOneShot(words, env);
    const directory = join(env['DATA_DIR'] ?? 'data', `node-${shot.node}`);
    return await runOneShot(shot, { directory, style, input: stdin, out, err, signal: ended.signal });
  } catch (thrown) {
    return fail(failureOf(toError(thrown)), shapeOf(words), { out, err, style });
  }
};

/** Node.js gives U+FFFD for what is not UTF-8 in an argument; only the process's own bytes tell it from one that was given. */
const requireUtf8 = (words: readonly string[]): void => {
  if (words.some((word) => word.includes('\uFFFD')) && !isUtf8(readFileSync('/proc/self/cmdline')))
    throw new RequestError(
      'BAD_ARGUMENT',
      'an argument is not UTF-8: give text in UTF-8, binary data as hex or base64',
    );
};

void main().then((status) => (process.exitCode = status));
