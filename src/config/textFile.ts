import { type Stats, readFileSync, statSync } from 'node:fs';
import { type StartError, toError } from '../errors';
import { CONFIG_FILE_BYTES_MAX } from '../limits';

/** Makes the error of a file from a reason that goes on from the file's name: "does not exist". */
export type Refuse = (reason: string) => StartError;

/**
 * Reads a small text file that a person names, once `check` has passed its mode. Pipes and devices, whose reading
 * could wait for ever, are refused.
 */
export function readTextFile(path: string, refuse: Refuse, check?: (stats: Stats) => void): string {
  const stats = attempt(() => statSync(path), refuse);
  if (!stats.isFile()) throw refuse('is not a file');
  if (stats.size > CONFIG_FILE_BYTES_MAX)
    throw refuse(`has ${stats.size} bytes: at most ${CONFIG_FILE_BYTES_MAX} are allowed`);
  check?.(stats);
  return attempt(() => readFileSync(path, 'utf8'), refuse);
}

/** JSON.parse whose error says the line, where that is known, and never quotes the text, which may hold a secret. */
export function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const position = /at position (\d+)/.exec(toError(thrown).message)?.[1];
    if (position === undefined) throw refuse('is not valid JSON');
    throw refuse(`is not valid JSON: see line ${text.slice(0, Number(position)).split('\n').length}`);
  }
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
