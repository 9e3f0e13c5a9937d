import { Ballot } from '../../../../src/mokka/election/Ballot';
import { ElectionTimer } from '../../../../src/mokka/election/ElectionTimer';
import { PreVote } from '../../../../src/mokka/election/PreVote';
import { PacketType, type PacketOf } from '../../../../src/mokka/messages/ElectionPacket';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog, logs } from '../../storage/logFixture';
import { HEAD, HEARTBEAT, NOW, OF_SENDER, partsOf, StandInNode, TIMEOUT } from './electionParts';

/** This member is `m`, of three, in term 4; its log has three entries, and it has heard no leader. */

let store: MemoryLogStore;
let node: StandInNode;
let timer: ElectionTimer;
let preVote: PreVote;

beforeEach(() => {
  store = new MemoryLogStore();
  store.setMembership('voter');
  store.append(buildLog(logs(3)), 0);
  store.saveHardState({ term: 4, votedFor: null });
  node = new StandInNode(store);
  const parts = partsOf(node, store);
  timer = new ElectionTimer(parts.timing, parts.writeTimes, parts.random);
  timer.reset(NOW);
  preVote = new PreVote(parts, new Ballot(store, 'm'), timer);
});

/** Whether it agrees with one that asks, whose log ends like its own unless `log` says else. */
function agreesWith(from: string, { now = NOW, term = 4, lastTerm = 1, lastPosition = 3 } = {}): boolean {
  const data = { ...OF_SENDER, round: 1, lastTerm, lastPosition };
  const packet: PacketOf<typeof PacketType.PRE_VOTE> = {
    ...HEAD,
    type: PacketType.PRE_VOTE,
    term,
    publicKey: from,
    data,
  };
  preVote.answer(packet, now);
  const answer = node.sent.at(-1);
  expect(answer).toMatchObject({ to: from, type: PacketType.PRE_VOTED });
  return (answer?.data as { agrees: boolean }).agrees;
}

function answered(from: string): void {
  const data = { ...OF_SENDER, leader: null, round: 1, agrees: true, lastTerm: 1, lastPosition: 3 };
  preVote.count({ ...HEAD, type: PacketType.PRE_VOTED, term: 4, publicKey: from, data });
}

test('it agrees with one of its own term or a later one, whose log is as long', () => {
  expect(agreesWith('a')).toBe(true);
  expect(agreesWith('a', { term: 9 })).toBe(true);
});

test('it agrees with none of an earlier term', () => {
  expect(agreesWith('a', { term: 3 })).toBe(false);
});

test('it agrees with none while it leads', () => {
  node.role = 'leader';
  expect(agreesWith('a')).toBe(false);
});

test('it agrees with none when it lost its disk, and could not vote', () => {
  store.setMembership('rejoining');
  expect(agreesWith('a')).toBe(false);
});

test('who agrees lets the other go first for two heartbeats, and gives up its own round', () => {
  preVote.begin(NOW);
  const late = NOW + TIMEOUT;
  expect(timer.hasExpired(null, late)).toBe(true);
  expect(agreesWith('a', { now: late })).toBe(true);
  answered('a');
  expect(preVote.isWon).toBe(false);
  expect(timer.hasExpired(null, late + 2 * HEARTBEAT - 1)).toBe(false);
  expect(timer.hasExpired(null, late + 2 * HEARTBEAT)).toBe(true);
});

test('one whose log is behind is not agreed with: this member begins an election itself, at once', () => {
  expect(agreesWith('a', { lastPosition: 2 })).toBe(false);
  expect(timer.hasExpired(null, NOW)).toBe(true);
});

test('it begins none while its own round is under way', () => {
  preVote.begin(NOW);
  expect(agreesWith('a', { lastPosition: 2 })).toBe(false);
  expect(timer.hasExpired(null, NOW)).toBe(false);
});

test('nor for one whom it could not agree with anyhow', () => {
  expect(agreesWith('a', { term: 3, lastPosition: 2 })).toBe(false);
  expect(timer.hasExpired(null, NOW)).toBe(false);
});

describe('of two that ask within a heartbeat the one with the lower key goes first', () => {
  beforeEach(() => preVote.begin(NOW));

  test.each([
    [HEARTBEAT, false],
    [HEARTBEAT + 1, true],
  ])('%i ms later the other is agreed with: %s', (ms, agrees) => {
    expect(agreesWith('z', { now: NOW + ms })).toBe(agrees);
  });

  test('what this member’s own write took is not counted', () => {
    preVote.wrote(300);
    expect(agreesWith('z', { now: NOW + 300 + HEARTBEAT })).toBe(false);
  });
});

test('of three the answer of one is enough; no answer counts after the round has ended', () => {
  preVote.begin(NOW);
  expect(preVote.isWon).toBe(false);
  answered('a');
  expect(preVote.isWon).toBe(true);
  preVote.end();
  answered('z');
  expect(preVote.isWon).toBe(false);
});
