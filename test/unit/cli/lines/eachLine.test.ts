import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import { eachLine } from '../../../../src/cli/lines/eachLine';

async function linesOf(...chunks: (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  eachLine(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, 'end');
  return lines;
}

test('a record with a separator of lines in it is one line, on every version of Node.js', async () => {
  const record = JSON.stringify({ msg: 'no such file: a\u2028b\u2029c\u0085d\re' });
  expect(await linesOf(`${record}\n${record}`)).toEqual([record, record]);
});

test('a line and its characters may be cut over chunks', async () => {
  const bytes = Buffer.from('zwölf\nelf\n');
  expect(await linesOf(bytes.subarray(0, 3), bytes.subarray(3, 7), bytes.subarray(7))).toEqual([
    'zwölf',
    'elf',
  ]);
});

test('a line may have any length, or is cut where it has more bytes than it may', async () => {
  const long = 'x'.repeat(3 * 1024 * 1024);
  expect(await linesOf(`${long}\n`)).toEqual([long]);
  const stream = new PassThrough();
  const lines: string[] = [];
  eachLine(stream, (line) => lines.push(line), 1024);
  stream.end(`${long}\nshort\n`);
  await once(stream, 'end');
  expect(lines).toEqual(['x'.repeat(128), 'short']);
});
