import fc from 'fast-check';
import { pack, Unpackr } from 'msgpackr';
import { ProtocolError } from '../../../../src/errors';
import { APPEND_ENTRIES_MAX, FORWARD_PUSHES_MAX, MEMBERS_MAX } from '../../../../src/limits';
import {
  decodeLogMessage,
  encodeLogMessage,
  type LogMessage,
} from '../../../../src/mokka/messages/LogMessage';
import {
  buildEntry,
  HASH_BYTES,
  encodePayload,
  ENTRY_NUMBER_MAX,
  PAYLOAD_BYTES_MAX,
  type Entry,
} from '../../../../src/entry/Entry';
import { encodeEntries } from '../../../../src/entry/entryFrames';

const number = fc.maxSafeNat();
const entryNumber = fc.maxSafeNat().map((value) => value % (ENTRY_NUMBER_MAX + 1));
const session = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const payload = fc
  .tuple(session, number, fc.string({ minLength: 1, maxLength: 20 }), fc.string({ maxLength: 50 }))
  .map(([id, nonce, key, value]) => encodePayload({ session: id, nonce }, key, value));

const entries = fc
  .tuple(fc.nat({ max: 1000 }), fc.array(fc.option(payload), { maxLength: 5 }))
  .map(([previousIndex, payloads]) => {
    const made: Entry[] = [];
    for (const [at, bytes] of payloads.entries()) {
      const header = {
        index: previousIndex + at + 1,
        term: 3,
        logNumber: at,
        createdAt: 1_700_000_000_000,
      };
      const entry = buildEntry(header, bytes, made.at(-1) ?? null);
      made.push(entry);
    }
    return { previousIndex, entries: made };
  });

