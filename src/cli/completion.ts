import { RECENT_KEYS_MAX } from '../limits';
import { COMMANDS, splitLine, type Command } from './CommandTable';

/** The keys of recent `add_log` lines, newest last, for completion. */
export class RecentKeys {
  readonly #keys = new Set<string>();

  /** Takes note of a line's key, if it has one. */
  note(line: string): void {
    const split = splitLine(line);
    const key = split?.name === 'add_log' ? split.text.trimStart().split(' ', 1)[0] : undefined;
    if (key === undefined || key === '') return;
    this.#keys.delete(key);
    this.#keys.add(key);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= RECENT_KEYS_MAX) break;
      this.#keys.delete(oldest);
    }
  }

  /** Those that begin so, newest first. */
  startingWith(start: string): string[] {
    return [...this.#keys].filter((key) => key.startsWith(start)).reverse();
  }
}

/** node:readline's completer: what the part being typed can become, and that part. */
export function complete(
  line: string,
  keys: RecentKeys,
  commands: readonly Command[] = COMMANDS,
): [string[], string] {
  const word = line.trimStart();
  if (!word.includes(' '))
    return [commands.map(({ name }) => `${name} `).filter((name) => name.startsWith(word)), word];
  const key = /^add_log +([^ ]*)$/.exec(word)?.[1];
  return key === undefined ? [[], line] : [keys.startingWith(key).map((each) => `${each} `), key];
}
