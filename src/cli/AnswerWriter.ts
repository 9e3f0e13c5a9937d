import type { Writable } from 'node:stream';

/** Characters that are written without waiting for the end of the turn. */
const WAITING_LENGTH_MAX = 65_536;

/**
 * Writes lines to stdout: those of one turn of the event loop in one write. When the reader is slow, `hasRoom` is
 * false until `onRoom`; when it has gone (EPIPE), `onClosed` is called once and what follows is dropped.
 */
export class AnswerWriter {
  readonly #output: Writable;
  readonly #onClosed: () => void;
  #waiting = '';
  #scheduled = false;
  #closed = false;

  constructor(output: Writable, events: { onRoom: () => void; onClosed: () => void }) {
    this.#output = output;
    this.#onClosed = events.onClosed;
    output.on('drain', events.onRoom);
    // The listener stays: a closed stdout reports an error for each write.
    output.on('error', () => this.#close());
    output.on('close', () => this.#close());
  }

  /** Whether more answers should be made now. */
  get hasRoom(): boolean {
    return this.#closed || !this.#output.writableNeedDrain;
  }

  /** Writes text, soon. */
  write(text: string): void {
    if (this.#closed) return;
    this.#waiting += text;
    if (this.#waiting.length > WAITING_LENGTH_MAX) this.#writeWaiting();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeWaiting();
    });
  }

  /** Resolves when all text so far is handed to the system, or the reader is gone. */
  flush(): Promise<void> {
    this.#writeWaiting();
    if (this.#closed || this.#output.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => resolve();
      this.#output.once('close', done);
      this.#output.once('error', done);
      this.#output.write('', done);
    });
  }

  #writeWaiting(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '' && !this.#closed) this.#output.write(text);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = '';
    this.#onClosed();
  }
}
