import { RequestError } from '../../errors';
import { LIST_ENTRIES_DEFAULT, LIST_ENTRIES_MAX } from '../../limits';
import { fromBase64, readKey, toBase64 } from './addWords';
import { wholeNumber } from './wholeNumber';

/** Which logs of a key `history` shows. */
export interface HistoryWords {
  readonly key: string;
  readonly count: number;
  /** Only those before the log with this index; null: all. */
  readonly before: number | null;
}

/** What stands after `get` in a line: a key, in double quotes or not. @throws RequestError BAD_ARGUMENT */
export function parseGet(text: string): string {
  const { key, rest } = keyAndRest(text, 'get KEY');
  if (rest !== '')
    throw new RequestError(
      'BAD_ARGUMENT',
      'get needs one key: get KEY; one with spaces stands in double quotes',
    );
  return key;
}

/** What stands after `history` in a line: a key, a count or none, `--before` and an index or neither. @throws RequestError BAD_ARGUMENT */
export function parseHistory(text: string): HistoryWords {
  const { key, rest } = keyAndRest(text, HISTORY_USAGE);
  const [, count, before] = /^(?:(\d+) *)?(?:--before[ =]+(\d+))?$/.exec(rest) ?? [];
  if (rest !== '' && count === undefined && before === undefined)
    throw new RequestError(
      'BAD_ARGUMENT',
      `history needs a key, and may have a count after it: ${HISTORY_USAGE}`,
    );
  return {
    key,
    count: count === undefined ? LIST_ENTRIES_DEFAULT : numberIn(count, LIST_ENTRIES_MAX, 'the count'),
    before: before === undefined ? null : numberIn(before, Number.MAX_SAFE_INTEGER, '--before'),
  };
}

const HISTORY_USAGE = 'history KEY [COUNT] [--before INDEX]';

/** A line that asks for the last log of exactly this key, whatever is in it. */
export function exactGetLine(key: string): string {
  return `get_base64 ${toBase64(key)}`;
}

/** The same for logs of it. */
export function exactHistoryLine({ key, count, before }: HistoryWords): string {
  return `history_base64 ${toBase64(key)} ${count}${before === null ? '' : ` --before ${before}`}`;
}

/** What stands after `get_base64`. @throws RequestError BAD_ARGUMENT */
export function parseExactGet(text: string): string {
  return decoded(parseGet(text));
}

/** What stands after `history_base64`. @throws RequestError BAD_ARGUMENT */
export function parseExactHistory(text: string): HistoryWords {
  const words = parseHistory(text);
  return { ...words, key: decoded(words.key) };
}

function keyAndRest(text: string, usage: string): { key: string; rest: string } {
  const { key, end } = readKey(text, usage);
  if (key === '' || /^ *--before(?: |=|$)/.test(text))
    throw new RequestError('BAD_ARGUMENT', `a key is missing: ${usage}`);
  if (end < text.length && text[end] !== ' ')
    throw new RequestError('BAD_ARGUMENT', `a space must follow the " that ends a key: ${usage}`);
  return { key, rest: text.slice(end).trim() };
}

function numberIn(digits: string, max: number, what: string): number {
  const number = wholeNumber(digits);
  if (number !== null && number <= max) return number;
  const most = max === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : String(max);
  throw new RequestError('BAD_ARGUMENT', `${what} of history is a plain whole number from 1 to ${most}`);
}

function decoded(base64: string): string {
  const key = fromBase64(base64);
  if (key !== null) return key;
  throw new RequestError('BAD_ARGUMENT', 'the key is UTF-8 in base64 here');
}
