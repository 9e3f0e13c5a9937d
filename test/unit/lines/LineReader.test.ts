import fc from 'fast-check';
import { LineReader, RefusedLine } from '../../../src/lines/LineReader';
import { LINE_BYTES_MAX } from '../../../src/limits';

function readAll(chunks: readonly Buffer[]): (string | { head: string; code: string })[] {
  const reader = new LineReader();
  const lines: (string | { head: string; code: string })[] = [];
  const take = (): void => {
    for (let line = reader.next(); line !== null; line = reader.next())
      lines.push(line instanceof RefusedLine ? { head: line.head, code: line.error.code } : line);
  };
  for (const chunk of chunks) {
    reader.push(chunk);
    take();
  }
  reader.end();
  take();
  return lines;
}

const byteByByte = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.from([byte]));

describe('LineReader', () => {
  test.each([
    ['LF ends a line', 'a\nb\n', ['a', 'b']],
    ['the last line needs no LF', 'a\nb', ['a', 'b']],
    ['one CR before LF is dropped', 'a\r\nb\r\r\n', ['a', 'b\r']],
    ['a lone CR does not split', 'a\rb\n', ['a\rb']],
    ['U+2028, U+2029 and U+0085 do not split', 'a\u2028b\u2029c\u0085d\n', ['a\u2028b\u2029c\u0085d']],
    ['empty lines are lines', '\n\na', ['', '', 'a']],
    ['characters of several bytes', 'zażółć 🦊\n', ['zażółć 🦊']],
    ['U+FFFD itself is a character', 'a\uFFFDb\n', ['a\uFFFDb']],
    ['nothing', '', []],
  ])('%s, whole and byte by byte', (_name, text, lines) => {
    expect(readAll([Buffer.from(text)])).toEqual(lines);
    expect(readAll(byteByByte(Buffer.from(text)))).toEqual(lines);
  });

  test('however the bytes are cut, the lines are the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''))),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (lines, sizes) => {
          const bytes = Buffer.from(lines.map((line) => `${line}|\n`).join(''));
          const chunks: Buffer[] = [];
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const size = sizes[cut % sizes.length] ?? 1;
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(readAll(chunks)).toEqual(lines.map((line) => `${line}|`));
        },
      ),
      { seed: 20_261_125 },
    );
  });

  test('a line that is not UTF-8 is refused, the next one is read', () => {
    const bytes = Buffer.concat([Buffer.from('add_log k \xff', 'latin1'), Buffer.from('\ninfo\n')]);
    expect(readAll([bytes])).toEqual([{ head: 'add_log k \uFFFD', code: 'BAD_ARGUMENT' }, 'info']);
  });

  test.each([-1, 0])('a line of the limit %p is read, with CRLF too', (extra) => {
    const line = 'x'.repeat(LINE_BYTES_MAX + extra);
    expect(readAll([Buffer.from(`${line}\r\n`)])).toEqual([line]);
    expect(
      readAll([Buffer.from(line.slice(0, 10)), Buffer.from(`${line.slice(10)}\r`), Buffer.from('\n')]),
    ).toEqual([line]);
  });

  test('a line over the limit is refused, and read to its end in bounded memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const reader = new LineReader();
    const chunk = Buffer.alloc(65_536, 'x');
    for (let count = 0; count < 3200; count++) {
      reader.push(chunk);
      expect(reader.next()).toBeNull();
      if (count % 100 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(most).toBeLessThan(16 * 1024 * 1024);
    reader.push(Buffer.from('\ninfo\n'));
    const refused = reader.next();
    expect(refused).toBeInstanceOf(RefusedLine);
    expect(refused).toMatchObject({ head: 'x'.repeat(128), error: { code: 'TOO_LARGE' } });
    expect(reader.next()).toBe('info');
  });

  test('one byte over the limit is refused, in one chunk and in two', () => {
    const line = Buffer.from(`${'x'.repeat(LINE_BYTES_MAX + 1)}\nhelp\n`);
    const lines = [{ head: 'x'.repeat(128), code: 'TOO_LARGE' }, 'help'];
    expect(readAll([line])).toEqual(lines);
    expect(readAll([line.subarray(0, 1000), line.subarray(1000)])).toEqual(lines);
  });
});
