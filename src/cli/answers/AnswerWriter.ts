import type { Writable } from 'node:stream';
import { ANSWER_PIECE_LENGTH } from '../../limits';
import type { TextPieces } from './pieces';
import type { Turns } from './Turns';

/** Characters that are written without waiting for the end of the turn. */
const WAITING_LENGTH_MAX = 65_536;

/** What a writer tells, and what it shares with others. */
export interface WriterEnvironment {
  /** There is room again. */
  readonly onRoom: () => void;
  /** Nobody reads any more; called once. */
  readonly onClosed: () => void;
  readonly turns: Turns;
}

/**
 * Writes answers: short ones of one turn of the event loop in one write; a long one a piece at a time, each only made
 * when the reader has taken those before it. While the reader is slow or a long answer is under way, `hasRoom` is false
 * until `onRoom`. When the reader has gone (EPIPE), `onClosed` is called and what follows is dropped.
 */
export class AnswerWriter {
  private waiting = '';
  /** What is left of a long answer. */
  private pieces: Iterator<string> | null = null;
  private scheduled = false;
  /** Whether the next turn goes on with it. */
  private goesOn = false;
  private closed = false;
  private onIdle: () => void = () => undefined;

  constructor(
    private readonly output: Writable,
    private readonly environment: WriterEnvironment,
  ) {
    output.on('drain', () => this.goOn());
    // The listener stays: a closed stdout reports an error for each write.
    output.on('error', () => this.close());
    output.on('close', () => this.close());
  }

  /** Whether an answer may be written now. */
  get hasRoom(): boolean {
    return this.closed || (this.pieces === null && !this.output.writableNeedDrain);
  }

  /** Writes an answer, soon: only when there is room. */
  write(answer: TextPieces): void {
    if (this.closed) return;
    if (typeof answer === 'string') {
      this.waiting += answer;
      this.writeSoon();
    } else {
      this.pieces = answer[Symbol.iterator]();
      this.writePieces();
    }
  }

  /** Resolves when all answers so far are handed to the system, or the reader is gone. */
  async flush(): Promise<void> {
    while (this.pieces !== null) await new Promise<void>((resolve) => (this.onIdle = resolve));
    this.writeWaiting();
    if (this.closed || this.output.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => resolve();
      this.output.once('close', done);
      this.output.once('error', done);
      this.output.write('', done);
    });
  }

  /** Goes on with a long answer, as far as the reader and the turn let it. */
  private writePieces(): void {
    if (this.pieces === null) return;
    while (!this.output.writableNeedDrain) {
      if (this.environment.turns.over) {
        this.goOnSoon();
        return;
      }
      const piece = this.pieces.next();
      if (piece.done === true) {
        this.endPieces();
        this.writeSoon();
        return;
      }
      this.waiting += piece.value;
      if (this.waiting.length > ANSWER_PIECE_LENGTH) this.writeWaiting();
    }
  }

  private goOnSoon(): void {
    if (this.goesOn) return;
    this.goesOn = true;
    this.environment.turns.soon(() => {
      this.goesOn = false;
      this.goOn();
    });
  }

  private goOn(): void {
    this.writePieces();
    if (this.hasRoom) this.environment.onRoom();
  }

  private endPieces(): void {
    this.pieces = null;
    this.onIdle();
  }

  private writeSoon(): void {
    if (this.waiting.length > WAITING_LENGTH_MAX) this.writeWaiting();
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.writeWaiting();
    });
  }

  private writeWaiting(): void {
    const text = this.waiting;
    this.waiting = '';
    if (text !== '' && !this.closed) this.output.write(text);
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.waiting = '';
    this.endPieces();
    this.environment.onClosed();
  }
}
