/**
 * What happened in a schedule: a hash over every event, by which two runs are compared, and, where asked for, the
 * events in words. Words cost time, so a schedule that failed is run again with them.
 */
export class Trace {
  readonly words: string[] = [];
  private low = 0x243f6a88;
  private high = 0x13198a2e;

  constructor(private readonly withWords: boolean) {}

  /** 16 hex digits. */
  get hash(): string {
    return hex(this.high) + hex(this.low);
  }

  /** Adds an event. `describe` is called only where words are wanted. */
  add(at: number, kind: string, node: number, detail: number, describe: () => string): void {
    this.fold(at | 0);
    this.fold((at / 2 ** 32) | 0);
    this.foldText(kind);
    this.fold(node);
    this.fold(detail);
    if (this.withWords) this.words.push(`${(at / 1000).toFixed(3).padStart(10)} ms  ${describe()}`);
  }

  /** Adds bytes to the hash. */
  addBytes(bytes: Buffer): void {
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) this.fold(bytes.readInt32LE(at));
    for (; at < bytes.length; at++) this.fold(bytes[at] ?? 0);
  }

  private foldText(text: string): void {
    for (let at = 0; at < text.length; at++) this.fold(text.charCodeAt(at));
  }

  private fold(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x85ebca6b);
    this.low ^= this.low >>> 13;
    this.high = (Math.imul(this.high, 0xc2b2ae35) + this.low) | 0;
    this.high ^= this.high >>> 16;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
