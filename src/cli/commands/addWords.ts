import { isUtf8 } from 'node:buffer';
import { RequestError } from '../../errors';

/** What `add_log` and its like store. */
export interface AddWords {
  readonly key: string;
  readonly value: string;
  /** Index of the log behind which it is to be stored; null: wherever the log ends. */
  readonly ifLast: number | null;
}

/** Whether a command stores its words as they are. */
export function storesItsWords(name: string | undefined): boolean {
  return name === 'add_log' || name === 'add_log_if';
}

const QUOTE = '"';

/**
 * What stands after `add_log` in a line: a key, which may stand in double quotes (with \" and \\ in them), one space,
 * and the value, which is the rest of the line as it is. So a value cannot be empty here: at a prompt that is most likely
 * a slip, and a log cannot be taken back.
 *
 * @throws RequestError BAD_ARGUMENT, with what to do.
 */
export function parseAddLine(text: string): AddWords {
  if (keyStart(text) === text.length)
    throw new RequestError('BAD_ARGUMENT', 'add_log needs a key and a value: add_log KEY VALUE…');
  const { key, end } = readKey(text, 'add_log "KEY" VALUE…');
  if (end < text.length && text[end] !== ' ')
    throw new RequestError('BAD_ARGUMENT', 'a space must follow the " that ends a key, and then the value');
  if (end >= text.length - 1)
    throw new RequestError(
      'BAD_ARGUMENT',
      'add_log needs a value after the key: add_log KEY VALUE…; an empty one is given at a shell: npx mokka-cluster add_log KEY ""',
    );
  return { key, value: text.slice(end + 1), ifLast: null };
}

/** What stands after `add_log_if`: an index, then what stands after `add_log`. @throws RequestError BAD_ARGUMENT */
export function parseConditionalAdd(text: string): AddWords {
  const [, word = '', rest = ''] = /^ *([^ ]*) ?(.*)$/s.exec(text) ?? [];
  return { ...parseAddLine(rest), ifLast: parseLastIndex(word) };
}

/** The index that `add_log_if` takes. @throws RequestError BAD_ARGUMENT */
export function parseLastIndex(word: string): number {
  const index = /^(?:0|[1-9]\d{0,15})$/.test(word) ? Number(word) : NaN;
  if (Number.isSafeInteger(index)) return index;
  throw new RequestError(
    'BAD_ARGUMENT',
    'add_log_if needs the index of the last log, 0 for none, before the key: add_log_if INDEX KEY VALUE…',
  );
}

/** A line that adds exactly this, whatever is in it. */
export function exactAddLine({ key, value, ifLast }: AddWords): string {
  const line = `add_base64 ${toBase64(key)} ${toBase64(value)}`;
  return ifLast === null ? line : `${line} ${ifLast}`;
}

/** What stands after `add_base64`. @throws RequestError BAD_ARGUMENT */
export function parseExactAdd(text: string): AddWords {
  const [keyBase64 = '', valueBase64, last, ...others] = text.split(' ');
  const key = fromBase64(keyBase64);
  const value = valueBase64 === undefined ? null : fromBase64(valueBase64);
  if (key !== null && value !== null && others.length === 0)
    return { key, value, ifLast: last === undefined ? null : parseLastIndex(last) };
  throw new RequestError(
    'BAD_ARGUMENT',
    'add_base64 needs a key and a value, each UTF-8 in base64, one space between them, and the last log’s index or nothing',
  );
}

/** The key that a text begins with, spaces aside, and where it ends. `usage`: how it is to be given. @throws RequestError BAD_ARGUMENT */
export function readKey(text: string, usage: string): { key: string; end: number } {
  const start = keyStart(text);
  return text[start] === QUOTE ? quotedKey(text, start, usage) : plainKey(text, start);
}

function keyStart(text: string): number {
  let start = 0;
  while (text[start] === ' ') start++;
  return start;
}

function plainKey(text: string, start: number): { key: string; end: number } {
  const space = text.indexOf(' ', start);
  const end = space === -1 ? text.length : space;
  return { key: text.slice(start, end), end };
}

function quotedKey(text: string, start: number, usage: string): { key: string; end: number } {
  let key = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === QUOTE) return { key, end: at + 1 };
    if (character === '\\') at++;
    const taken = text[at] ?? '';
    if (character === '\\' && taken !== QUOTE && taken !== '\\')
      throw new RequestError('BAD_ARGUMENT', 'in a key in quotes a backslash may stand before " and \\ only');
    key += taken;
  }
  throw new RequestError(
    'BAD_ARGUMENT',
    `the key begins with " and nothing closes it: ${usage}, with \\" for a quote in the key`,
  );
}

/** A text as UTF-8 in base64. */
export function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The text, or null for what is no base64 of UTF-8. */
export function fromBase64(base64: string): string | null {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return null;
  const bytes = Buffer.from(base64, 'base64');
  return isUtf8(bytes) ? bytes.toString() : null;
}
