import fc from 'fast-check';
import { ProtocolError } from '../../../../src/errors';
import { ELECTION_PACKET_BYTES_MAX } from '../../../../src/limits';
import { decodeElectionPacket, PacketType } from '../../../../src/mokka/messages/ElectionPacket';
import { ENTRY_NUMBER_MAX } from '../../../../src/entry/Entry';

const SENDER = `02${'ab'.repeat(64)}`;

function packet(fields: object, data: object = {}): Buffer {
  const whole = {
    state: 0,
    term: 1,
    publicKey: SENDER,
    proof: null,
    timestamp: 1,
    type: PacketType.PRE_VOTE,
  };
  return Buffer.from(
    JSON.stringify({
      ...whole,
      ...fields,
      data: { lastTerm: 0, lastPosition: 0, votes: true, writeMs: 0, round: 1, ...data },
    }),
  );
}

test('a packet is read back as it was sent', () => {
  expect(decodeElectionPacket(packet({}), SENDER)).toEqual(JSON.parse(packet({}).toString()));
});

test.each([
  ['a term that no entry can hold', packet({ term: ENTRY_NUMBER_MAX + 1 })],
  ['a negative term', packet({ term: -1 })],
  ['a fraction', packet({ term: 1.5 })],
  ['a position that no entry can hold', packet({}, { lastPosition: ENTRY_NUMBER_MAX + 1 })],
  ['a type of nobody', packet({ type: 99 })],
  ['a state of nobody', packet({ state: 4 })],
  ['a proof in another form', packet({ proof: '1:zz:1' })],
  ['another sender', packet({ publicKey: `03${'ab'.repeat(64)}` })],
  ['a time that is none', packet({}, { writeMs: -1 })],
  ['a field that is missing', packet({}, { round: undefined })],
  ['more bytes than any packet has', packet({ surplus: 'x'.repeat(ELECTION_PACKET_BYTES_MAX) })],
  ['lists within lists, 4 MiB of them', Buffer.alloc(4 << 20, '[')],
  ['no JSON', Buffer.from('{')],
])('%s is refused', (_, bytes) => {
  expect(() => decodeElectionPacket(bytes, SENDER)).toThrow(ProtocolError);
});

test('random and cut bytes never do more than throw a ProtocolError', () => {
  const whole = packet({});
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((random) => Buffer.from(random)),
    fc.nat({ max: whole.length - 1 }).map((end) => whole.subarray(0, end)),
    fc.json().map((json) => Buffer.from(json)),
  );
  fc.assert(
    fc.property(bytes, (bad) => expect(() => decodeElectionPacket(bad, SENDER)).toThrow(ProtocolError)),
    { numRuns: 1000 },
  );
});
