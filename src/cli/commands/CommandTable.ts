import { RequestError } from '../../errors';
import { LIST_ENTRIES_DEFAULT, LIST_ENTRIES_MAX } from '../../limits';
import type { ClusterNode, MemberStatus, NodeInfo } from '../../api';
import type { LogEntry } from '../../entry/Entry';
import type { CommandLoad } from '../answers/CommandLoad';
import { entryJson, listJson } from './entryJson';
import type { TextPieces } from '../answers/pieces';
import { parseErrorHelp } from './errorHelp';
import { exactKeyCommands, get, history } from './keyCommands';
import { listLogs, tailLogs } from './logLists';
import { renderEntry, renderHelp, renderInfo, type HelpResult, type Style } from '../render/render';
import { renderList, renderStatus, type LogList } from '../render/renderTables';
import { parseAddLine, parseConditionalAdd, parseExactAdd, type AddWords } from './addWords';
import { nearestName } from './nearestName';
import { trim } from './trimCommand';
import { wholeNumber } from './wholeNumber';

/** What a command works with. */
export interface CommandContext {
  readonly node: ClusterNode;
  /** The commands that there are; a node's own where it is left out. */
  readonly commands?: readonly Command[];
  /** Shared by the prompts of a process; one of its own where it is left out. */
  readonly load?: CommandLoad;
}

/**
 * What of one input's commands a command waits for, so that the work does not wait for the order of the answers:
 * - `write`: for the writes before it to be started, so that adds overlap;
 * - `read`: for the writes before it to be answered, so that it sees what they stored;
 * - `look`: until its own answer is due: it tells how things are then, and nothing waits for it;
 * - `control` and `exit`: for all before it, and all after it wait for it.
 */
export type Effect = 'write' | 'read' | 'look' | 'control' | 'exit';

/** One row of the table. A new command is a new row. */
export interface Command<Arguments = unknown, Result = unknown> {
  readonly name: string;
  /** Other words for it. */
  readonly synonyms?: readonly string[];
  /** Its name and arguments, as help shows them. */
  readonly usage: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What else there is to know, in sentences. */
  readonly details?: string;
  readonly effect: Effect;
  /** True for what only programs ask: no list of commands shows it. */
  readonly internal?: true;
  /**
   * Reads what stands after the name and its one space.
   *
   * @throws RequestError BAD_ARGUMENT, with what is expected instead.
   */
  parse(text: string): Arguments;
  /** Does it, and resolves with the `result` of the JSON answer. */
  run(context: CommandContext, given: Arguments): Promise<Result>;
  /** The result as JSON, for commands whose results are so many, or so large, that JSON.stringify is felt. */
  json?(result: Result): TextPieces;
  /** The result as a person reads it. */
  render(result: Result, style: Style): string;
  /** What a terminal that shows the result has to say to it. */
  note?(result: Result): string | null;
  /** Where a terminal that shows the result goes on to show logs as they come: the index of the first. */
  follow?(result: Result): number;
}

const addLog: Command<AddWords, LogEntry> = {
  name: 'add_log',
  usage: 'add_log KEY VALUE…',
  summary: 'store a log; VALUE is the rest of the line',
  details:
    'It answers when the log is on the disks of a majority. "my key" in double quotes is one KEY; VALUE is taken as it is, quotes too.',
  effect: 'write',
  parse: parseAddLine,
  // The node picks the nonce: it knows those of all its inputs.
  run: ({ node }, { key, value, condition }) => node.logApi.push(key, { value }, condition),
  json: entryJson,
  render: renderEntry,
  note: ({ log }) => (isQuoted(log.value.value) ? 'the quotes are part of the value' : null),
};

const addLogIf: Command<AddWords, LogEntry> = {
  ...addLog,
  name: 'add_log_if',
  usage: 'add_log_if INDEX KEY VALUE…',
  summary: 'store a log, if INDEX is that of the last one',
  details:
    'So whoever has read the log up to INDEX, 0 for an empty one, adds only if nobody added before; else CONDITION_FAILED tells the last index.',
  parse: (text) => parseConditionalAdd('add_log_if', text),
};

const addLogIfKey: Command<AddWords, LogEntry> = {
  ...addLog,
  name: 'add_log_if_key',
  usage: 'add_log_if_key INDEX KEY VALUE…',
  summary: 'store a log, if INDEX is that of the last one of KEY',
  details:
    'So whoever has read KEY, with 0 for no log of it, changes it only if nobody did before; else CONDITION_FAILED tells its last index. Where a trim has left none of it, TRIMMED tells the floor, which then stands for INDEX.',
  parse: (text) => parseConditionalAdd('add_log_if_key', text),
};

