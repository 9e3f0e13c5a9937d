import { isUtf8 } from 'node:buffer';
import { RequestError } from '../errors';
import { LINE_BYTES_MAX } from '../limits';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Bytes of a refused line that are kept, to name its command in the answer. */
const HEAD_BYTES = 128;

/** A line that cannot be a command: the answer to it is `error`. `head` is how it begins. */
export class RefusedLine {
  constructor(
    readonly head: string,
    readonly error: RequestError,
  ) {}
}

/** One line of input, without its end. */
export type InputLine = string | RefusedLine;

/**
 * Bytes to lines. A line ends at LF and nowhere else (not at a lone CR, not at U+2028: HAZARDS, readline 2); one CR
 * before the LF is dropped; the last line needs no LF. A line is decoded whole, so that no character is cut, and
 * must be UTF-8. Over the limit it is read to its end, in bounded memory, and refused.
 *
 * The caller gives a chunk and takes lines until there are none; only then does it give the next chunk, so that at
 * most one chunk and one unfinished line are held.
 */
export class LineReader {
  private chunk: Buffer = Buffer.alloc(0);
  private offset = 0;
  /** The unfinished line: its bytes from the chunks before, at most `keptMax` of them, and how many it has. */
  private partial: Buffer = Buffer.alloc(0);
  private partialBytes = 0;
  private ended = false;
  /** Bytes of an unfinished line that are kept: the one over the limit may be the CR of a line of exactly the limit. */
  private readonly keptMax: number;

  /** `lineMax`: the limit, bytes. Infinity for what comes from a program that is trusted, such as an own node. */
  constructor(private readonly lineMax = LINE_BYTES_MAX) {
    this.keptMax = lineMax + 1;
  }

  /** Gives the next bytes. The chunk before must have been read to its end. */
  push(chunk: Buffer): void {
    this.chunk = chunk;
    this.offset = 0;
  }

  /** Bytes that the unfinished line holds in memory. */
  get unfinishedBytes(): number {
    return Math.min(this.partialBytes, this.keptMax);
  }

  /** Says that no more bytes follow: what is left is the last line. */
  end(): void {
    this.ended = true;
  }

  /** The next line, or null when more bytes are needed (after {@link end}: when there is none). */
  next(): InputLine | null {
    const start = this.offset;
    const feed = start < this.chunk.length ? this.chunk.indexOf(LINE_FEED, start) : -1;
    if (feed === -1) {
      this.keep(start, this.chunk.length);
      this.offset = this.chunk.length;
      return this.ended && this.partialBytes > 0 ? this.takePartial() : null;
    }
    this.offset = feed + 1;
    if (this.partialBytes === 0) return this.decode(this.chunk, start, feed);
    this.keep(start, feed);
    return this.takePartial();
  }

  /** Adds bytes of the chunk to the unfinished line; those that make it too long are only counted. */
  private keep(start: number, end: number): void {
    const kept = Math.min(this.partialBytes + end - start, this.keptMax);
    if (kept > this.partial.length) {
      const larger = Buffer.allocUnsafe(Math.min(2 * kept, this.keptMax));
      this.partial.copy(larger, 0, 0, this.partialBytes);
      this.partial = larger;
    }
    if (this.partialBytes < kept) this.chunk.copy(this.partial, this.partialBytes, start, end);
    this.partialBytes += end - start;
  }

  private takePartial(): InputLine {
    const bytes = this.partial;
    const length = this.partialBytes;
    this.partial = Buffer.alloc(0);
    this.partialBytes = 0;
    return length > this.keptMax ? refuseLength(bytes, 0, bytes.length) : this.decode(bytes, 0, length);
  }

  private decode(bytes: Buffer, start: number, feed: number): InputLine {
    const end = feed > start && bytes[feed - 1] === CARRIAGE_RETURN ? feed - 1 : feed;
    if (end - start > this.lineMax) return refuseLength(bytes, start, end);
    const line = bytes.toString('utf8', start, end);
    // Decoding puts U+FFFD for what is not UTF-8; only a line that has one is looked at twice.
    if (line.includes('\uFFFD') && !isUtf8(bytes.subarray(start, end)))
      return new RefusedLine(
        line.slice(0, HEAD_BYTES),
        new RequestError(
          'BAD_ARGUMENT',
          'the line is not UTF-8: send text in UTF-8, binary data as hex or base64',
        ),
      );
    return line;
  }
}

function refuseLength(bytes: Buffer, start: number, end: number): RefusedLine {
  return new RefusedLine(
    bytes.toString('utf8', start, Math.min(end, start + HEAD_BYTES)),
    new RequestError('TOO_LARGE', `the line is longer than ${LINE_BYTES_MAX} bytes; nothing of it was done`),
  );
}
