import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/**
 * Calls `take` with each line of what a process writes. A line ends at LF alone, as the product's do, and may be of any
 * length: node:readline ends one at U+2028 too, on some versions of Node.js.
 */
export function eachLine(stream: Readable, take: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  stream.on('data', (chunk: Buffer) => {
    const [first = '', ...others] = decoder.write(chunk).split('\n');
    parts.push(first);
    for (const next of others) {
      take(parts.join(''));
      parts = [next];
    }
  });
  stream.once('end', () => {
    const last = parts.join('') + decoder.end();
    if (last !== '') take(last);
  });
}
