import { PacketType } from '../../../src/mokka/messages/ElectionPacket';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';
import { buildLog, logs } from '../storage/logFixture';
import { LoneElection, useFakeTime, useRealTime, type SentPacket } from './LoneElection';

beforeEach(useFakeTime);
afterEach(useRealTime);

/** How long after its start a member with a log asks for pre-votes, ms, when one with `lastPosition` asks it before. */
async function asksAfter(lastIndex: number): Promise<number> {
  const store = new MemoryLogStore();
  store.setMembership('voter');
  store.append(buildLog(logs(3)), 0);
  const node = new LoneElection(store);
  await jest.advanceTimersByTimeAsync(35);
  await node.receive(PacketType.PRE_VOTE, 1, { round: 1, lastTerm: 1, lastPosition: lastIndex });
  let ms = 35;
  for (; node.lastAskedRound === null; ms++) await jest.advanceTimersByTimeAsync(1);
  await node.disconnect();
  return ms;
}

test('a member that is asked for its vote by one whose log is shorter asks for pre-votes at once', async () => {
  expect(await asksAfter(2)).toBeLessThanOrEqual(38);
});

test('a member that is asked by one whose log is as long lets it go first', async () => {
  expect(await asksAfter(3)).toBeGreaterThanOrEqual(50);
});

describe('a hello', () => {
  const incarnation = '0'.repeat(16);
  /** The term that a node is in once it was asked with a term, and what it answered. */
  async function asked(
    store: MemoryLogStore,
    termAtLeast: number,
  ): Promise<{ term: number; answer: SentPacket }> {
    const node = new LoneElection(store);
    await node.receive(PacketType.HELLO, 0, { incarnation, round: 2, termAtLeast });
    await jest.advanceTimersByTimeAsync(0);
    const [answer] = node.asked(PacketType.HELLO_ANSWER);
    await node.disconnect();
    if (answer === undefined) throw new Error('it did not answer');
    return { term: store.hardState.term, answer };
  }

  test('has a member without entries leave the terms before, on disk, with its answer', async () => {
    const store = new MemoryLogStore();
    store.setMembership('voter');
    store.saveHardState({ term: 3, votedFor: null });
    const { term, answer } = await asked(store, 6);
    expect([term, answer.term]).toEqual([6, 6]);
    expect(answer.data).toMatchObject({ incarnation, round: 2, lastPosition: 0 });
  });

  test('ends no term of a member that holds entries', async () => {
    const store = new MemoryLogStore();
    store.setMembership('voter');
    store.append(buildLog(logs(3)), 0);
    store.saveHardState({ term: 3, votedFor: null });
    const { term, answer } = await asked(store, 6);
    expect([term, answer.term]).toEqual([3, 3]);
    expect(answer.data).toMatchObject({ round: 2, lastPosition: 3 });
  });
});

test('a member without a marker forms a cluster only when all have answered its second hello, asked after the first', async () => {
  const store = new MemoryLogStore();
  const node = new LoneElection(store);
  const incarnation = node['incarnation'];
  const rounds = (): number[] => node.asked(PacketType.HELLO).map(({ data }) => data.round);
  const answer = async (from: string, round: number): Promise<void> => {
    await node.receive(PacketType.HELLO_ANSWER, 4, { incarnation, round }, null, from);
    await jest.advanceTimersByTimeAsync(1);
  };
  await jest.advanceTimersByTimeAsync(20);
  const [one = '', other = ''] = node.peers;
  // What an earlier process of this member was answered is none to it.
  for (const from of node.peers)
    await node.receive(PacketType.HELLO_ANSWER, 4, { incarnation: '0'.repeat(16), round: 1 }, null, from);
  await jest.advanceTimersByTimeAsync(1);
  await answer(one, 1);
  await answer(one, 2);
  expect(new Set(rounds())).toEqual(new Set([1]));
  await answer(other, 1);
  expect(rounds().slice(-2)).toEqual([2, 2]);
  expect(node.asked(PacketType.HELLO).at(-1)?.data.termAtLeast).toBe(5);
  await answer(one, 2);
  await answer(other, 1);
  expect(store.membership).toBe('none');
  await answer(other, 2);
  expect(store.membership).toBe('voter');
  expect(store.hardState.term).toBe(4);
  await node.disconnect();
});
