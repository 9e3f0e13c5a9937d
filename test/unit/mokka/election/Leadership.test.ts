import { Leadership } from '../../../../src/mokka/election/Leadership';
import { PacketType } from '../../../../src/mokka/messages/ElectionPacket';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { HEAD, HEARTBEAT, INCARNATION, NOW, OF_SENDER, partsOf, StandInNode } from './electionParts';

/** This member leads, one of three. */

let node: StandInNode;
let leadership: Leadership;

beforeEach(() => {
  const store = new MemoryLogStore();
  node = new StandInNode(store);
  node.role = 'leader';
  leadership = new Leadership(partsOf(node, store), NOW);
  leadership.sendHeartbeats(NOW);
});

/** The rounds that were begun, each of a heartbeat to both. */
function rounds(): number[] {
  const all = node.sent.map(({ type, data }) => {
    expect(type).toBe(PacketType.HEARTBEAT);
    return (data as { round: number }).round;
  });
  return all.filter((round, at) => all.indexOf(round) === at);
}

function answered(from: string, round: number): void {
  const data = { ...OF_SENDER, lastTerm: 0, lastPosition: 0, round, incarnation: INCARNATION, voter: true };
  leadership.heard({ ...HEAD, type: PacketType.HEARD, term: 0, publicKey: from, data }, NOW);
}

test('a heartbeat goes to all, and the next one a heartbeat after the last', () => {
  leadership.tick(NOW + HEARTBEAT - 1);
  expect(rounds()).toEqual([1]);
  leadership.tick(NOW + HEARTBEAT);
  expect(rounds()).toEqual([1, 2]);
  expect(node.sent.map(({ to }) => to)).toEqual(['a', 'z', 'a', 'z']);
});

test('a confirmation begins a round at once; one that comes meanwhile begins the next as soon as it may', () => {
  const confirmed: string[] = [];
  leadership.confirm((leads) => confirmed.push(`first ${leads}`), NOW);
  expect(rounds()).toEqual([1, 2]);
  leadership.confirm((leads) => confirmed.push(`second ${leads}`), NOW);
  expect(rounds()).toEqual([1, 2]);
  answered('a', 1);
  expect(confirmed).toEqual([]);
  expect(rounds()).toEqual([1, 2, 3]);
  answered('a', 2);
  expect(confirmed).toEqual(['first true']);
  answered('a', 3);
  expect(confirmed).toEqual(['first true', 'second true']);
  expect(rounds()).toEqual([1, 2, 3]);
});
