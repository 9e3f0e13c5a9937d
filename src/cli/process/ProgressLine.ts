/** How often the line is drawn at most, ms. */
const DRAW_MS = 100;

/** What takes less than this shows nothing, and no time left is guessed from less, ms. */
const QUIET_MS = 500;

const MINUTE_S = 60;
const HOUR_S = 3600;

/**
 * One line on stderr that says how far long work is, where stderr is a terminal; elsewhere nothing is written. It must
 * be cleared before anything else is written to the terminal.
 */
export class ProgressLine {
  private readonly startedAt = performance.now();
  private drawnAt = -Infinity;
  private shown = false;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  /** Shows how much is done of how much, and how long the rest takes at this speed. */
  count(done: number, total: number, unit: string, detail = ''): void {
    const elapsed = performance.now() - this.startedAt;
    if (elapsed < QUIET_MS) return;
    this.show(describeProgress({ done, total, unit, elapsed }) + detail);
  }

  show(text: string): void {
    const now = performance.now();
    if (!this.stream.isTTY || now - this.drawnAt < DRAW_MS) return;
    this.drawnAt = now;
    this.shown = true;
    this.stream.write(`\r\x1b[K${text.slice(0, this.stream.columns - 1)}`);
  }

  /** Writes a line that stays. */
  note(text: string): void {
    this.clear();
    this.stream.write(`${text}\n`);
  }

  clear(): void {
    if (this.shown) this.stream.write('\r\x1b[K');
    this.shown = false;
    this.drawnAt = -Infinity;
  }
}

interface ProgressSoFar {
  readonly done: number;
  /** What was done when the work began: none of its own (default 0). */
  readonly from?: number;
  readonly total: number;
  readonly unit: string;
  /** Since the work began, ms. */
  readonly elapsed: number;
}

/** "120,000 of 200,000 entries, 60 %, 12 s left" */
export function describeProgress({ done, from = 0, total, unit, elapsed }: ProgressSoFar): string {
  const percent = Math.floor((100 * done) / Math.max(total, 1));
  const left =
    done <= from ? '' : `, ${describeSeconds((elapsed * (total - done)) / (done - from) / 1000)} left`;
  return `${grouped(done)} of ${grouped(total)} ${unit}, ${percent} %${left}`;
}

/** A whole number as people read long ones: 1,234,567. */
export function grouped(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function describeSeconds(seconds: number): string {
  if (seconds < 2 * MINUTE_S) return `${Math.ceil(seconds)} s`;
  if (seconds < 2 * HOUR_S) return `${Math.ceil(seconds / MINUTE_S)} min`;
  return `${Math.ceil(seconds / HOUR_S)} h`;
}
