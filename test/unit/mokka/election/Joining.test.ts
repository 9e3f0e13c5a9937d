import { ProtocolError } from '../../../../src/errors';
import { TERMS_AHEAD_MAX } from '../../../../src/limits';
import { Ballot } from '../../../../src/mokka/election/Ballot';
import { ElectionTimer } from '../../../../src/mokka/election/ElectionTimer';
import { Joining } from '../../../../src/mokka/election/Joining';
import { PacketType } from '../../../../src/mokka/messages/ElectionPacket';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { HEAD, HEARTBEAT, INCARNATION, NOW, OF_SENDER, partsOf, StandInNode, TIMEOUT } from './electionParts';

/** This member is `m`, of three, and has no place in the cluster yet. */

let store: MemoryLogStore;
let node: StandInNode;
let timer: ElectionTimer;
let joining: Joining;

beforeEach(() => {
  store = new MemoryLogStore();
  node = new StandInNode(store);
  const parts = partsOf(node, store);
  timer = new ElectionTimer(parts.timing, parts.writeTimes, parts.random);
  timer.reset(NOW);
  joining = new Joining(parts, new Ballot(store, 'm'), timer);
});

/** Another has answered: it has no log, and is in term 3, unless `said` is something else. */
function answered(from: string, round: number, said: Partial<typeof ANSWER> = {}): void {
  const { term, ...data } = { ...ANSWER, ...said };
  const packet = { ...HEAD, term, publicKey: from, data: { ...OF_SENDER, leader: null, ...data, round } };
  joining.count({ ...packet, type: PacketType.HELLO_ANSWER });
}
const ANSWER = { term: 3, lastTerm: 0, lastPosition: 0, incarnation: INCARNATION };

/** All have answered both rounds. */
function form(): void {
  for (const round of [1, 2]) for (const peer of node.peers) answered(peer, round);
}

test('it says hello to all, once a heartbeat', () => {
  for (const ms of [0, HEARTBEAT - 1, HEARTBEAT]) joining.tick(NOW + ms);
  const hello = { type: PacketType.HELLO, data: { incarnation: INCARNATION, round: 1, termAtLeast: 0 } };
  const once = node.peers.map((to) => ({ to, ...hello }));
  expect(node.sent).toEqual([...once, ...once]);
});

test('it knows who has not answered; with its place it misses nobody', () => {
  expect(joining.missingMembers).toEqual(['a', 'z']);
  answered('a', 1);
  expect(joining.missingMembers).toEqual(['z']);
  store.setMembership('voter');
  expect(joining.missingMembers).toEqual([]);
});

test('an answer to an earlier process of this member is none', () => {
  answered('a', 1, { incarnation: '1'.repeat(16), lastPosition: 9 });
  expect([store.membership, joining.missingMembers]).toEqual(['none', ['a', 'z']]);
});

test('it rejoins a cluster that has a log, whatever the term', () => {
  answered('a', 1, { term: TERMS_AHEAD_MAX, lastTerm: 1, lastPosition: 1 });
  expect(store.membership).toBe('rejoining');
});

test.each([
  [TERMS_AHEAD_MAX - 1, false],
  [TERMS_AHEAD_MAX, true],
])('that a member without a log is in term %i is a lie: %s', (term, isLie) => {
  if (isLie) expect(() => answered('a', 1, { term })).toThrow(ProtocolError);
  else answered('a', 1, { term });
});

describe('the cluster forms', () => {
  test('once all have answered twice: this member votes, and not in a term that it may have voted in', () => {
    form();
    expect(store.membership).toBe('voter');
    expect(store.hardState).toEqual({ term: 3, votedFor: 'm' });
    expect(node.followed).toEqual([3]);
  });

  test('and it begins no election for a heartbeat, in which the others form it too', () => {
    timer.expire(NOW);
    form();
    expect(timer.hasExpired(null, NOW + HEARTBEAT - 1)).toBe(false);
    expect(timer.hasExpired(null, NOW + HEARTBEAT)).toBe(true);
  });

  test('nor earlier than it would have', () => {
    form();
    expect(timer.hasExpired(null, NOW + TIMEOUT - 1)).toBe(false);
  });

  test('of one member at once', () => {
    node.peers = [];
    joining.tick(NOW);
    expect(store.membership).toBe('voter');
  });
});

describe('a member that waits for readmission', () => {
  test('asks who leads, in no round and no term', () => {
    joining.askForLeader();
    const data = { incarnation: INCARNATION, round: 0, termAtLeast: 0 };
    expect(node.sent).toEqual(node.peers.map((to) => ({ to, type: PacketType.HELLO, data })));
  });

  test.each(['voter', 'rejoining'] as const)('or has its place stays what it is: %s', (membership) => {
    store.setMembership(membership);
    answered('a', 1, { lastTerm: 1, lastPosition: 1 });
    form();
    expect([store.membership, store.hardState.term]).toEqual([membership, 0]);
  });
});
