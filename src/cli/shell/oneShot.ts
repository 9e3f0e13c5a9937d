import type { Readable } from 'node:stream';
import { RequestError, toError } from '../../errors';
import { escapeControls } from '../../escapeControls';
import type { NodeInfo } from '../../api';
import { encodePayload, type LogEntry } from '../../entry/Entry';
import { findCommand, helpOf, isCommand, splitLine, type Command } from '../commands/CommandTable';
import { statusOfCode } from '../commands/errorHelp';
import { followLogs } from '../commands/logLists';
import type { LogList } from '../render/renderTables';
import { NodeClient, NodeUnreachableError, type ClientAnswer } from '../client/NodeClient';
import { paint, renderError, type CommandHelp, type HelpResult, type Style } from '../render/render';
import { renderLogs } from '../render/renderTables';
import { FollowedNode } from '../client/FollowedNode';
import { endedWait } from '../commands/InterruptibleNode';
import { tellWhyWaiting } from '../commands/tellWhyWaiting';
import {
  exactAddLine,
  isConditionalAdd,
  parseCondition,
  storesItsWords,
  toBase64,
} from '../commands/addWords';
import { programFailure } from './programFailure';
import { shellHelp, type HelpRow } from './shellHelp';
import type { OneShot } from './shellWords';
import { valueFromInput } from './valueFromInput';

const ENDED_READ = 'you ended the wait for the node’s answer';

/** A push's id, where only its key and value matter. */
const NO_PUSH = { session: '0'.repeat(16), nonce: 0 };

/** What a command needs around it. */
export interface OneShotSurroundings {
  readonly directory: string;
  readonly style: Style;
  /** Where a value of `-` is read from. */
  readonly input: Readable;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Ends a `tail` that follows, and every wait. */
  readonly signal: AbortSignal;
  /** What else can be asked for at a shell. */
  readonly programs: readonly HelpRow[];
}

/** What is asked of the node: a command, and the line that it is sent as. */
interface Asked {
  readonly command: Command;
  readonly line: string;
}

/** Has a running node do one command; resolves with the status to end with. */
export async function runOneShot(shot: OneShot, around: OneShotSurroundings): Promise<number> {
  let client: NodeClient | null = null;
  try {
    if (shot.help) {
      around.out(shellHelp(shot.words, around));
      return 0;
    }
    const asked = storesItsWords(shot.words[0]) ? await askedAdd(shot.words, around) : askedOf(shot.words);
    if (asked.command.name === 'help') {
      around.out(helpHere(asked, shot, around));
      return 0;
    }
    if (shot.follow) return await follow(asked, shot, around);
    client = await NodeClient.connect(around.directory);
    const answer = await ask(client, asked, around);
    if (!answer.ok) return fail(answer, shot, around);
    const { command } = asked;
    around.out(shot.json ? jsonOf(shot.words, answer) : command.render(answer.result, around.style));
    return 0;
  } catch (thrown) {
    return fail(failureOf(toError(thrown)), shot, around);
  } finally {
    client?.close();
  }
}

/** `help` is answered without a node: it may be what tells why there is none. */
function helpHere(
  { command, line }: Asked,
  { json, words }: Pick<OneShot, 'json' | 'words'>,
  around: Pick<OneShotSurroundings, 'style' | 'programs'>,
): string {
  const word = splitLine(line)?.text.trim() ?? '';
  const program = around.programs.find(({ name }) => name === word);
  const result: HelpResult = program === undefined ? helpOf(word) : { commands: [rowOf(program)] };
  if (json) return jsonOf(words, { ok: true, result });
  // What is to know of a command at a shell is more than at a prompt.
  return isCommand(word) ? shellHelp([word], around) : command.render(result, around.style);
}

function rowOf({ name, usage, summary }: HelpRow): CommandHelp {
  return { name, usage, summary, details: `${name} --help tells the rest.` };
}

/** A failure that was met on this side, as the node would have answered it. */
export function failureOf(thrown: Error): Failure {
  const { code, message } = programFailure(thrown);
  return { ok: false, error: { code, message } };
}

/** Tells a failure, and gives the status to end with. */
export function fail(
  failure: Failure,
  { json, words }: Pick<OneShot, 'json' | 'words'>,
  { out, err, style }: Pick<OneShotSurroundings, 'out' | 'err' | 'style'>,
): number {
  const { error } = failure;
  if (json) out(jsonOf(words, failure));
  else if (error.code === 'NODE_UNREACHABLE')
    err(paint(escapeControls(`${error.code}: ${error.message}`), 'red', style));
  else err(renderError(error, style));
  return statusOfCode(error.code);
}