const message: fc.Arbitrary<LogMessage> = fc.oneof(
  fc
    .record({
      type: fc.constant('append' as const),
      term: entryNumber.map((term) => Math.max(term, 3)),
      epoch: number,
      previousTerm: fc.nat({ max: 3 }),
      previousHash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
      floorShare: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      commitIndex: entryNumber,
    })
    .chain(({ floorShare, ...head }) =>
      entries.map((body) => ({
        ...head,
        ...body,
        floorLogNumber: floorShare === null ? null : Math.floor(floorShare * body.previousIndex),
      })),
    ),
  fc.record({
    type: fc.constant('appended' as const),
    term: entryNumber,
    incarnation: session,
    epoch: number,
    success: fc.boolean(),
    matchIndex: entryNumber,
    divergedAt: fc.option(entryNumber),
    commitIndex: entryNumber,
    voter: fc.boolean(),
    room: fc.constantFrom('some', 'full', 'none'),
  }),
  fc.record({
    type: fc.constant('readmit' as const),
    term: entryNumber,
    incarnation: session,
    index: entryNumber,
    identity: fc.constantFrom('0'.repeat(32), 'ab'.repeat(16)),
  }),
  fc.record({ type: fc.constant('commit' as const), term: entryNumber, commitIndex: entryNumber }),
  fc.record({
    type: fc.constant('forward' as const),
    pushes: fc.array(
      fc.record({
        since: fc.option(entryNumber),
        ifLast: fc.option(entryNumber),
        ifKeyLast: fc.option(entryNumber),
        payload,
      }),
      {
        maxLength: 5,
      },
    ),
  }),
  fc.record({
    type: fc.constant('answers' as const),
    term: entryNumber,
    commitIndex: entryNumber,
    committed: fc.array(
      fc.record({
        session,
        nonce: number,
        committed: fc.record({
          logNumber: entryNumber,
          term: entryNumber,
          createdAt: entryNumber,
          hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
        }),
      }),
      { maxLength: 5 },
    ),
    refused: fc.array(
      fc.oneof(
        fc.record({
          session,
          nonce: number,
          refused: fc.constantFrom('STALE_NONCE', 'NONCE_REUSED', 'NO_LEADER'),
          since: fc.option(entryNumber),
          lastLogNumber: fc.constant(null),
        }),
        fc.record({
          session,
          nonce: number,
          refused: fc.constantFrom('CONDITION_FAILED' as const, 'TRIMMED' as const),
          since: fc.option(entryNumber),
          lastLogNumber: entryNumber,
        }),
      ),
      { maxLength: 5 },
    ),
  }),
  fc.record({ type: fc.constant('confirm' as const), id: number }),
  fc.record({ type: fc.constant('askLags' as const), id: number }),
  fc.record({
    type: fc.constant('lags' as const),
    id: number,
    lags: fc.array(entryNumber, { maxLength: MEMBERS_MAX }),
  }),
  fc.record({ type: fc.constant('trim' as const), logNumber: fc.nat().map((count) => count + 1) }),
  fc.record({ type: fc.constant('trimRefused' as const), logNumber: number }),
  fc.record({ type: fc.constant('confirmed' as const), id: number, commitIndex: fc.option(entryNumber) }),
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

const HASH = Buffer.alloc(HASH_BYTES);
const ID = '00000000000000aa';

const emptyEntry = (index: number, term: number): Buffer =>
  encodeEntries([buildEntry({ index, term, logNumber: 0, createdAt: 0 }, null, null)]);

/** The bytes of one forwarded push, with its `since`, the length of its payload and its conditions as given. */
const pushBytes = (
  since: number,
  length: number,
  payloadBytes = length,
  [ifLast = -1, ifKeyLast = -1]: readonly number[] = [],
): Buffer => {
  const head = Buffer.alloc(28);
  head.writeDoubleBE(since);
  head.writeDoubleBE(ifLast, 8);
  head.writeDoubleBE(ifKeyLast, 16);
  head.writeUInt32BE(length, 24);
  return Buffer.concat([head, Buffer.alloc(payloadBytes)]);
};

/** The bytes of one answer to a committed push, with its nonce as given. */
const committedBytes = (nonce: number): Buffer => {
  const bytes = Buffer.alloc(66);
  bytes.writeDoubleBE(nonce, 8);
  return bytes;
};

test.each([
  ['an unknown type', [99, 1]],
  ['no array', { type: 1 }],
  ['a negative term', [3, -1, 5]],
  ['a fraction', [3, 1.5, 5]],
  ['a term beyond 2^53', [3, 2 ** 53, 5]],
  ['a term that no entry can hold', [3, ENTRY_NUMBER_MAX + 1, 5]],
  ['a match that no entry can hold', [2, 1, 1, true, ENTRY_NUMBER_MAX + 1, null, 0, true]],
  ['a field too many', [3, 1, 5, 5]],
  ['a field too few', [3, 1]],
  ['text for a number', [3, '1', 5]],
  ['entries that are no bytes', [1, 1, 1, 0, 0, HASH, null, 0, 'x']],
  ['a list of entries', [1, 1, 1, 0, 0, HASH, null, 0, [emptyEntry(1, 1)]]],
  ['an entry that is cut short', [1, 1, 1, 5, 1, HASH, null, 0, emptyEntry(6, 1).subarray(0, -1)]],
  ['an entry of another position', [1, 1, 1, 5, 1, HASH, null, 0, emptyEntry(7, 1)]],
  ['an entry of a lower term', [1, 1, 1, 5, 2, HASH, null, 0, emptyEntry(6, 1)]],
  ["an entry of a higher term than the leader's", [1, 4, 1, 0, 0, HASH, null, 0, emptyEntry(1, 5)]],
  ['a floor with more logs than entries', [1, 1, 1, 5, 1, HASH, 6, 0, emptyEntry(6, 1)]],
  ['a map', new Map([[1, 2]])],
  ['a list too deep', [5, 1, 1, Buffer.alloc(0), [[[1]]]]],
  ['pushes that are no bytes', [4, 'x']],
  ['a push that is cut short', [4, pushBytes(0, 30, 29)]],
  ['a push without its payload', [4, Buffer.alloc(27)]],
  ['a push larger than any', [4, pushBytes(0, PAYLOAD_BYTES_MAX + 1)]],
  ['a push since half a position', [4, pushBytes(0.5, 30)]],
  ['a push since a position that no entry can hold', [4, pushBytes(ENTRY_NUMBER_MAX + 1, 30)]],
  ['a push behind half a log', [4, pushBytes(0, 30, 30, [0.5])]],
  ['a push behind a log that cannot be', [4, pushBytes(0, 30, 30, [-2])]],
  ['a push behind half a log of its key', [4, pushBytes(0, 30, 30, [-1, 0.5])]],
  ['more pushes than a message may have', [4, Buffer.alloc(28 * (FORWARD_PUSHES_MAX + 1))]],
  ['half an answer', [5, 1, 1, committedBytes(1).subarray(1), []]],
  ['an answer to half a nonce', [5, 1, 1, committedBytes(0.5), []]],
  ['an answer to no nonce', [5, 1, 1, committedBytes(NaN), []]],
  ['more answers than a message may have', [5, 1, 1, Buffer.alloc(66 * (FORWARD_PUSHES_MAX + 1)), []]],
  [
    'a refusal of no known kind',
    [5, 1, 1, Buffer.alloc(0), [['00000000000000aa', 1, 'WHY_NOT', null, null]]],
  ],
  ['a refusal of a session that is none', [5, 1, 1, Buffer.alloc(0), [['zz', 1, 'STALE_NONCE', null, null]]]],
  [
    'a failed condition without the last log',
    [5, 1, 1, Buffer.alloc(0), [[ID, 1, 'CONDITION_FAILED', 1, null]]],
  ],
  ['a forgotten key without the floor', [5, 1, 1, Buffer.alloc(0), [[ID, 1, 'TRIMMED', 1, null]]]],
  ['a refusal with a field too many', [5, 1, 1, Buffer.alloc(0), [[ID, 1, 'STALE_NONCE', null, null, null]]]],
  ['a refusal of half a nonce', [5, 1, 1, Buffer.alloc(0), [[ID, 0.5, 'STALE_NONCE', null, null]]]],
  [
    'a refusal since a position that no entry can hold',
    [5, 1, 1, Buffer.alloc(0), [[ID, 1, 'STALE_NONCE', ENTRY_NUMBER_MAX + 1, null]]],
  ],
  ['a last log with another refusal', [5, 1, 1, Buffer.alloc(0), [[ID, 1, 'STALE_NONCE', null, 7]]]],
])('%s is refused', (_, value) => {
  expect(() => decodeLogMessage(pack(value))).toThrow(ProtocolError);
});

test('more entries than an append may have are refused, as many are not', () => {
  const chain: Entry[] = [];
  for (let index = 1; index <= APPEND_ENTRIES_MAX + 1; index++)
    chain.push(buildEntry({ index, term: 1, logNumber: 0, createdAt: 0 }, null, null));
  const append = (entriesOf: Entry[]): Buffer =>
    pack([1, 1, 1, 0, 0, HASH, null, 0, encodeEntries(entriesOf)]);
  expect(() => decodeLogMessage(append(chain))).toThrow(`more than ${APPEND_ENTRIES_MAX}`);
  expect(decodeLogMessage(append(chain.slice(0, -1)))).toHaveProperty('entries.length', APPEND_ENTRIES_MAX);
});

test.each([
  ['a regular expression', 'd40078'],
  ['a record definition, of which msgpackr makes a function', '93 d4 72 40 91 a1 61 05 c0'],
  ['a set', '92 07 d4 73 00 90'],
  ['a number of 64 bits', '92 06 cf ffffffffffffffff'],
  ['a negative number', '92 06 ff'],
  ['bytes after its end', '92 06 01 c0'],
  ['a list of 4 billion', '92 06 dd ffffffff'],
  ['bytes of 4 GiB', '92 06 c6 ffffffff'],
  ['nothing', ''],
])('%s is refused before msgpackr reads it', (_, hex) => {
  const spy = jest.spyOn(Unpackr.prototype, 'unpack');
  expect(() => decodeLogMessage(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(ProtocolError);
  expect(spy).not.toHaveBeenCalled();
  spy.mockRestore();
});

test('4 MiB of lists within lists, and of values after the end, are refused, and at once', () => {
  for (const bytes of [
    Buffer.alloc(4 << 20, 0x9f),
    Buffer.concat([Buffer.from([6]), Buffer.alloc(4 << 20)]),
  ]) {
    const before = process.cpuUsage();
    expect(() => decodeLogMessage(bytes)).toThrow(ProtocolError);
    // Of this process's own time, which does not pass while others have the machine.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  }
});
