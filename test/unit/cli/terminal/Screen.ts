import { PassThrough } from 'node:stream';

/** A terminal's output, and what a person then sees: as far as node:readline and this project use terminals. */
export class Screen extends PassThrough {
  /** All that was written. */
  written = '';
  #rows: (string | undefined)[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(
    public columns: number,
    private readonly height: number,
  ) {
    super({ encoding: 'utf8' });
    this.on('data', (text: string) => this.#take(text));
  }

  /** The rows from the first to the last that has something, with `|` where the cursor is. */
  get shown(): string[] {
    const texts = this.#rows.map((row) => Array.from(row, (character) => character ?? ' ').join(''));
    const text = (texts[this.#row] ?? '').padEnd(this.#column);
    texts[this.#row] = `${text.slice(0, this.#column)}|${text.slice(this.#column)}`;
    while (texts.at(-1) === '') texts.pop();
    return texts;
  }

  /** Another width, for what is written from now on: what stands there is not wrapped anew. */
  resize(columns: number): void {
    this.columns = columns;
    this.emit('resize');
  }

  #take(text: string): void {
    this.written += text;
    const told = new RegExp(String.raw`${'\x1b'}\[([0-9;]*)([A-Za-z])|([^])`, 'gu');
    for (const [, given = '', command, character = ''] of text.matchAll(told))
      if (command === undefined) this.#put(character);
      else this.#do(command, given);
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#lineFeed();
    else {
      if (this.#column === this.columns) this.#lineFeed();
      this.#current[this.#column++] = character;
    }
  }

  /** As a terminal that Node.js has set to raw: to the start of the next row. */
  #lineFeed(): void {
    this.#column = 0;
    this.#row++;
    this.#rows[this.#row] ??= [];
    if (this.#row < this.height) return;
    this.#rows.shift();
    this.#row--;
  }

  #do(command: string, given: string): void {
    const count = Math.max(Number(given), 1);
    const column = Math.min(this.#column, this.columns - 1);
    if (command === 'A') this.#go(this.#row - count, column);
    else if (command === 'B') this.#go(this.#row + count, column);
    else if (command === 'C') this.#go(this.#row, column + count);
    else if (command === 'D') this.#go(this.#row, column - count);
    else if (command === 'G') this.#go(this.#row, count - 1);
    else if (command === 'K' && given === '2') this.#rows[this.#row] = [];
    else if (command === 'J' && Number(given) === 0) {
      this.#current.length = Math.min(this.#current.length, this.#column);
      this.#rows.length = this.#row + 1;
    } else if (command !== 'm') throw new Error(`the screen knows no ${given}${command}`);
  }

  #go(row: number, column: number): void {
    this.#row = Math.min(Math.max(row, 0), this.height - 1);
    for (let each = this.#rows.length; each <= this.#row; each++) this.#rows[each] = [];
    this.#column = Math.min(Math.max(column, 0), this.columns - 1);
  }

  get #current(): (string | undefined)[] {
    return (this.#rows[this.#row] ??= []);
  }
}
