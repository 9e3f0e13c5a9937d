import { PacketType } from '../../../src/mokka/messages/ElectionPacket';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';
import { buildLog, logs } from '../storage/logFixture';
import { LoneElection } from './LoneElection';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
afterEach(() => jest.useRealTimers());

/** How long after its start a member with a log asks for pre-votes, ms, when one with `lastPosition` asks it before. */
async function asksAfter(lastPosition: number): Promise<number> {
  const store = new MemoryLogStore();
  store.setMembership('voter');
  store.append(buildLog(logs(3)), 0);
  const node = new LoneElection(store);
  await jest.advanceTimersByTimeAsync(35);
  await node.receive(PacketType.PRE_VOTE, 1, { round: 1, lastTerm: 1, lastPosition });
  let ms = 35;
  for (; node.lastAskedRound === 0; ms++) await jest.advanceTimersByTimeAsync(1);
  await node.disconnect();
  return ms;
}

test('a member that is asked for its vote by one whose log is shorter stands at once', async () => {
  expect(await asksAfter(2)).toBeLessThanOrEqual(38);
});

test('a member that is asked by one whose log is as long lets it go first', async () => {
  expect(await asksAfter(3)).toBeGreaterThanOrEqual(50);
});
