import { ANSWER_PIECE_LENGTH } from '../../limits';
import type { LogHistory } from '../../api';
import type { LogEntry } from '../../entry/Entry';
import type { LogList } from '../render/renderTables';
import { piecesOf, type TextPieces } from '../answers/pieces';

/**
 * What JSON.stringify makes of a log, in half its time: it knows the fields, and which of them need no escaping. A log
 * is answered in JSON for every line that a program sends. A long one comes in pieces: JSON may take six times the
 * bytes of its text, and much time.
 */
export function entryJson(entry: LogEntry): TextPieces {
  const { value } = entry.log.value;
  if (value.length > ANSWER_PIECE_LENGTH) return longEntryJson(entry);
  return `${beforeValue(entry)}${textJson(value)}${afterValue(entry)}`;
}

/** What JSON.stringify makes of a list of logs, or of a key's, in pieces. */
export function* listJson({ logs, next }: LogList | LogHistory): Generator<string> {
  yield '{"logs":[';
  for (const [at, entry] of logs.entries()) {
    if (at > 0) yield ',';
    const json = entryJson(entry);
    if (typeof json === 'string') yield json;
    else yield* json;
  }
  yield `],"next":${next}}`;
}

function* longEntryJson(entry: LogEntry): Generator<string> {
  yield `${beforeValue(entry)}"`;
  for (const piece of piecesOf(entry.log.value.value)) yield textJson(piece).slice(1, -1);
  yield `"${afterValue(entry)}`;
}

function beforeValue({ index, term, hash, createdAt, log: { key } }: LogEntry): string {
  return `{"index":${index},"term":${term},"hash":"${hash}","createdAt":${createdAt},"log":{"key":${textJson(key)},"value":{"value":`;
}

function afterValue({ log: { value } }: LogEntry): string {
  return `,"nonce":${value.nonce}}}}`;
}

/** What is written otherwise in JSON is among these: control characters, quotes, backslashes, lone halves of surrogate pairs. */
const ESCAPED = /[\p{Cc}\p{Cs}"\\]/u;

function textJson(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}
