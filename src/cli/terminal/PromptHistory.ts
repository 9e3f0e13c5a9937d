import { appendFileSync, chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { toError } from '../../errors';
import { HISTORY_LINES_MAX, HISTORY_LINE_LENGTH_MAX } from '../../limits';

/** The owner alone may read it: lines hold what was stored. */
const MODE = 0o600;

/**
 * The lines typed at a terminal, kept between runs in a file. A file that cannot be read or written costs only the
 * history: `failed` is told, once.
 */
export class PromptHistory {
  private works = true;

  constructor(
    private readonly file: string,
    private readonly failed: (error: Error) => void,
  ) {}

  /** The lines of earlier runs, newest first (as node:readline wants them), and cuts the file to its limit. */
  load(): string[] {
    let lines: string[] = [];
    this.attempt(() => {
      const all = readLines(this.file);
      lines = all.slice(-HISTORY_LINES_MAX);
      if (all.length > HISTORY_LINES_MAX) {
        const next = `${this.file}.next`;
        writeFileSync(next, lines.map((line) => `${line}\n`).join(''), { mode: MODE });
        renameSync(next, this.file);
      }
    });
    return lines.reverse();
  }

  /** Adds a line. One over HISTORY_LINE_LENGTH_MAX is not kept. */
  add(line: string): void {
    if (line.length > HISTORY_LINE_LENGTH_MAX) return;
    this.attempt(() => {
      appendFileSync(this.file, `${line}\n`, { mode: MODE });
    });
  }

  private attempt(action: () => void): void {
    if (!this.works) return;
    try {
      action();
    } catch (thrown) {
      this.works = false;
      this.failed(toError(thrown));
    }
  }
}

function readLines(file: string): string[] {
  if (!existsSync(file)) return [];
  chmodSync(file, MODE);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
