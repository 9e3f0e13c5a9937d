import { isUtf8 } from 'node:buffer';
import type { PushOptions } from '../../api';
import { RequestError } from '../../errors';

/** On what condition a log is stored; none: wherever the log ends. */
export type AddCondition = Pick<PushOptions, 'ifLast' | 'ifKeyLast'>;

/** What `add_log` and its like store. */
export interface AddWords {
  readonly key: string;
  readonly value: string;
  readonly condition: AddCondition;
}

/** Commands that have the index of a last log before the key. */
const CONDITIONAL = ['add_log_if', 'add_log_if_key'] as const;

/** One of them. */
export type ConditionalAdd = (typeof CONDITIONAL)[number];

/** Whether a command stores its words as they are. */
export function storesItsWords(name: string | undefined): boolean {
  return name === 'add_log' || isConditionalAdd(name);
}

/** Whether a command stores its words as they are, but for an index before them. */
export function isConditionalAdd(name: string | undefined): name is ConditionalAdd {
  return CONDITIONAL.some((each) => each === name);
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
  return { key, value: text.slice(end + 1), condition: {} };
}

/** What stands after `add_log_if` or its like: an index, then what stands after `add_log`. @throws RequestError BAD_ARGUMENT */
export function parseConditionalAdd(name: ConditionalAdd, text: string): AddWords {
  const [, word = '', rest = ''] = /^ *([^ ]*) ?(.*)$/s.exec(text) ?? [];
  return { ...parseAddLine(rest), condition: parseCondition(name, word) };
}

/** The condition that the index before the key is. @throws RequestError BAD_ARGUMENT */
export function parseCondition(name: ConditionalAdd, word: string): AddCondition {
  const index = /^(?:0|[1-9]\d{0,15})$/.test(word) ? Number(word) : NaN;
  const ofKey = name === 'add_log_if_key';
  if (Number.isSafeInteger(index)) return ofKey ? { ifKeyLast: index } : { ifLast: index };
  throw new RequestError(
    'BAD_ARGUMENT',
    `${name} needs the index of the ${ofKey ? 'key’s ' : ''}last log, 0 for none, before the key: ${name} INDEX KEY VALUE…`,
  );
}

/** Stands before the index in an exact line, where that is of the key's last log. */
const OF_KEY = 'key';

/** A line that adds exactly this, whatever is in it. */
export function exactAddLine({ key, value, condition: { ifLast, ifKeyLast } }: AddWords): string {
  const words = ['add_base64', toBase64(key), toBase64(value)];
  if (ifKeyLast !== undefined) words.push(OF_KEY, String(ifKeyLast));
  else if (ifLast !== undefined) words.push(String(ifLast));
  return words.join(' ');
}

/** What stands after `add_base64`. @throws RequestError BAD_ARGUMENT */
export function parseExactAdd(text: string): AddWords {
  const [keyBase64 = '', valueBase64, ...last] = text.split(' ');
  const key = fromBase64(keyBase64);
  const value = valueBase64 === undefined ? null : fromBase64(valueBase64);
  const ofKey = last[0] === OF_KEY;
  const [index, ...others] = ofKey ? last.slice(1) : last;
  if (key === null || value === null || others.length > 0 || (ofKey && index === undefined))
    throw new RequestError(
      'BAD_ARGUMENT',
      'add_base64 needs a key and a value, each UTF-8 in base64, one space between them, and nothing more, or INDEX, or key INDEX',
    );
  if (index === undefined) return { key, value, condition: {} };
  return { key, value, condition: parseCondition(ofKey ? 'add_log_if_key' : 'add_log_if', index) };
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
