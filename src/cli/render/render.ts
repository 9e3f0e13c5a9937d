import type { NodeInfo, PeerInfo } from '../../api';
import type { LogEntry } from '../../entry/Entry';
import { escapeControls } from '../../escapeControls';
import { columnsOf, splitCharacters } from './columns';

/** What the terminal can show. */
export interface Style {
  /** Width of the terminal, characters. */
  readonly columns: number;
  readonly color: boolean;
}

/** Lines that a value may fill before it is shortened. */
const VALUE_LINES_MAX = 5;

/** Narrower than this, lines are left to wrap. */
const COLUMNS_MIN = 20;

const LABEL_GAP = 2;

/** What a text may be painted in. */
export type Color = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const COLOR_CODES: Record<Color, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/** What to do after an error, beside what its message says. */
const HINTS: Readonly<Partial<Record<string, string>>> = {
  BAD_COMMAND: 'help lists the commands',
  NO_LEADER: 'nothing was stored: try again; info says which nodes are missing',
  BUSY: 'nothing was stored: try again when some of the others are answered',
  UNKNOWN_OUTCOME: 'it may have been stored: look for it before you try again',
  INTERNAL: 'the node’s log on stderr has the details',
};

/** Text in a colour, where colours are wanted. */
export function paint(text: string, color: Color, style: Style): string {
  return style.color ? `\x1b[${COLOR_CODES[color]}m${text}\x1b[0m` : text;
}

/** A log entry, a field a line. */
export function renderEntry(entry: LogEntry, style: Style): string {
  const { key, value } = entry.log;
  return renderFields(
    [
      ['index', String(entry.index)],
      ['key', key],
      ['value', value.value],
      ['term', String(entry.term)],
      ['createdAt', localTime(entry.createdAt)],
      ['nonce', String(value.nonce)],
      ['hash', entry.hash],
    ],
    style,
  );
}

/** What a node says of itself, its peers below. */
export function renderInfo(info: NodeInfo, style: Style): string {
  const leader = info.leader === null ? 'none' : `node ${info.leader}`;
  const fields = renderFields(
    [
      ['node', `${info.node} (${info.state})`],
      ['leader', leader],
      ['currentTerm', String(info.currentTerm)],
      ['membership', info.membership],
      ['index', String(info.index)],
      ['committedIndex', String(info.committedIndex)],
      ...floorField(info),
      ['term', String(info.term)],
      ['createdAt', createdWords(info)],
      ['hash', info.hash],
    ],
    style,
  );
  const peers = info.peers.map((peer) => renderPeer(peer, style));
  const problem =
    info.problem === null ? [] : [paint(wrap(escapeControls(info.problem), style.columns), 'yellow', style)];
  return [fields, ...peers, ...problem].join('\n');
}

/** Nobody needs to be told of a log that is whole. */
function floorField({ floor }: NodeInfo): [string, string][] {
  return floor === 0 ? [] : [['floor', `${floor} (trimmed: the log begins with ${floor + 1})`]];
}

function createdWords({ index, createdAt }: NodeInfo): string {
  if (createdAt > 0) return localTime(createdAt);
  return index === 0 ? 'no log yet' : 'unknown: the last log is trimmed';
}

function renderPeer(peer: PeerInfo, style: Style): string {
  const state = peer.connected ? 'connected' : 'unreachable';
  const match = peer.matchIndex === undefined ? '' : `, holds ${peer.matchIndex}`;
  const reason = peer.connected || peer.reason === undefined ? '' : `: ${peer.reason}`;
  const line = `peer ${peer.node} at ${hostAndPort(peer.address)} ${state}${match}${reason}`;
  return paint(wrap(escapeControls(line), style.columns), peer.connected ? 'green' : 'red', style);
}

/** What is to know of a code. */
export interface ErrorHelp {
  readonly code: string;
  /** What a program ends with; null: no program can end with it. */
  readonly status: number | null;
  readonly happened: string;
  readonly advice: string;
}

/** What is to know of a command. */
export interface CommandHelp {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Where one command was asked for: what else there is to know, '' for nothing. */
  readonly details?: string;
}

/** What `help` answers: the commands, or the command or the codes that were asked for. */
export interface HelpResult {
  readonly commands?: readonly CommandHelp[];
  readonly errors?: readonly ErrorHelp[];
}

