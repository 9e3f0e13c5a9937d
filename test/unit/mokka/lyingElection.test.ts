import fc from 'fast-check';
import { generateKeyPair } from '../../../src/config/keyPair';
import { TERMS_AHEAD_MAX } from '../../../src/limits';
import { PacketType } from '../../../src/mokka/messages/ElectionPacket';
import { SafeElection } from '../../../src/mokka/SafeElection';
import { ENTRY_NUMBER_MAX } from '../../../src/storage/Entry';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';

/**
 * What a member that lies can do to an honest one's election: stop it, never crash it. Few runs, since each proof that
 * is checked and each election takes milliseconds of Mokka's arithmetic (HAZARDS, mokka 11).
 */

const keys = [0, 1, 2].map(() => generateKeyPair());
const [own, liar] = keys.map(({ publicKey }) => publicKey) as [string, string];
const silent = (): void => undefined;

/** One honest member, alone with what its peers are said to send. */
class Honest extends SafeElection {
  readonly failures: Error[] = [];
  readonly blamed: Error[] = [];
  readonly sent: Buffer[] = [];

  constructor(store: MemoryLogStore) {
    super({
      address: `tcp://127.0.0.1:1/${own}`,
      privateKey: keys[0]?.votingKey ?? '',
      heartbeat: 10,
      electionTimeout: 40,
      store,
      logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
    });
    for (const { publicKey } of keys.slice(1)) this.nodeApi.join(`tcp://127.0.0.1:2/${publicKey}`);
    this.on('fatal', (error: Error) => this.failures.push(error));
    this.on('error', (error: Error) => this.blamed.push(error));
    this.connect();
  }

  get leads(): boolean {
    return this.isLeader;
  }

  override write(_address: string, packet: Buffer): void {
    this.sent.push(packet);
  }

  protected override followerHeard(): void {
    // There is no log here.
  }

  protected override packetFrom(): void {
    // Nor a status.
  }
}

interface SentPacket {
  readonly type: number;
  readonly data: { readonly round: number };
}

let node: Honest;
let store: MemoryLogStore;

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
afterEach(async () => {
  await node.disconnect();
  jest.useRealTimers();
});

function start(membership: 'none' | 'voter'): void {
  store = new MemoryLogStore();
  if (membership === 'voter') store.setMembership('voter');
  node = new Honest(store);
}

async function receive(type: number, term: number, data: object, proof: string | null = null): Promise<void> {
  const packet = {
    state: 0,
    term,
    publicKey: liar,
    proof,
    timestamp: 1,
    type,
    data: { lastTerm: 0, lastPosition: 0, ...data },
  };
  await node.emitPacket(Buffer.from(JSON.stringify(packet)), liar);
}

/** The number of the last pre-vote that the node asked for. */
function lastAskedRound(): number {
  const packets = node.sent.map((packet) => JSON.parse(packet.toString()) as SentPacket);
  return packets.findLast(({ type }) => type === PacketType.PRE_VOTE)?.data.round ?? 0;
}

test('one lie about the term raises it by a step, not to the end', async () => {
  start('voter');
  await receive(PacketType.PRE_VOTE, ENTRY_NUMBER_MAX, { round: 1 });
  expect(store.hardState.term).toBe(TERMS_AHEAD_MAX);
  await receive(PacketType.VOTE, ENTRY_NUMBER_MAX, { nonce: 1 });
  expect(store.hardState).toEqual({ term: 2 * TERMS_AHEAD_MAX, votedFor: null });
  expect(node.failures).toEqual([]);
});

test('in the last term that an entry can hold a node stands for nothing any more, and lives', async () => {
  start('voter');
  store.saveHardState({ term: ENTRY_NUMBER_MAX, votedFor: null });
  while (lastAskedRound() < 5) {
    await jest.advanceTimersByTimeAsync(10);
    await receive(PacketType.PRE_VOTED, ENTRY_NUMBER_MAX, { round: lastAskedRound(), agrees: true });
  }
  expect(node.failures).toEqual([]);
  expect(store.hardState.term).toBe(ENTRY_NUMBER_MAX);
});

test('a member that claims to be new and far ahead in the term forms no cluster', async () => {
  start('none');
  const hello = { incarnation: Reflect.get(node, 'incarnation') as string };
  await receive(PacketType.HELLO_ANSWER, ENTRY_NUMBER_MAX, hello);
  expect(node.blamed).toHaveLength(1);
  await receive(PacketType.HELLO_ANSWER, 3, hello);
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
  round: fc.nat({ max: 10 }),
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
          await receive(type, term, fields.data, fields.proof);
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
