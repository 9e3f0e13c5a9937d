import fc from 'fast-check';
import { pack } from 'msgpackr';
import { ProtocolError } from '../../../src/errors';
import { decodeLogMessage, encodeLogMessage, type LogMessage } from '../../../src/mokka/messages/LogMessage';
import { buildEntry, encodePayload, entryHash, GENESIS_HASH, type Entry } from '../../../src/storage/Entry';

const number = fc.maxSafeNat();
const session = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const payload = fc
  .tuple(session, number, fc.string({ minLength: 1, maxLength: 20 }), fc.string({ maxLength: 50 }))
  .map(([id, nonce, key, value]) => encodePayload({ session: id, nonce }, key, value));

const entries = fc
  .tuple(fc.nat({ max: 1000 }), fc.array(fc.option(payload), { maxLength: 5 }))
  .map(([previousPosition, payloads]) => {
    const made: Entry[] = [];
    let hash = GENESIS_HASH;
    for (const [at, bytes] of payloads.entries()) {
      const header = {
        position: previousPosition + at + 1,
        term: 3,
        index: at,
        createdAt: 1_700_000_000_000,
      };
      const entry = buildEntry(header, bytes, hash);
      hash = entryHash(entry);
      made.push(entry);
    }
    return { previousPosition, entries: made };
  });

const message: fc.Arbitrary<LogMessage> = fc.oneof(
  fc
    .record({
      type: fc.constant('append' as const),
      term: number,
      epoch: number,
      previousTerm: fc.nat({ max: 3 }),
      commitIndex: number,
    })
    .chain((head) => entries.map((body) => ({ ...head, ...body }))),
  fc.record({
    type: fc.constant('appended' as const),
    term: number,
    epoch: number,
    success: fc.boolean(),
    matchIndex: number,
    commitIndex: number,
    voter: fc.boolean(),
  }),
  fc.record({ type: fc.constant('readmit' as const), term: number, position: number }),
  fc.record({
    type: fc.constant('forward' as const),
    pushes: fc.array(fc.record({ since: fc.option(number), payload }), { maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('answers' as const),
    term: number,
    commitIndex: number,
    answers: fc.array(
      fc.oneof(
        fc.record({
          session,
          nonce: number,
          refused: fc.constantFrom('STALE_NONCE', 'NONCE_REUSED', 'NO_LEADER'),
          since: fc.option(number),
        }),
        fc.record({
          session,
          nonce: number,
          committed: fc.record({
            index: number,
            term: number,
            createdAt: number,
            hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
          }),
        }),
      ),
      { maxLength: 5 },
    ),
  }),
  fc.record({ type: fc.constant('confirm' as const), id: number }),
  fc.record({ type: fc.constant('confirmed' as const), id: number, commitIndex: fc.option(number) }),
);

test('every message is read back as it was', () => {
  fc.assert(fc.property(message, (sent) => expect(decodeLogMessage(encodeLogMessage(sent))).toEqual(sent)));
});

test('a message that is cut anywhere is refused', () => {
  fc.assert(
    fc.property(message, fc.nat(), (sent, cut) => {
      const bytes = encodeLogMessage(sent);
      expect(() => decodeLogMessage(bytes.subarray(0, cut % bytes.length))).toThrow(ProtocolError);
    }),
  );
});

test('random bytes never do more than throw a ProtocolError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeLogMessage(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['an unknown type', [99, 1]],
  ['no array', { type: 1 }],
  ['a negative term', [3, -1, 5]],
  ['a fraction', [3, 1.5, 5]],
  ['a term beyond 2^53', [3, 2 ** 53, 5]],
  ['a field too many', [3, 1, 5, 5]],
  ['a field too few', [3, 1]],
  ['text for a number', [3, '1', 5]],
  ['entries that are no bytes', [1, 1, 1, 0, 0, 0, ['x']]],
  [
    'an entry of another position',
    [
      1,
      1,
      1,
      5,
      1,
      0,
      [buildEntry({ position: 7, term: 1, index: 1, createdAt: 0 }, null, GENESIS_HASH).bytes],
    ],
  ],
  [
    'an entry of a lower term',
    [
      1,
      1,
      1,
      5,
      2,
      0,
      [buildEntry({ position: 6, term: 1, index: 1, createdAt: 0 }, null, GENESIS_HASH).bytes],
    ],
  ],
  ['a refusal of no known kind', [5, 1, 1, [['00000000000000aa', 1, 'WHY_NOT', null]]]],
  ['a session that is none', [5, 1, 1, [['zz', 1, 'STALE_NONCE', null]]]],
])('%s is refused', (_, value) => {
  expect(() => decodeLogMessage(pack(value))).toThrow(ProtocolError);
});
