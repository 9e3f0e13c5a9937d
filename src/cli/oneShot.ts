import { RequestError, toError } from '../errors';
import { findCommand, splitLine, type Command } from './CommandTable';
import { followLogs, type LogList } from './logLists';
import { NodeClient, NodeUnreachableError, type ClientAnswer } from './NodeClient';
import { paint, renderError, type Style } from './render';
import { renderLogs } from './renderTables';
import type { LogEntry } from '../storage/Entry';
import type { NodeInfo } from '../mokka/api';

/** With what status `npm run cli` ends for an error's code; 1 for those that are not here. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  NODE_UNREACHABLE: 1,
  BAD_COMMAND: 2,
  BAD_ARGUMENT: 2,
  TOO_LARGE: 2,
  NOT_FOUND: 3,
  NO_LEADER: 4,
  UNKNOWN_OUTCOME: 5,
  INTERNAL: 6,
};

/** The status that a program of this machine ends with after an answer with this code. */
export function statusOfCode(code: string): number {
  return STATUS_OF_CODE[code] ?? 1;
}

/** What a user asked `npm run cli` for. */
export interface OneShot {
  /** The node's number in DATA_DIR. */
  readonly node: number;
  readonly json: boolean;
  readonly follow: boolean;
  /** The command's name and what follows it. */
  readonly words: readonly string[];
}

/**
 * Takes the words of a command line apart. Options stand before the command; after it only where it is not `add_log`,
 * whose words are stored as they are.
 *
 * @throws RequestError BAD_ARGUMENT
 */
export function parseOneShot(given: readonly string[], env: NodeJS.ProcessEnv): OneShot {
  const words: string[] = [];
  let node = env['INDEX'] ?? '0';
  let json = false;
  let follow = false;
  for (let at = 0; at < given.length; at++) {
    const word = given[at] ?? '';
    if (words[0] === 'add_log' || !word.startsWith('--')) words.push(word);
    else if (word === '--json') json = true;
    else if (word === '--follow') follow = true;
    else if (word === '--node') node = given[++at] ?? '';
    else throw new RequestError('BAD_ARGUMENT', `there is no option ${JSON.stringify(word)}`);
  }
  if (follow && words[0] !== 'tail')
    throw new RequestError('BAD_ARGUMENT', 'only tail follows: tail [N] --follow');
  return { node: nodeNumber(node), json, follow, words };
}

/** The number of a node of this machine. @throws RequestError BAD_ARGUMENT */
export function nodeNumber(text: string): number {
  if (/^(0|[1-9]\d?)$/.test(text)) return Number(text);
  throw new RequestError('BAD_ARGUMENT', '--node (or INDEX) is a number of a node: 0, 1, …');
}

/** What a command needs around it. */
export interface OneShotSurroundings {
  readonly directory: string;
  readonly style: Style;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Ends a `tail` that follows. */
  readonly signal: AbortSignal;
}

/** Has a running node do one command; resolves with the status to end with. */
export async function runOneShot(shot: OneShot, around: OneShotSurroundings): Promise<number> {
  let client: NodeClient | null = null;
  try {
    const line = lineOf(shot.words);
    const command = commandOf(line);
    client = await NodeClient.connect(around.directory);
    const answer = await ask(client, command, line);
    if (!answer.ok) return fail(answer, shot, around);
    around.out(shot.json ? answer.json : command.render(answer.result, around.style));
    if (shot.follow) await follow(client, answer.result as LogList, shot, around);
    return 0;
  } catch (thrown) {
    return fail(answerOf(toError(thrown), shot), shot, around);
  } finally {
    client?.close();
  }
}

/** A failure that was met on this side, as the node would have answered it. */
export function answerOf(thrown: Error, { words }: Pick<OneShot, 'words'>): ClientAnswer & { ok: false } {
  const known = thrown instanceof RequestError || thrown instanceof NodeUnreachableError;
  const error = { code: known ? thrown.code : 'INTERNAL', message: thrown.message };
  const json = JSON.stringify({ command: words[0] ?? '', ok: false, error });
  return { json, ok: false, error };
}

/** Tells a failure, and gives the status to end with. */
export function fail(
  { json, error }: ClientAnswer & { ok: false },
  shot: Pick<OneShot, 'json'>,
  { out, err, style }: Pick<OneShotSurroundings, 'out' | 'err' | 'style'>,
): number {
  if (shot.json) out(json);
  else if (error.code === 'NODE_UNREACHABLE') err(paint(`${error.code}: ${error.message}`, 'red', style));
  else err(renderError(error, style));
  return statusOfCode(error.code);
}

function lineOf(words: readonly string[]): string {
  const line = words.join(' ');
  if (line.includes('\n'))
    throw new RequestError('BAD_ARGUMENT', 'a command is one line: store what has several as base64 or JSON');
  return line;
}

/** Checked on this side too, so that a wrong command has its own status whether or not a node runs. */
function commandOf(line: string): Command {
  const split = splitLine(line);
  if (split === null)
    throw new RequestError('BAD_COMMAND', 'a command is missing: npm run cli -- help lists them');
  const command = findCommand(split.name);
  if (command.effect === 'exit')
    throw new RequestError(
      'BAD_COMMAND',
      'exit works at the node’s own prompt: to stop it here, send it SIGTERM',
    );
  command.parse(split.text);
  return command;
}

async function ask(client: NodeClient, command: Command, line: string): Promise<ClientAnswer> {
  try {
    return await client.ask(line);
  } catch (thrown) {
    if (command.effect === 'write' && thrown instanceof NodeUnreachableError && thrown.sent)
      throw new RequestError('UNKNOWN_OUTCOME', `${thrown.message}; it may or may not be committed`);
    throw thrown;
  }
}

async function follow(
  client: NodeClient,
  { next }: LogList,
  shot: OneShot,
  { out, signal, style }: OneShotSurroundings,
): Promise<void> {
  const result = async (line: string): Promise<unknown> => {
    const answer = await client.ask(line);
    if (answer.ok) return answer.result;
    throw new NodeUnreachableError(`${answer.error.code}: ${answer.error.message}`, true);
  };
  const source = {
    committedIndex: async () => ((await result('info')) as NodeInfo).committedIndex,
    list: async (from: number, count: number) => (await result(`list ${from} ${count}`)) as LogList,
  };
  const show = (logs: readonly LogEntry[]): void =>
    out(shot.json ? logs.map((entry) => JSON.stringify(entry)).join('\n') : renderLogs(logs, style));
  await followLogs(source, next, show, signal);
}
