import type { Readable } from 'node:stream';
import { LineReader, type InputLine } from '../../lines/LineReader';

/**
 * Calls `take` with each line of a stream, as {@link LineReader} ends them: readline also ends one at U+2028 on some
 * versions of Node.js, in the middle of a record (HAZARDS, readline 2). Of a line over `lineMax` bytes it gives the
 * beginning; without it lines may have any length.
 */
export function eachLine(stream: Readable, take: (line: string) => void, lineMax = Infinity): void {
  const reader = new LineReader(lineMax);
  const takeAll = (): void => {
    for (let line = reader.next(); line !== null; line = reader.next()) take(textOf(line));
  };
  stream.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    takeAll();
  });
  stream.once('end', () => {
    reader.end();
    takeAll();
  });
}

function textOf(line: InputLine): string {
  return typeof line === 'string' ? line : line.head;
}
