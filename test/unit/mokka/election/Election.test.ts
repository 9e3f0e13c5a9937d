import { ProtocolError } from '../../../../src/errors';
import { Election } from '../../../../src/mokka/election/Election';
import type { ElectionNode, Role } from '../../../../src/mokka/election/ElectionNode';
import { WriteTimes } from '../../../../src/mokka/election/WriteTimes';
import { PacketType, type ElectionPacket } from '../../../../src/mokka/messages/ElectionPacket';
import type { HardState } from '../../../../src/storage/LogStore';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog, logs } from '../../storage/logFixture';

/** The rules of election alone: no Mokka, no time but the test's. This member is `m`, of three or five. */

const HEARTBEAT = 50;
const TIMEOUT = 200;
const silent = (): void => undefined;

interface Sent {
  readonly to: string;
  readonly type: number;
  readonly data: object;
  /** What was on disk when it was sent. */
  readonly onDisk: HardState;
}

class ScriptedNode implements ElectionNode {
  readonly publicKey = 'm';
  peers: readonly string[] = ['a', 'z'];
  role: Role = 'follower';
  leader: string | null = null;
  proof: string | null = null;
  candidacyNonce = 0;
  candidacies = 0;
  sent: Sent[] = [];
  election!: Election;

  constructor(private readonly store: MemoryLogStore) {}

  get term(): number {
    return this.store.hardState.term;
  }

  becomeFollower(term: number): void {
    this.become('follower', term, null);
  }

  become(role: Role, term: number, leader: string | null): void {
    this.election.ballot.enter(term, leader);
    this.role = role;
    this.leader = leader;
    this.election.stateChanged();
  }

  becomeCandidate(): void {
    this.candidacies++;
  }

  signVote(): string {
    return 'abc';
  }

  send(to: string, type: number, data: object): void {
    this.sent.push({ to, type, data, onDisk: this.store.hardState });
  }

  /** What was sent last, of a type. */
  last(type: number): Sent | undefined {
    return this.sent.filter((packet) => packet.type === type).at(-1);
  }
}

let now: number;
let store: MemoryLogStore;
let node: ScriptedNode;
let writeTimes: WriteTimes;
let election: Election;

beforeEach(() => {
  now = 1000;
  store = new MemoryLogStore();
  store.setMembership('voter');
  store.append(buildLog(logs(3)), 0);
  node = new ScriptedNode(store);
  writeTimes = new WriteTimes(TIMEOUT / 2);
  election = new Election({
    node,
    store,
    writeTimes,
    timing: { heartbeat: HEARTBEAT, electionTimeout: TIMEOUT },
    clock: { now: () => now },
    random: () => 0,
    incarnation: '0'.repeat(16),
    firstPreVoteRound: 0,
    logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
  });
  node.election = election;
  election.resetElectionTimer();
});

/** A packet of a member whose log ends like this one's, unless `data` says else. */
function receive(
  from: string,
  type: number,
  term: number,
  data: object,
  proof: string | null = null,
): boolean {
  const last = { lastTerm: store.last?.term ?? 0, lastPosition: store.last?.index ?? 0 };
  const head = { type, state: 0, term, publicKey: from, proof, timestamp: 1 };
  return election.receive({ ...head, data: { ...last, votes: true, writeMs: 0, ...data } } as ElectionPacket);
}

/** Time passes, in ticks. */
function pass(ms: number): void {
  for (const end = now + ms; now < end;) {
    now += 10;
    election.tick(now);
  }
}

describe('a vote', () => {
  const ask = (from: string, term: number, log = {}): Sent | undefined => {
    receive(from, PacketType.VOTE, term, { nonce: 7, ...log });
    return node.last(PacketType.VOTED);
  };

  test('is on disk before it leaves, and given once a term (Raft, 5.2)', () => {
    expect(ask('a', 5)).toEqual({
      to: 'a',
      type: PacketType.VOTED,
      data: { nonce: 7, signature: 'abc' },
      onDisk: { term: 5, votedFor: 'a' },
    });
    expect(ask('z', 5)?.data).toEqual({ nonce: 7, signature: null });
    expect(ask('a', 5)?.data).toEqual({ nonce: 7, signature: 'abc' });
    expect(ask('z', 6)?.data).toEqual({ nonce: 7, signature: 'abc' });
    expect(ask('z', 5)?.data).toEqual({ nonce: 7, signature: null });
  });

  test('that is given has this node wait for the candidate', () => {
    expect(ask('a', 5, { lastPosition: 2 })?.data).toEqual({ nonce: 7, signature: null });
    pass(TIMEOUT - 20);
    ask('z', 5);
    pass(TIMEOUT - 20);
    expect(node.last(PacketType.PRE_VOTE)).toBeUndefined();
  });

  test('is not given for a log that is behind, whose term is entered all the same (Raft, 5.4.1)', () => {
    for (const log of [{ lastPosition: 2 }, { lastTerm: 0, lastPosition: 9 }])
      expect(ask('a', 5, log)?.data).toEqual({ nonce: 7, signature: null });
    expect(store.hardState).toEqual({ term: 5, votedFor: null });
    expect(ask('a', 5, { lastTerm: 2, lastPosition: 1 })?.data).toEqual({ nonce: 7, signature: 'abc' });
  });

  test('is not given by a member that lost its disk', () => {
    store.setMembership('rejoining');
    expect(ask('a', 5)).toBeUndefined();
  });
});