/** The commands and what they do, or codes and what to do. */
export function renderHelp({ commands = [], errors = [] }: HelpResult, style: Style): string {
  if (errors.length > 0) return errors.map((error) => renderErrorHelp(error, style)).join('\n');
  const width = Math.max(...commands.map(({ usage }) => usage.length)) + LABEL_GAP;
  const fits = commands.every(({ summary }) => width + summary.length <= style.columns);
  return commands
    .map(({ usage, summary, details }) => {
      if (fits && details === undefined) return paint(usage.padEnd(width), 'bold', style) + summary;
      const text = details === undefined ? summary : `${summary}. ${details}`.trimEnd();
      return `${paint(usage, 'bold', style)}\n${wrap(text, style.columns, '  ')}`;
    })
    .join('\n');
}

function renderErrorHelp({ code, status, happened, advice }: ErrorHelp, style: Style): string {
  const title = status === null ? code : `${code} (status ${status})`;
  return `${paint(title, 'bold', style)}\n${wrap(`${happened}: ${advice}`, style.columns, '  ')}`;
}

/** An error, and what to do next. */
export function renderError(error: { code: string; message: string }, style: Style): string {
  const hint = HINTS[error.code];
  const first = wrap(escapeControls(`${error.code}: ${error.message}`), style.columns);
  const lines = [paint(first, 'red', style)];
  if (hint !== undefined) lines.push(paint(wrap(hint, style.columns, '  '), 'dim', style));
  return lines.join('\n');
}

/** A time as people here read it: local, with ms. */
export function localTime(ms: number): string {
  const date = new Date(ms);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** A host and port out of a node's address, without the public key. */
export function hostAndPort(address: string): string {
  return address.replace(/^tcp:\/\//, '').replace(/\/[0-9a-f]*$/, '');
}

/** Words in lines of at most `columns`, each after `indent`. A longer word stays whole; lines stay lines. */
export function wrap(text: string, columns: number, indent = ''): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, columns, indent))
    .join('\n');
}

function wrapLine(text: string, columns: number, indent: string): string {
  const width = Math.max(columns, COLUMNS_MIN);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(indent + line);
  return lines.join('\n');
}

function renderFields(fields: readonly (readonly [string, string])[], style: Style): string {
  const labelWidth = Math.max(...fields.map(([label]) => label.length)) + LABEL_GAP;
  const room = Math.max(style.columns, COLUMNS_MIN) - labelWidth;
  const indent = ' '.repeat(labelWidth);
  return fields
    .map(([label, value]) => {
      const lines = foldValue(value, room, label === 'hash' ? 1 : VALUE_LINES_MAX);
      return paint(label.padEnd(labelWidth), 'dim', style) + lines.join(`\n${indent}`);
    })
    .join('\n');
}

/** A value in at most `linesMax` lines of `room` columns; one that does not fit ends with its length. */
function foldValue(value: string, room: number, linesMax: number): string[] {
  const note = `… (${value.length} characters)`;
  // Only what may be shown is looked at: a value may have a million characters.
  const start = value.slice(0, room * linesMax + 1);
  const characters = splitCharacters(escapeControls(start));
  const whole = fold(characters, room, linesMax, 0);
  if (start === value && whole.used === characters.length) return whole.lines;
  const cut = fold(characters, room, linesMax, note.length);
  return [...cut.lines.slice(0, -1), (cut.lines.at(-1) ?? '') + note];
}

/** Fills lines with characters, leaves `reserved` columns free in the last one, and says how many it used. */
function fold(
  characters: readonly string[],
  room: number,
  linesMax: number,
  reserved: number,
): { lines: string[]; used: number } {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  let used = 0;
  for (const character of characters) {
    const wide = columnsOf(character);
    const last = lines.length === linesMax - 1;
    if (width + wide > (last ? room - reserved : room)) {
      if (last) break;
      lines.push(line);
      line = '';
      width = 0;
    }
    line += character;
    width += wide;
    used++;
  }
  return { lines: [...lines, line], used };
}

/** Text cut to a number of columns; what was cut ends with "…". */
export function fitColumns(text: string, columns: number): string {
  const room = Math.max(columns, 1);
  const characters = splitCharacters(text.slice(0, room * 4));
  const whole = fold(characters, room, 1, 0);
  if (whole.used === characters.length && text.length <= room * 4) return text;
  return `${fold(characters, room, 1, 1).lines[0] ?? ''}…`;
}
