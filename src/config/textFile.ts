import { type Stats, readFileSync, statSync } from 'node:fs';
import { type StartError, toError } from '../errors';
import { CONFIG_FILE_BYTES_MAX } from '../limits';

/** Makes the error of a file from a reason that goes on from the file's name: "does not exist". */
export type Refuse = (reason: string) => StartError;

/**
 * Reads a small text file that a person names, once `check` has passed its mode; a byte order mark, as some editors
 * write it, is no part of the text. Pipes and devices, whose reading
 * could wait for ever, are refused.
 */
export function readTextFile(path: string, refuse: Refuse, check?: (stats: Stats) => void): string {
  const stats = attempt(() => statSync(path), refuse);
  if (!stats.isFile()) throw refuse('is not a file');
  if (stats.size > CONFIG_FILE_BYTES_MAX)
    throw refuse(`has ${stats.size} bytes: at most ${CONFIG_FILE_BYTES_MAX} are allowed`);
  check?.(stats);
  return attempt(() => readFileSync(path, 'utf8'), refuse).replace(/^\uFEFF/, '');
}

/**
 * JSON.parse whose error says the line, where that is known, and never quotes the text, which may hold a secret. A name
 * that stands twice in one object, of which JSON.parse would drop one in silence, is refused.
 */
export function parseJson(text: string, refuse: Refuse): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    const position = /at position (\d+)/.exec(toError(thrown).message)?.[1];
    if (position === undefined) throw refuse('is not valid JSON');
    throw refuse(`is not valid JSON: see line ${lineAt(text, Number(position))}`);
  }
  const repeated = findRepeatedName(text);
  if (repeated === null) return parsed;
  const { name, at } = repeated;
  throw refuse(
    `has ${JSON.stringify(name)} twice in one object: see line ${lineAt(text, at)}, and remove one of them`,
  );
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

function attempt<T>(read: () => T, refuse: Refuse): T {
  try {
    return read();
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw refuse('does not exist');
    if (code === 'EACCES' || code === 'EPERM') throw refuse('may not be read by this user');
    throw refuse(`cannot be read (${code ?? message})`);
  }
}

/** A name that an object has twice, and where in the text its second one begins. */
interface RepeatedName {
  readonly name: string;
  readonly at: number;
}

/** The strings and marks of JSON that say what is a name of which object. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** The first name that stands twice in one object of a valid JSON text; null when none does. */
export function findRepeatedName(text: string): RepeatedName | null {
  /** Of each object or list that is open, the innermost last: an object's names. */
  const open: Set<string>[] = [];
  let last: RepeatedName | null = null;
  for (const { 0: token, index: at } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = { name: String(JSON.parse(token)), at };
    else if (last !== null) {
      const names = open.at(-1);
      if (names?.has(last.name) === true) return last;
      names?.add(last.name);
    }
  }
  return null;
}