describe('a pre-vote (Raft dissertation, 9.6)', () => {
  const agreesWith = (from: string, log = {}): boolean | undefined => {
    receive(from, PacketType.PRE_VOTE, 0, { round: 3, ...log });
    return (node.last(PacketType.PRE_VOTED)?.data as { agrees?: boolean } | undefined)?.agrees;
  };

  test('is agreed to only after the leader was not heard for one and a half heartbeats', () => {
    node.become('follower', 2, 'z');
    election.heardLeader();
    now += 1.5 * HEARTBEAT - 1;
    receive('a', PacketType.PRE_VOTE, 2, { round: 3 });
    expect(node.last(PacketType.PRE_VOTED)?.data).toEqual({ round: 3, agrees: false, leader: 'z' });
    now += 1;
    receive('a', PacketType.PRE_VOTE, 2, { round: 4 });
    expect(node.last(PacketType.PRE_VOTED)?.data).toEqual({ round: 4, agrees: true, leader: 'z' });
  });

  test.each([
    ['not with one that has the higher key', 'z', 0, false],
    ['with one that has the lower key', 'a', 0, true],
    ['with one whose log is ahead', 'z', 1, true],
  ])('that asks at the same time agrees %s', (_how, from, ahead, agrees) => {
    pass(TIMEOUT);
    expect(node.last(PacketType.PRE_VOTE)?.data).toEqual({ round: 1 });
    expect(agreesWith(from, { lastPosition: 3 + ahead })).toBe(agrees);
  });

  test('that nobody answered holds up no other that asks a heartbeat later', () => {
    pass(TIMEOUT);
    now += HEARTBEAT + 1;
    expect(agreesWith('z')).toBe(true);
  });

  test('needs a quorum, which counts the answers of the last round alone', () => {
    node.peers = ['a', 'b', 'y', 'z'];
    pass(TIMEOUT);
    const answer = (from: string, round: number, agrees: boolean): void => {
      receive(from, PacketType.PRE_VOTED, 0, { round, agrees, leader: null });
    };
    answer('a', 1, true);
    answer('a', 1, true);
    answer('b', 1, false);
    answer('y', 0, true);
    expect(node.candidacies).toBe(0);
    answer('z', 1, true);
    expect(node.candidacies).toBe(1);
  });
});

describe('a heartbeat', () => {
  const heartbeat = (from: string, term: number, proof: string): boolean =>
    receive(from, PacketType.HEARTBEAT, term, { round: 1 }, proof);

  beforeEach(() => {
    node.become('follower', 4, 'a');
    node.proof = 'of a';
  });

  test('goes to Mokka, which checks its proof', () => {
    expect(heartbeat('a', 4, 'of a')).toBe(true);
    expect(heartbeat('z', 5, 'of z')).toBe(true);
    expect(node.sent).toEqual([]);
  });

  test('of an earlier term is answered, with this node’s term', () => {
    expect(heartbeat('z', 3, 'of z')).toBe(false);
    expect(node.last(PacketType.HEARD)?.to).toBe('z');
  });

  test('of a second leader, or with a proof of another, is a fault of its sender', () => {
    expect(() => heartbeat('z', 4, 'of z')).toThrow(ProtocolError);
    expect(() => heartbeat('z', 5, 'of a')).toThrow(ProtocolError);
    expect(() => heartbeat('a', 5, 'of a')).toThrow(ProtocolError);
  });
});

describe('a leader', () => {
  const answer = (from: string, term = 4): void => {
    receive(from, PacketType.HEARD, term, { round: 1, incarnation: '1'.repeat(16), voter: true });
  };

  beforeEach(() => {
    node.peers = ['a', 'b', 'y', 'z'];
    node.become('leader', 4, 'm');
  });

  test('sends a heartbeat to all at once, and then one each heartbeat', () => {
    expect(node.sent.map(({ to }) => to)).toEqual(['a', 'b', 'y', 'z']);
    pass(4 * HEARTBEAT);
    expect(node.sent).toHaveLength(5 * 4);
    expect(node.last(PacketType.HEARTBEAT)?.data).toEqual({ round: 5 });
  });

  test('steps down when it has not heard a quorum for two election timeouts (Raft dissertation, 6.2)', () => {
    pass(2 * TIMEOUT);
    answer('a');
    answer('b');
    pass(2 * TIMEOUT);
    expect(node.role).toBe('leader');
    answer('a');
    answer('b', 3);
    pass(10);
    expect(node.role).toBe('follower');
    expect(store.hardState.term).toBe(4);
  });

  test('waits for as long as writes to disk take, its own and a follower’s', () => {
    writeTimes.reported('a', 150);
    writeTimes.measured(300, now);
    pass(2 * TIMEOUT + 450);
    expect(node.role).toBe('leader');
    pass(10);
    expect(node.role).toBe('follower');
  });
});

describe('asked to take over (Raft dissertation, 3.10)', () => {
  beforeEach(() => node.become('follower', 4, 'a'));

  test('by its leader, a member with the whole log begins an election at once', () => {
    receive('a', PacketType.HANDOVER, 4, {});
    expect(node.candidacies).toBe(1);
  });

  test.each([
    ['by another', 'z', 4, {}],
    ['in an earlier term', 'a', 3, {}],
    ['with a log that is behind', 'a', 4, { lastPosition: 4 }],
  ])('%s it does not', (_how, from, term, log) => {
    receive(from, PacketType.HANDOVER, term, log);
    expect(node.candidacies).toBe(0);
  });
});
