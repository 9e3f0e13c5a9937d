import { RECENT_KEYS_MAX } from '../../limits';
import { COMMANDS, shownCommands, splitLine, type Command } from '../commands/CommandTable';

/** A key as it is typed after `add_log`, in quotes or not. */
const TYPED_KEY = /^ *("(?:[^"\\]|\\["\\])*"|[^ "][^ ]*)/;

/** The same while it is being typed. */
const BEGUN_KEY = /^(?:add_log|get|history) +("(?:[^"\\]|\\.)*|[^ "][^ ]*|)$/;

/** The keys of recent `add_log` lines, newest last, for completion. */
export class RecentKeys {
  private readonly keys = new Set<string>();

  /** Takes note of a line's key, if it has one. */
  note(line: string): void {
    const split = splitLine(line);
    const key = split?.name === 'add_log' ? TYPED_KEY.exec(split.text)?.[1] : undefined;
    if (key === undefined) return;
    this.keys.delete(key);
    this.keys.add(key);
    for (const oldest of this.keys) {
      if (this.keys.size <= RECENT_KEYS_MAX) break;
      this.keys.delete(oldest);
    }
  }

  /** Those that begin so, newest first. */
  startingWith(start: string): string[] {
    return [...this.keys].filter((key) => key.startsWith(start)).reverse();
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
    return [
      shownCommands(commands)
        .map(({ name }) => `${name} `)
        .filter((name) => name.startsWith(word)),
      word,
    ];
  const key = BEGUN_KEY.exec(word)?.[1];
  return key === undefined ? [[], line] : [keys.startingWith(key).map((each) => `${each} `), key];
}
