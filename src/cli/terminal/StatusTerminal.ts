import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';

/** What a terminal's output is: process.stdout. */
export type TerminalOutput = Writable & { readonly columns?: number };

/** Where the cursor stands in the text that was written last. */
export interface CursorPlace {
  /** Rows of that text below the cursor's. */
  readonly rowsBelow: number;
  /** 0 is the leftmost. */
  readonly column: number;
}

/**
 * A terminal with a status line under all else. The line is taken away before each write, and drawn again, under what
 * was written, at the end of that turn of the event loop: readline writes a line in several parts. No mode of the
 * terminal is changed, so that a process that is killed leaves nothing behind but this line.
 */
export class StatusTerminal extends Writable {
  private readonly onResize = (): void => this.resize();
  private render: (columns: number) => string = () => '';
  /** The status line that stands on the screen, and how many rows below the cursor; null when there is none. */
  private drawn: { readonly text: string; readonly down: number } | null = null;
  private scheduled = false;

  /** `cursor` is asked at the end of a turn in which something was written. */
  constructor(
    private readonly terminal: TerminalOutput,
    private readonly cursor: () => CursorPlace,
  ) {
    super({ decodeStrings: false });
    terminal.on('resize', this.onResize);
  }

  /** Width of the terminal, characters; one that does not know it is taken as 80 columns, as everywhere. */
  get columns(): number {
    return this.terminal.columns ?? 80;
  }

  /** Shows what `render` gives for the width at hand, less than a row; nothing where it gives ''. */
  showStatus(render: (columns: number) => string): void {
    this.render = render;
    if (this.drawn?.text === render(this.columns)) return;
    this.draw();
  }

  /** Takes the status line away for good. What is written from now on is only passed on. */
  hideStatus(): void {
    this.render = () => '';
    this.erase();
    this.terminal.off('resize', this.onResize);
  }

  /** Terminals are written to at once: what waited would come after what others write there. */
  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.erase();
    this.terminal.write(chunk);
    done();
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  private erase(): void {
    if (this.drawn === null) return;
    const { down } = this.drawn;
    this.drawn = null;
    moveCursor(this.terminal, 0, down);
    clearLine(this.terminal, 0);
    moveCursor(this.terminal, 0, -down);
  }

  private draw(): void {
    this.erase();
    const text = this.render(this.columns);
    if (text === '') return;
    const { rowsBelow, column } = this.cursor();
    const down = rowsBelow + 1;
    moveCursor(this.terminal, 0, rowsBelow);
    // A line feed, since the screen must scroll where there is no row below.
    this.terminal.write(`\r\n${text}`);
    moveCursor(this.terminal, 0, -down);
    cursorTo(this.terminal, column);
    this.drawn = { text, down };
  }

  /** The terminal may have wrapped the line anew: where it stands is not known, and readline clears all below. */
  private resize(): void {
    this.drawn = null;
    this.emit('resize');
  }
}
