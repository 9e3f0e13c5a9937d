/**
 * All that is used of node:readline beyond its documentation. Tried with Node.js 20.20, 22.23, 24.21 and 26.10; where a
 * member is missing, what is done with it is left out, and the prompt goes on without.
 */
import type { Interface } from 'node:readline';

/** A key as node:readline tells it. */
export interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
}

interface Internals {
  /** Takes a key. */
  _ttyWrite?: (text: string | undefined, key?: Key) => void;
  /** Puts text at the cursor. */
  _insertString?: (text: string) => void;
  /** False while keys arrive together, as those of a paste do. */
  isCompletionEnabled?: boolean;
  /** How many rows above the cursor's the line begins, as it was drawn last. */
  prevRows?: number;
}

/**
 * Shows `intercept` each key before readline takes it, as node:repl does. Where it returns true the key goes no further.
 * U+2028 and U+2029 are typed like any character: some versions end the line at them (HAZARDS, readline 2).
 */
export function interceptKeys(readline: Interface, intercept: (key: Key | undefined) => boolean): void {
  const internals: Internals = readline as Interface & Internals;
  const take = internals._ttyWrite?.bind(readline);
  const insert = internals._insertString?.bind(readline);
  if (take === undefined || insert === undefined) return;
  internals._ttyWrite = (text, key) => {
    if (intercept(key)) return;
    if (text === '\u2028' || text === '\u2029') insert(text);
    else take(text, key);
  };
}

/**
 * Repairs how readline takes pasted text; to be called for each key, before readline takes it.
 *
 * Keys that arrive together are a paste to readline, all but the last of them. It then has two faults. It puts pasted
 * characters at the end of the line wherever the cursor is: with the cursor between "a" and "c", a pasted "b" goes behind
 * the "c". And it does not note that the line may fill more rows by them, so that it draws the line too low the next time.
 * So a key within the line is taken for a typed one, and the rows are counted anew.
 */
export function repairPaste(readline: Interface, key: Key | undefined): void {
  const internals: Internals & Interface = readline;
  const withinLine = readline.cursor < readline.line.length;
  // A tab that is typed would complete the word; a pasted one is a character.
  if (withinLine && key?.name !== 'tab') internals.isCompletionEnabled = true;
  const { rows, cols } = readline.getCursorPos();
  if (internals.isCompletionEnabled !== true || internals.prevRows === rows) return;
  // At column 0 the row above was just filled, and the terminal's cursor is still in that one.
  internals.prevRows = cols === 0 ? rows - 1 : rows;
}

/** How many rows readline goes up before it draws the line again. */
export function rowsAboveCursor(readline: Interface): number {
  return (readline as Interface & Internals).prevRows ?? 0;
}

/** How many rows of the line being typed are below the cursor's. */
export function rowsBelowCursor(readline: Interface): number {
  const { cursor, line } = readline;
  const { rows } = readline.getCursorPos();
  // readline tells only the cursor's own row, so for a moment the cursor stands at the line's end.
  Object.assign(readline, { cursor: line.length });
  const lastRow = readline.getCursorPos().rows;
  Object.assign(readline, { cursor });
  return lastRow - rows;
}
