/**
 * `mokka-cluster [--node N] [--json] COMMAND…`: has a running node of this machine do one command, through the socket
 * in its data directory (DATA_DIR), and ends with the status of the outcome.
 */
import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { whyNpmTookOptions } from '../cli/shell/npmOptions';
import { fail, failureOf, runOneShot } from '../cli/shell/oneShot';
import { COMMANDS, isCommand, shownCommands, unknownCommand } from '../cli/commands/CommandTable';
import { optionNames, parseOneShot, shapeOf } from '../cli/shell/shellWords';
import { requireWorkingDirectory } from '../config/workingDirectory';
import { RequestError, toError } from '../errors';
import { ownCommandLine } from '../linux/processes';
import { PROGRAMS } from './programs';

const { stdin, stdout, stderr, env } = process;

const style = {
  // Where the output is no terminal its lines are as wide as they need.
  columns: stdout.isTTY ? stdout.columns : 1000,
  color: stdout.isTTY && (env['NO_COLOR'] ?? '') === '',
};
const out = (text: string): void => void stdout.write(`${text}\n`);
const err = (text: string): void => void stderr.write(`${text}\n`);

export async function run(words: readonly string[]): Promise<void> {
  const ended = new AbortController();
  process.on('SIGINT', () => ended.abort());
  process.on('SIGTERM', () => ended.abort());
  process.exitCode = await statusOf(words, ended.signal);
}

const statusOf = async (words: readonly string[], signal: AbortSignal): Promise<number> => {
  try {
    const taken = whyNpmTookOptions('cli', optionNames(words), env);
    if (taken !== null) throw new RequestError('BAD_ARGUMENT', taken);
    requireUtf8(words);
    requireCommand(shapeOf(words).words[0]);
    const shot = parseOneShot(words, env);
    const directory = join(env['DATA_DIR'] ?? 'data', `node-${shot.node}`);
    if (!shot.help && shot.words[0] !== 'help') requireWorkingDirectory(directory);
    return await runOneShot(shot, { directory, style, input: stdin, out, err, signal, programs: PROGRAMS });
  } catch (thrown) {
    return fail(failureOf(toError(thrown)), shapeOf(words), { out, err, style });
  }
};

/** Here, since the name of a program may have been meant. */
const requireCommand = (name: string | undefined): void => {
  if (name === undefined || isCommand(name)) return;
  if (PROGRAMS.some((program) => program.name === name))
    throw new RequestError(
      'BAD_ARGUMENT',
      `the options of ${name} stand after it: ${name} --help lists them`,
    );
  throw unknownCommand(
    name,
    [...shownCommands(COMMANDS), ...PROGRAMS].map((each) => each.name),
  );
};

/**
 * Node.js gives U+FFFD for what is not UTF-8 in an argument; only the process's own bytes tell it from one that was given.
 * Where the system does not show them it is taken as given.
 */
const requireUtf8 = (words: readonly string[]): void => {
  if (!words.some((word) => word.includes('\uFFFD'))) return;
  const given = ownCommandLine();
  if (given !== null && !isUtf8(given))
    throw new RequestError(
      'BAD_ARGUMENT',
      'an argument is not UTF-8: give text in UTF-8, binary data as hex or base64',
    );
};
