/** How often the line is drawn at most, ms. */
const DRAW_MS = 100;

/** One line on a terminal's stderr that says what goes on now. Elsewhere nothing is shown. */
export class Progress {
  #drawnAt = -Infinity;
  #shown = false;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  show(text: string): void {
    const now = performance.now();
    if (!this.stream.isTTY || now - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = now;
    this.#shown = true;
    this.stream.write(`\r\x1b[K${text.slice(0, this.stream.columns - 1)}`);
  }

  /** Writes a line that stays. */
  note(text: string): void {
    this.clear();
    this.stream.write(`${text}\n`);
  }

  clear(): void {
    if (this.#shown) this.stream.write('\r\x1b[K');
    this.#shown = false;
    this.#drawnAt = -Infinity;
  }
}