/** For keys and values that a line cannot hold as they are, like an empty value or one of several lines. */
const addBase64: Command<AddWords, LogEntry> = {
  ...addLog,
  name: 'add_base64',
  usage: 'add_base64 KEY VALUE [[key] INDEX]',
  summary: 'as add_log, add_log_if, or with key before INDEX add_log_if_key, key and value in base64',
  internal: true,
  parse: parseExactAdd,
};

const getLog: Command<number, LogEntry> = {
  name: 'get_log',
  usage: 'get_log INDEX',
  summary: 'show the log with this index',
  details: 'Indexes are 1, 2, 3, … without gaps; what is shown is committed.',
  effect: 'read',
  parse: parseIndex,
  run: async ({ node }, index) => {
    const entry = await node.getDb().getEntry().get(index);
    if (entry === null)
      throw new RequestError('NOT_FOUND', `there is no log ${index} yet: info shows the last index`);
    return entry;
  },
  json: entryJson,
  render: renderEntry,
};

const list: Command<{ from: number; count: number }, LogList> = {
  name: 'list',
  usage: 'list FROM [COUNT]',
  summary: 'show the logs from this index on',
  details: `COUNT is ${LIST_ENTRIES_DEFAULT} where it is left out, at most ${LIST_ENTRIES_MAX}.`,
  effect: 'read',
  parse: parseFromAndCount,
  run: ({ node }, { from, count }) => listLogs(node, from, count),
  json: listJson,
  render: renderList,
};

const tail: Command<number, LogList> = {
  name: 'tail',
  usage: 'tail [N]',
  summary: 'show the last logs; at a terminal also those that follow, until a key is pressed',
  details: `N is ${LIST_ENTRIES_DEFAULT} where it is left out, at most ${LIST_ENTRIES_MAX}.`,
  effect: 'read',
  parse: (text) => (isBlankText(text) ? LIST_ENTRIES_DEFAULT : parseCount(text, 'tail')),
  run: ({ node }, count) => tailLogs(node, count),
  json: listJson,
  render: ({ logs, next }, style) => (logs.length === 0 ? 'no log yet' : renderList({ logs, next }, style)),
  follow: ({ next }) => next,
};

const info: Command<undefined, NodeInfo> = {
  name: 'info',
  usage: 'info',
  summary: 'show this node, its leader and its peers',
  details:
    'Where the log was trimmed, floor is the last log that is forgotten. Where nothing can be committed, its last lines say why and what to do.',
  effect: 'look',
  parse: parseNothing,
  run: ({ node }) => node.getDb().getState().getInfo(),
  render: renderInfo,
};

const status: Command<undefined, { members: readonly MemberStatus[] }> = {
  name: 'status',
  usage: 'status',
  summary: 'show all members, a line each, as this node sees them',
  details:
    'Of each its role, whether it is reachable and if not why, how many entries it is behind the leader, and how its clock differs from this node’s.',
  effect: 'look',
  parse: parseNothing,
  run: async ({ node }) => ({ members: await node.getDb().getState().getStatus() }),
  render: ({ members }, style) => renderStatus(members, style),
};

const help: Command<string, HelpResult> = {
  name: 'help',
  synonyms: ['?'],
  usage: 'help [NAME]',
  summary: 'show the commands, or explain a command or the code of an error; help errors: all codes',
  effect: 'look',
  parse: (text) => text.trim(),
  run: ({ commands = COMMANDS }, word) => Promise.resolve(helpOf(word, commands)),
  render: renderHelp,
};

const exit: Command<undefined, Record<string, never>> = {
  name: 'exit',
  synonyms: ['quit'],
  usage: 'exit',
  summary: 'stop the node, when all lines before are answered',
  effect: 'exit',
  parse: parseNothing,
  run: () => Promise.resolve({}),
  render: () => '',
};

/**
 * What `help` and the word after it, '' for none, answer: it needs no node.
 *
 * @throws RequestError BAD_ARGUMENT for what is neither a command nor a code.
 */
