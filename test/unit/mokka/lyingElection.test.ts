import fc from 'fast-check';
import { TERMS_AHEAD_MAX } from '../../../src/limits';
import { PacketType } from '../../../src/mokka/messages/ElectionPacket';
import { ENTRY_NUMBER_MAX } from '../../../src/entry/Entry';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';
import { LoneElection, useFakeTime, useRealTime } from './LoneElection';

/**
 * What a member that lies can do to an honest one's election: stop it, never crash it. Few runs, since each proof that
 * is checked and each election takes milliseconds of Mokka's arithmetic (HAZARDS, mokka 11).
 */

let node: LoneElection;
let store: MemoryLogStore;

beforeEach(useFakeTime);
afterEach(async () => {
  await node.disconnect();
  useRealTime();
});

function start(membership: 'none' | 'voter'): void {
  store = new MemoryLogStore();
  if (membership === 'voter') store.setMembership('voter');
  node = new LoneElection(store);
}

test('one lie about the term raises it by a step, not to the end', async () => {
  start('voter');
  await node.receive(PacketType.PRE_VOTE, ENTRY_NUMBER_MAX, { round: 1 });
  expect(store.hardState.term).toBe(TERMS_AHEAD_MAX);
  await node.receive(PacketType.VOTE, ENTRY_NUMBER_MAX, { nonce: 1 });
  expect(store.hardState).toEqual({ term: 2 * TERMS_AHEAD_MAX, votedFor: null });
  expect(node.failures).toEqual([]);
});

test('in the last term that an entry can hold a node begins no election any more, and lives', async () => {
  start('voter');
  store.saveHardState({ term: ENTRY_NUMBER_MAX, votedFor: null });
  // Each pre-vote goes to two peers.
  while (node.asked(PacketType.PRE_VOTE).length < 10) {
    await jest.advanceTimersByTimeAsync(10);
    await node.receive(PacketType.PRE_VOTED, ENTRY_NUMBER_MAX, {
      round: node.lastAskedRound ?? 0,
      agrees: true,
    });
  }
  expect(node.failures).toEqual([]);
  expect(store.hardState.term).toBe(ENTRY_NUMBER_MAX);
});

test('a member that claims to be new and far ahead in the term forms no cluster', async () => {
  start('none');
  const hello = { incarnation: node['incarnation'], round: 1 };
  await node.receive(PacketType.HELLO_ANSWER, ENTRY_NUMBER_MAX, hello);
  expect(node.blamed).toHaveLength(1);
  await node.receive(PacketType.HELLO_ANSWER, 3, hello);
  expect(node.blamed).toHaveLength(1);
});

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .bigInt({ min: 0n, max: (1n << BigInt(4 * digits)) - 1n })
    .map((value) => value.toString(16).padStart(digits, '0'));

const number = fc.oneof(
  fc.nat({ max: 5 }),
  fc.constantFrom(ENTRY_NUMBER_MAX, ENTRY_NUMBER_MAX - 1, TERMS_AHEAD_MAX),
);
const data = fc.record({
  lastTerm: number,
  lastPosition: number,
  votes: fc.boolean(),
  writeMs: number,
  leader: fc.option(hex(130)),
  round: fc.nat({ max: 10 }),
  termAtLeast: number,
  nonce: fc.nat({ max: 10 }),
  agrees: fc.boolean(),
  voter: fc.boolean(),
  incarnation: hex(16),
  signature: fc.option(fc.oneof(fc.constantFrom('0', '1'), hex(64))),
});
const proof = fc.option(
  fc
    .tuple(fc.nat(), fc.oneof(fc.constantFrom('00', '02'), hex(66)), fc.oneof(fc.constantFrom('0'), hex(64)))
    .map((parts) => parts.join(':')),
);
const packet = fc.record({
  type: fc.constantFrom(...Object.values(PacketType)),
  /** Above the node's own, so that many are not out of date. */
  ahead: number,
  data,
  proof,
  thenMs: fc.nat({ max: 60 }),
});

test.each(['none', 'voter'] as const)(
  'whatever packets a liar sends a member whose membership is %s, it goes on',
  async (membership) => {
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 20 }), async (packets) => {
        start(membership);
        for (const { type, ahead, thenMs, ...fields } of packets) {
          const term = Math.min(ENTRY_NUMBER_MAX, store.hardState.term + ahead);
          await node.receive(type, term, fields.data, fields.proof);
          await jest.advanceTimersByTimeAsync(thenMs);
          expect(node.failures).toEqual([]);
          expect(node.leads).toBe(false);
        }
        await node.disconnect();
      }),
      { numRuns: membership === 'voter' ? 8 : 20 },
    );
  },
  60_000,
);
