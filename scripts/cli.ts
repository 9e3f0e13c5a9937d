/**
 * `npm run cli -- [--node N] [--json] COMMAND…`: has a running node of this machine do one command, through the socket
 * in its data directory (DATA_DIR), and ends with the status of the outcome.
 */
import { join } from 'node:path';
import { answerOf, fail, parseOneShot, runOneShot } from '../src/cli/oneShot';
import { toError } from '../src/errors';

const { stdout, stderr, argv, env } = process;
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
    const shot = parseOneShot(words, env);
    const directory = join(env['DATA_DIR'] ?? 'data', `node-${shot.node}`);
    return await runOneShot(shot, { directory, style, out, err, signal: ended.signal });
  } catch (thrown) {
    return fail(answerOf(toError(thrown), { words }), { json: words[0] === '--json' }, { out, err, style });
  }
};

void main().then((status) => (process.exitCode = status));