export function helpOf(word: string, commands: readonly Command[] = COMMANDS): HelpResult {
  const one = [...commands, ...FOR_PROGRAMS].filter((each) => isNamed(each, word));
  if (one.length > 0)
    return {
      commands: one.map(({ name, usage, summary, details = '' }) => ({ name, usage, summary, details })),
    };
  const shown = shownCommands(commands);
  const errors = parseErrorHelp(
    word,
    shown.map(({ name }) => name),
  );
  if (errors !== null) return { errors };
  return { commands: shown.map(({ name, usage, summary }) => ({ name, usage, summary })) };
}

/** Every command of a node, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [
  addLog,
  getLog,
  list,
  tail,
  get,
  history,
  addLogIf,
  addLogIfKey,
  trim,
  info,
  status,
  help,
  exit,
];

/** Those that every input takes and no list shows. */
const FOR_PROGRAMS: readonly Command[] = [addBase64, ...exactKeyCommands];

/** Characters of an unknown command that its answer repeats. */
const NAME_SHOWN_MAX = 64;

/** A line taken apart: its first word, and all that follows the one space after it, as typed. */
export interface SplitLine {
  readonly name: string;
  readonly text: string;
}

/** Takes a line apart; null for one of spaces and tabs only, which is skipped. Spaces before the name do not count. */
export function splitLine(line: string): SplitLine | null {
  let start = 0;
  while (isBlank(line, start)) start++;
  if (start === line.length) return null;
  const space = line.indexOf(' ', start);
  if (space === -1) return { name: line.slice(start), text: '' };
  return { name: line.slice(start, space), text: line.slice(space + 1) };
}

/**
 * The command with this name.
 *
 * @throws RequestError BAD_COMMAND when there is none.
 */
export function findCommand(name: string, commands: readonly Command[] = COMMANDS): Command {
  const command = [...commands, ...FOR_PROGRAMS].find((each) => isNamed(each, name));
  if (command !== undefined) return command;
  throw unknownCommand(
    name,
    shownCommands(commands).map((each) => each.name),
  );
}

/** Whether a node has a command of this name. */
export function isCommand(name: string): boolean {
  return [...COMMANDS, ...FOR_PROGRAMS].some((each) => isNamed(each, name));
}

function isNamed({ name, synonyms = [] }: Command, word: string): boolean {
  return name === word || synonyms.includes(word);
}

/** That there is no such command, and what may have been meant of these. */
export function unknownCommand(name: string, names: readonly string[]): RequestError {
  const nearest = name.length <= NAME_SHOWN_MAX ? nearestName(name, names) : null;
  const advice = nearest === null ? `use one of ${names.join(', ')}` : `did you mean ${nearest}?`;
  return new RequestError('BAD_COMMAND', `there is no command ${JSON.stringify(shownName(name))}: ${advice}`);
}

/** Those that people are shown. */
export function shownCommands(commands: readonly Command[]): readonly Command[] {
  return commands.filter(({ internal }) => internal !== true);
}

/** A command's name as an answer repeats it, however long the word was. */
export function shownName(name: string): string {
  return name.length <= NAME_SHOWN_MAX ? name : `${name.slice(0, NAME_SHOWN_MAX)}…`;
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}

function isQuoted(value: string): boolean {
  return value.length > 1 && ['"', "'"].some((quote) => value.startsWith(quote) && value.endsWith(quote));
}

function parseIndex(text: string): number {
  const index = wholeNumber(text);
  if (index !== null) return index;
  throw new RequestError('BAD_ARGUMENT', 'get_log needs one index, a plain whole number from 1 to 2^53 - 1');
}

function parseFromAndCount(text: string): { from: number; count: number } {
  const [, first = '', second] = /^ *([^ ]+)(?: +([^ ]+))? *$/.exec(text) ?? [];
  const from = wholeNumber(first);
  if (from === null)
    throw new RequestError(
      'BAD_ARGUMENT',
      'list needs an index, a plain whole number from 1 to 2^53 - 1, and may have a count after it: list FROM [COUNT]',
    );
  return { from, count: second === undefined ? LIST_ENTRIES_DEFAULT : parseCount(second, 'list') };
}

function parseCount(text: string, command: string): number {
  const count = wholeNumber(text);
  if (count !== null && count <= LIST_ENTRIES_MAX) return count;
  throw new RequestError(
    'BAD_ARGUMENT',
    `the count of ${command} is a plain whole number from 1 to ${LIST_ENTRIES_MAX}`,
  );
}

function isBlankText(text: string): boolean {
  return !/[^ \t]/.test(text);
}

function parseNothing(text: string): undefined {
  if (!isBlankText(text))
    throw new RequestError('BAD_ARGUMENT', 'this command takes no arguments: type its name alone');
}
