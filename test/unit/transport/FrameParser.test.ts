import fc from 'fast-check';
import { ProtocolError } from '../../../src/errors';
import { FrameParser } from '../../../src/transport/FrameParser';
import { encodeFrame } from '../../../src/transport/frames';

const BYTES_MAX = 4096;

/** axon's own encoder. */
const amp = jest.requireActual<{ encode(args: Buffer[]): Buffer }>('amp');

const argument = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const frame = fc.array(argument, { minLength: 1, maxLength: 15 });

/** Text, since comparing thousands of Buffers one by one takes jest seconds. */
function hex(frames: readonly (readonly Buffer[])[]): string {
  return frames.map((args) => args.map((arg) => arg.toString('hex')).join(' ')).join('\n');
}

function parse(chunks: readonly Buffer[], bytesMax = BYTES_MAX): { frames: Buffer[][]; parser: FrameParser } {
  const frames: Buffer[][] = [];
  const parser = new FrameParser(bytesMax, (args) => frames.push(args.map((arg) => Buffer.from(arg))));
  for (const chunk of chunks) parser.push(chunk);
  return { frames, parser };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...at.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  return ends.map((end) => bytes.subarray(start, (start = end)));
}

/** How many bytes of an endless frame a parser takes before it refuses. */
function bytesTaken(declared: Buffer): number {
  const parser = new FrameParser(BYTES_MAX, () => undefined);
  let taken = 0;
  try {
    for (const byte of declared) {
      parser.push(Buffer.from([byte]));
      taken++;
    }
    for (;;) parser.push(Buffer.alloc(1, taken++));
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return taken;
  }
}

test('encodes as axon does', () => {
  fc.assert(
    fc.property(frame, (args) => {
      expect(encodeFrame(args).equals(amp.encode(args))).toBe(true);
    }),
  );
});

test('gives back frames that arrive whole, byte by byte, and cut anywhere', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), fc.array(fc.nat()), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map((args) => encodeFrame(args)));
      expect(hex(parse([bytes]).frames)).toBe(hex(frames));
      expect(hex(parse([...bytes].map((byte) => Buffer.from([byte]))).frames)).toBe(hex(frames));
      expect(hex(parse(cut(bytes, cuts)).frames)).toBe(hex(frames));
    }),
  );
});

test('knows whether it is within a frame', () => {
  const bytes = encodeFrame([Buffer.from('one'), Buffer.from('two')]);
  for (let length = 0; length <= bytes.length; length++) {
    const { parser, frames } = parse([bytes.subarray(0, length)]);
    expect(parser.isWithinFrame).toBe(length > 0 && length < bytes.length);
    expect(frames).toHaveLength(length === bytes.length ? 1 : 0);
  }
});

test('takes a frame of just the limit, and refuses one more byte as soon as it is declared', () => {
  const fits = encodeFrame([Buffer.alloc(BYTES_MAX - 5)]);
  expect(parse([fits]).frames).toHaveLength(1);
  const tooLong = encodeFrame([Buffer.alloc(BYTES_MAX - 4)]);
  expect(bytesTaken(tooLong.subarray(0, 5))).toBe(4);
});

test('refuses 4 GiB when its length is declared, in the first argument and in the last', () => {
  expect(bytesTaken(Buffer.from('11ffffffff', 'hex'))).toBe(4);
  expect(bytesTaken(Buffer.from('120000000161ffffffff', 'hex'))).toBe(9);
});

test('refuses a sum of arguments over the limit', () => {
  const args = Array.from({ length: 15 }, () => Buffer.alloc(BYTES_MAX / 10));
  expect(() => parse([encodeFrame(args)])).toThrow(ProtocolError);
});

test.each(['00', '10', '21', 'ff', Buffer.from('GET / HTTP/1.1').toString('hex')])(
  'refuses the beginning %s',
  (hex) => {
    expect(() => parse([Buffer.from(hex, 'hex')])).toThrow(ProtocolError);
  },
);

test('random bytes either wait for more or are refused, and never hold more than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 }), (chunks) => {
      let held = 0;
      const parser = new FrameParser(BYTES_MAX, () => (held = 0));
      try {
        for (const chunk of chunks) {
          held += chunk.length;
          parser.push(Buffer.from(chunk));
          if (!parser.isWithinFrame) held = 0;
          if (held > BYTES_MAX + 300) throw new Error(`${held} bytes are held`);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});

test('a frame that comes byte by byte takes no more memory than its bytes', () => {
  const bytesMax = 1 << 20;
  const parser = new FrameParser(bytesMax, () => undefined);
  parser.push(encodeFrame([Buffer.alloc(bytesMax - 5)]).subarray(0, 5));
  const before = process.memoryUsage();
  for (let n = 0; n < bytesMax - 6; n++) parser.push(Buffer.from([0]));
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  expect(parser.isWithinFrame).toBe(true);
  expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(20 * bytesMax);
});

test('a limit set anew counts from the next frame', () => {
  const frames: Buffer[][] = [];
  const parser: FrameParser = new FrameParser(16, (args) => {
    frames.push(args);
    parser.bytesMax = BYTES_MAX;
  });
  parser.push(Buffer.concat([encodeFrame([Buffer.alloc(8)]), encodeFrame([Buffer.alloc(1000)])]));
  expect(frames.map(([arg]) => arg?.length)).toEqual([8, 1000]);
});
