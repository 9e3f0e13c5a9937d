const LINE_FEED = 0x0a;
const LETTER_T = 't'.charCodeAt(0);

/** Answers of which one is parsed: enough to check what a load does, few enough to cost nothing. */
const SAMPLE_EVERY = 1024;

/**
 * Goes through the answers to many requests of one command, in order, at little cost; eachLine, which makes a string of
 * each line, would take the time that is measured. It looks for line ends and, in each line, at the one byte where `"ok":true` differs from `"ok":false`. Nothing is copied, but for one line in
 * {@link SAMPLE_EVERY} and what is left of a refusal.
 */
export class AnswerScanner {
  readonly #okAt: number;
  /** Bytes of the current line in chunks before. */
  #column = 0;
  #ok = true;
  /** The parts of the current line that are kept; null while it is not. */
  #kept: Buffer[] | null = [];
  #count = 0;

  /** @param onAnswer told of each answer; `line` of a sampled one, or the end of a refusal from its code on. */
  constructor(
    command: string,
    private readonly onAnswer: (ok: boolean, line: string | null) => void,
  ) {
    this.#okAt = `{"command":"${command}","ok":`.length;
  }

  push(chunk: Buffer): void {
    let start = 0;
    while (start < chunk.length) {
      const feed = chunk.indexOf(LINE_FEED, start);
      const end = feed === -1 ? chunk.length : feed;
      this.#take(chunk, start, end);
      if (feed === -1) return;
      this.#endLine();
      start = feed + 1;
    }
  }

  #take(chunk: Buffer, start: number, end: number): void {
    const okAt = start + this.#okAt - this.#column;
    if (okAt >= start && okAt < end && chunk[okAt] !== LETTER_T) {
      this.#ok = false;
      this.#kept ??= [];
    }
    this.#column += end - start;
    this.#kept?.push(Buffer.from(chunk.subarray(start, end)));
  }

  #endLine(): void {
    const ok = this.#ok && this.#column > this.#okAt;
    const line = this.#kept === null ? null : Buffer.concat(this.#kept).toString('utf8');
    this.#column = 0;
    this.#ok = true;
    this.#kept = ++this.#count % SAMPLE_EVERY === 0 ? [] : null;
    this.onAnswer(ok, line);
  }
}
