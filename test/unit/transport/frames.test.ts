import fc from 'fast-check';
import { ProtocolError } from '../../../src/errors';
import { ANSWER_PACKETS_MAX, FRAME_BYTES_MAX, PACKET_BYTES_MAX } from '../../../src/limits';
import { FrameParser } from '../../../src/transport/FrameParser';
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeFrame,
  encodeKeepAlive,
  encodeRequest,
} from '../../../src/transport/frames';

/** axon's own reading of a frame: what it takes for strings and for JSON included. */
const Message = jest.requireActual<new (frame: Buffer) => { args: unknown[] }>('amp-message');

function argsOf(frame: Buffer): Buffer[] {
  let found: Buffer[] = [];
  new FrameParser(FRAME_BYTES_MAX, (args) => (found = args)).push(frame);
  return found;
}

const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array));
const requestId = fc.nat().map(String);

test('a request comes back as it was', () => {
  fc.assert(
    fc.property(bytes, requestId, (packet, id) => {
      expect(decodeRequest(argsOf(encodeRequest(packet, id)))).toEqual({ id, packets: [packet] });
    }),
  );
});

test('an answer comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: ANSWER_PACKETS_MAX }), requestId, (packets, id) => {
      expect(decodeAnswer(argsOf(encodeAnswer(packets, id)))).toEqual({ id, packets });
    }),
  );
});

test('axon itself reads the frames, and takes no packet for a string or for JSON', () => {
  const packet = Buffer.from('j:{broken');
  const kinded = Buffer.concat([Buffer.from([1]), packet]);
  expect(new Message(encodeRequest(packet, '7')).args).toEqual([kinded, '7']);
  expect(new Message(encodeAnswer([packet], '7')).args).toEqual([null, kinded, '7']);
});

test('the largest packet fits a frame, as request and as answer', () => {
  const packet = Buffer.alloc(PACKET_BYTES_MAX);
  expect(encodeRequest(packet, '9'.repeat(16)).length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
  expect(encodeAnswer([packet], '9'.repeat(16)).length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
});

const packet = Buffer.from('\x01packet');
const noError = Buffer.from('j:null');

test.each([
  ['no id', [packet]],
  ['__proto__ as id', [packet, Buffer.from('s:__proto__')]],
  ['a word as id', [packet, Buffer.from('s:constructor')]],
  ['JSON as id', [packet, Buffer.from('j:1')]],
  ['a long id', [packet, Buffer.from(`s:${'1'.repeat(17)}`)]],
  ['a huge id', [packet, Buffer.alloc(100_000, '1')]],
  ['an empty id', [packet, Buffer.from('s:')]],
  ['malformed JSON as packet', [Buffer.from('j:{'), Buffer.from('s:1')]],
  ['an empty packet', [Buffer.alloc(0), Buffer.from('s:1')]],
  ['a hello as packet', [Buffer.from('\x02mokka'), Buffer.from('s:1')]],
  ['too many packets', [...Array<Buffer>(ANSWER_PACKETS_MAX + 1).fill(packet), Buffer.from('s:1')]],
])('a request with %s is refused', (_name, args) => {
  expect(() => decodeRequest(argsOf(encodeFrame(args)))).toThrow(ProtocolError);
  expect(() => decodeAnswer(argsOf(encodeFrame([noError, ...args].slice(0, 15))))).toThrow(ProtocolError);
});

test('an answer with an error, or with nothing but null, is refused', () => {
  expect(() => decodeAnswer([Buffer.from('s:boom'), Buffer.from('s:1')])).toThrow(ProtocolError);
  expect(() => decodeAnswer([noError])).toThrow(ProtocolError);
  expect(() => decodeAnswer([])).toThrow(ProtocolError);
  expect(() => decodeRequest([])).toThrow(ProtocolError);
});

test('a request without a packet asks for no more than an answer', () => {
  expect(decodeRequest(argsOf(encodeKeepAlive('7')))).toEqual({ id: '7', packets: [] });
});

test('whatever the arguments are, only a ProtocolError comes of them', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 15 }), (args) => {
      for (const decode of [decodeRequest, decodeAnswer]) {
        try {
          decode(args);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    }),
  );
});
