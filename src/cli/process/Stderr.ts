/** stderr, shared by log records and last words: in a terminal with a prompt, above the line being typed. */
export class Stderr {
  /** Set by a prompt at the same terminal. */
  writeAbove: ((text: string) => void) | null = null;

  constructor(readonly stream: NodeJS.WriteStream) {
    // A closed stderr reports an error for each write; records that nobody reads are no reason to stop.
    stream.on('error', () => undefined);
  }

  /** Writes a line. */
  writeLine(text: string): void {
    if (this.writeAbove === null) this.stream.write(`${text}\n`);
    else this.writeAbove(text);
  }
}
