import fc from 'fast-check';
import { ProtocolError } from '../../../src/errors';
import { HELLO_FRAME_BYTES_MAX } from '../../../src/limits';
import { encodeFrame } from '../../../src/transport/frames';
import {
  commonVersion,
  decodeHello,
  encodeHello,
  helloMismatch,
  helloOf,
  identityMismatch,
  type Hello,
  PROTOCOL_VERSION,
} from '../../../src/transport/hello';

const own = helloOf(['aa', 'bb', 'cc'], null);

test('a hello comes back as it was, within the limit of the first frame', () => {
  expect(decodeHello([encodeHello(own)])).toEqual(own);
  expect(encodeFrame([encodeHello(own)]).length).toBeLessThanOrEqual(HELLO_FRAME_BYTES_MAX);
});

test('members of one cluster agree, in whatever order they list it', () => {
  expect(helloMismatch(own, helloOf(['cc', 'AA', 'bb'], null))).toBeNull();
});

test.each([
  [
    'protocol version',
    { ...own, protocolVersion: 3, lowestVersion: 1 },
    `protocol version 3 there, ${PROTOCOL_VERSION} here`,
  ],
  ['cluster size', helloOf(['aa', 'bb', 'cc', 'dd', 'ee'], null), 'cluster size 5 there, 3 here'],
  ['members', helloOf(['aa', 'bb', 'dd'], null), 'public keys differ'],
])('a different %s is named', (_name, theirs, message) => {
  expect(helloMismatch(own, theirs)).toContain(message);
});

test('a longer hello of a later version is read, so that the version can be named', () => {
  const beyond = { ...own, protocolVersion: 9, lowestVersion: 8 };
  const later = Buffer.concat([encodeHello(beyond), Buffer.from('more')]);
  expect(helloMismatch(own, decodeHello([later]))).toContain('protocol version 9');
});

test('the hello of a release before ranges of versions is read, so that its one version can be named', () => {
  const earlier = encodeHello({ ...own, protocolVersion: 3 }).subarray(0, 41);
  expect(decodeHello([earlier])).toMatchObject({ protocolVersion: 3, lowestVersion: 3, identity: null });
  expect(helloMismatch(own, decodeHello([earlier]))).toContain('protocol version 3 there');
});

test.each([
  [4, 4, 4, 4, 4],
  [4, 4, 4, 6, 4],
  [4, 6, 5, 9, 6],
  [4, 9, 5, 6, 6],
  [4, 5, 6, 9, null],
  [6, 9, 4, 5, null],
])('of versions %i to %i and %i to %i a link speaks %p', (ownLowest, ownHighest, lowest, highest, spoken) => {
  const here = { ...own, lowestVersion: ownLowest, protocolVersion: ownHighest };
  const there = { ...own, lowestVersion: lowest, protocolVersion: highest };
  expect(commonVersion(here, there)).toBe(spoken);
  expect(helloMismatch(here, there) === null).toBe(spoken !== null);
});

test('clusters that had the same keys are told apart by their identities, once both are known', () => {
  const [one, other] = ['1a'.repeat(16), '2b'.repeat(16)] as const;
  const of = (identity: string | null): Hello => decodeHello([encodeHello({ ...own, identity })]);
  expect(identityMismatch(of(one), of(one))).toBeNull();
  expect(identityMismatch(of(null), of(one))).toBeNull();
  expect(identityMismatch(of(one), of(null))).toBeNull();
  expect(identityMismatch(of(one), of(other))).toContain('2b2b2b2b2b2b2b2b there, 1a1a1a1a1a1a1a1a here');
});

test('whatever else comes first is refused', () => {
  const hello = encodeHello(own);
  for (let length = 0; length < hello.length; length++) {
    if (length === 41) continue; // The whole hello of an earlier release.
    expect(() => decodeHello([hello.subarray(0, length)])).toThrow(ProtocolError);
  }
  expect(() => decodeHello([])).toThrow(ProtocolError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(() => decodeHello([Buffer.from(bytes)])).toThrow(ProtocolError);
    }),
  );
});