type Failure = Pick<ClientAnswer & { ok: false }, 'ok' | 'error'>;
type Success = Pick<ClientAnswer & { ok: true }, 'ok' | 'result'>;

/** An answer's line of JSON, as the node's own, but under the name that the user gave the command. */
function jsonOf([name = '']: readonly string[], answer: Success | Failure): string {
  const rest = answer.ok ? { result: answer.result } : { error: answer.error };
  return JSON.stringify({ command: name, ok: answer.ok, ...rest });
}

/** Checked on this side too, so that a wrong command has its own status whether or not a node runs. */
function askedOf(words: readonly string[]): Asked {
  const line = lineOf(words);
  const split = splitLine(line);
  if (split === null) throw new RequestError('BAD_COMMAND', 'a command is missing: --help lists them');
  const command = findCommand(split.name);
  if (command.effect === 'exit')
    throw new RequestError(
      'BAD_COMMAND',
      'exit works at the node’s own prompt: to stop it here, send it SIGTERM',
    );
  if (line.includes('\n'))
    throw new RequestError('BAD_ARGUMENT', 'only add_log takes words of several lines');
  command.parse(split.text);
  return { command, line };
}

/** A line with these words; a key that is one word of the shell stays one, whatever is in it. */
function lineOf([name = '', key, ...rest]: readonly string[]): string {
  const byKey = name === 'get' || name === 'history';
  if (byKey && key !== undefined && !key.startsWith('--'))
    return [`${name}_base64`, toBase64(key), ...rest].join(' ');
  return [name, ...(key === undefined ? [] : [key]), ...rest].join(' ');
}

/** An add with its words as the shell gave them: the first is the key, the others, or stdin, are the value. */
async function askedAdd(
  [name = '', ...words]: readonly string[],
  { input, signal }: OneShotSurroundings,
): Promise<Asked> {
  const command = findCommand(name);
  const condition = isConditionalAdd(name) ? parseCondition(name, words.shift() ?? '') : {};
  const [key, ...rest] = words;
  if (key === undefined || rest.length === 0)
    throw new RequestError(
      'BAD_ARGUMENT',
      `${name} needs a key and a value: ${command.usage}; - reads the value from stdin, "" is an empty one`,
    );
  const value = rest.length === 1 && rest[0] === '-' ? await valueFromInput(input, signal) : rest.join(' ');
  // Throws for what is too large, as the node would, but before it is sent.
  encodePayload(NO_PUSH, key, value);
  return { command, line: exactAddLine({ key, value, condition }) };
}

async function ask(
  client: NodeClient,
  { command, line }: Asked,
  { directory, err, signal }: OneShotSurroundings,
): Promise<ClientAnswer> {
  const writes = command.effect === 'write';
  const interrupted = new Promise<never>((_resolve, reject) => {
    const end = (): void => reject(writes ? endedWait() : new NodeUnreachableError(ENDED_READ, true));
    signal.addEventListener('abort', end, { once: true });
  });
  const endTelling = writes ? tellWhyWaiting(() => infoOf(directory), err) : () => undefined;
  try {
    return await Promise.race([client.ask(line), interrupted]);
  } catch (thrown) {
    if (writes && thrown instanceof NodeUnreachableError && thrown.sent)
      throw new RequestError('UNKNOWN_OUTCOME', `${thrown.message}; it may or may not be committed`);
    throw thrown;
  } finally {
    endTelling();
  }
}

/** On a connection of its own: on that of an add it would wait for it. */
async function infoOf(directory: string): Promise<NodeInfo> {
  const client = await NodeClient.connect(directory);
  try {
    return (await client.request('info')) as NodeInfo;
  } finally {
    client.close();
  }
}

/** Shows logs, a line each, those that are there and those that come, until the signal ends it. Waits for the node. */
async function follow(
  asked: Asked,
  shot: OneShot,
  { directory, out, err, signal, style }: OneShotSurroundings,
): Promise<number> {
  const show = (logs: readonly LogEntry[]): void => {
    for (const entry of logs) out(shot.json ? JSON.stringify(entry) : renderLogs([entry], style));
  };
  const node = new FollowedNode(directory, err, signal);
  try {
    let next = shot.from;
    if (next === null) {
      const { logs, next: after } = (await node.ask(asked.line)) as LogList;
      show(logs);
      next = after;
    }
    await followLogs(node, next, show, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    node.close();
  }
  return 0;
}
