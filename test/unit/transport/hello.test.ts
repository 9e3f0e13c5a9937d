import fc from 'fast-check';
import { ProtocolError } from '../../../src/errors';
import { HELLO_FRAME_BYTES_MAX } from '../../../src/limits';
import { encodeFrame } from '../../../src/transport/frames';
import { decodeHello, encodeHello, helloMismatch, helloOf } from '../../../src/transport/hello';

const own = helloOf(['aa', 'bb', 'cc']);

test('a hello comes back as it was, within the limit of the first frame', () => {
  expect(decodeHello([encodeHello(own)])).toEqual(own);
  expect(encodeFrame([encodeHello(own)]).length).toBeLessThanOrEqual(HELLO_FRAME_BYTES_MAX);
});

test('members of one cluster agree, in whatever order they list it', () => {
  expect(helloMismatch(own, helloOf(['cc', 'AA', 'bb']))).toBeNull();
});

test.each([
  ['protocol version', { ...own, protocolVersion: 1 }, 'protocol version 1 there, 3 here'],
  ['cluster size', helloOf(['aa', 'bb', 'cc', 'dd', 'ee']), 'cluster size 5 there, 3 here'],
  ['members', helloOf(['aa', 'bb', 'dd']), 'public keys differ'],
])('a different %s is named', (_name, theirs, message) => {
  expect(helloMismatch(own, theirs)).toContain(message);
});

test('a longer hello of a later version is read, so that the version can be named', () => {
  const later = Buffer.concat([encodeHello({ ...own, protocolVersion: 9 }), Buffer.from('more')]);
  expect(helloMismatch(own, decodeHello([later]))).toContain('protocol version 9');
});

test('whatever else comes first is refused', () => {
  const hello = encodeHello(own);
  for (let length = 0; length < hello.length; length++)
    expect(() => decodeHello([hello.subarray(0, length)])).toThrow(ProtocolError);
  expect(() => decodeHello([])).toThrow(ProtocolError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(() => decodeHello([Buffer.from(bytes)])).toThrow(ProtocolError);
    }),
  );
});
