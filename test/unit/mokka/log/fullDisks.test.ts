import { APPEND_RESEND_MS } from '../../../../src/limits';
import type { Room } from '../../../../src/storage/LogStore';
import { LogBus, run } from './LogBus';

/** Nodes a (the leader), b and c with these rooms, which a was told of. */
function fullBus(rooms: Readonly<Record<string, Room>>): LogBus {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  for (const [name, room] of Object.entries(rooms)) fill(bus, name, room);
  return bus;
}

/** A node's disk has this room now, and a is told. */
function fill(bus: LogBus, name: string, room: Room): void {
  bus.store(name).room = room;
  for (const each of bus.names) bus.log(each).tick(bus.now);
  bus.settle('a');
}

/** Lets time pass, in which c answers heartbeats. */
function pass(bus: LogBus): void {
  for (let round = 0; round < 4; round++) {
    bus.now += APPEND_RESEND_MS;
    bus.settle('a');
    bus.log('a').heard('c', run(1), bus.now);
    bus.settle('a');
  }
}

test.each([
  { rooms: { b: 'full' }, refused: [] },
  { rooms: { b: 'none' }, refused: [] },
  { rooms: { b: 'full', c: 'full' }, refused: ['STORE_FULL'] },
  { rooms: { b: 'full', c: 'none' }, refused: ['STORE_FULL'] },
  { rooms: { a: 'full', b: 'full' }, refused: ['STORE_FULL'] },
  // Another is to lead: the push is tried there.
  { rooms: { a: 'full' }, refused: ['NO_LEADER'] },
] as const)('a push where there is room on a quorum only, %j', ({ rooms, refused }) => {
  const bus = fullBus(rooms);
  const lastIndex = bus.log('a').log.lastIndex;
  const outcome = bus.propose('a', 1);
  bus.settle('a');
  expect(outcome.refused).toEqual(refused);
  expect(outcome.committed).toHaveLength(refused.length === 0 ? 1 : 0);
  expect(bus.log('a').log.lastIndex).toBe(lastIndex + outcome.committed.length);
});

test.each([
  // As it does without a quorum.
  { rooms: { b: 'full' }, refused: [] },
  // For another leader.
  { rooms: { a: 'full' }, refused: ['NO_LEADER'] },
] as const)('too few answer to tell: the push waits, %j', ({ rooms, refused }) => {
  const bus = fullBus(rooms);
  bus.isolate('b');
  bus.isolate('c');
  bus.log('a').lost('b');
  bus.log('a').lost('c');
  expect(bus.propose('a', 1).refused).toEqual(refused);
});

test('one that answers and is full, one that is away: there is no quorum with room', () => {
  const bus = fullBus({ b: 'full' });
  bus.isolate('c');
  bus.log('a').lost('c');
  expect(bus.propose('a', 1).refused).toEqual(['STORE_FULL']);
});

test('the retry of a push that is stored is answered, room or not', () => {
  const bus = fullBus({});
  bus.propose('a', 1);
  bus.settle('a');
  for (const name of bus.names) fill(bus, name, 'full');
  const again = bus.propose('a', 1);
  expect(again.refused).toEqual([]);
  expect(again.committed).toHaveLength(1);
});

test('full disks take a trim, and room that it makes is told without an append', () => {
  const bus = fullBus({});
  for (let nonce = 1; nonce <= 5; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  for (const name of bus.names) fill(bus, name, 'full');
  expect(bus.log('a').proposeTrim(4)).not.toBeNull();
  bus.settle('a');
  for (const name of bus.names) {
    bus.log(name).log.trim(Infinity);
    expect(bus.store(name).floor.index).toBe(4);
  }
  expect(bus.propose('a', 6).refused).toEqual(['STORE_FULL']);
  for (const name of bus.names) fill(bus, name, 'some');
  expect(bus.propose('a', 6).refused).toEqual([]);
});

describe('a follower whose last room is gone', () => {
  test('takes no entries, learns of commits, and goes on when it has room', () => {
    const bus = fullBus({});
    bus.propose('a', 1);
    bus.settle('a');
    bus.store('c').room = 'none';
    const held = bus.store('c').last?.index;
    // The leader does not know yet.
    for (let nonce = 2; nonce <= 4; nonce++) expect(bus.propose('a', nonce).taken).toBe(true);
    bus.settle('a');
    expect(bus.store('c').last?.index).toBe(held);
    expect(bus.log('a').log.commitIndex).toBe(bus.log('a').log.lastIndex);
    expect(bus.log('a').matchIndexOf('c')).toBe(held);
    const sent = bus.entriesSentTo('c');
    bus.propose('a', 5);
    pass(bus);
    expect(bus.entriesSentTo('c')).toBe(sent);
    bus.store('c').room = 'full';
    bus.log('c').tick(bus.now);
    pass(bus);
    expect(bus.store('c').last?.index).toBe(bus.log('a').log.lastIndex);
  });

  test('begins behind the floor of its leader, which it does not reach', () => {
    const bus = fullBus({});
    bus.propose('a', 1);
    bus.settle('a');
    fill(bus, 'c', 'none');
    for (let nonce = 2; nonce <= 6; nonce++) bus.propose('a', nonce);
    bus.settle('a');
    const floorIndex = bus.log('a').log.commitIndex - 1;
    bus.log('a').proposeTrim(floorIndex);
    bus.settle('a');
    bus.log('a').log.trim(Infinity);
    pass(bus);
    expect(bus.store('c').floor.index).toBe(floorIndex);
    // Behind it nothing more until there is room.
    const held = bus.store('c').last?.index;
    bus.propose('a', 7);
    pass(bus);
    expect(bus.store('c').last?.index).toBe(held);
  });
});

test('that a follower has room again is asked for, where its word was lost', () => {
  const bus = fullBus({ c: 'none' });
  bus.isolate('c');
  bus.store('c').room = 'some';
  bus.log('c').tick(bus.now);
  bus.deliver();
  bus.cut.clear();
  bus.propose('a', 1);
  pass(bus);
  expect(bus.store('c').last?.index).toBe(bus.log('a').log.lastIndex);
});

test('where the logs match is found out with a follower that has no room, too', () => {
  const bus = fullBus({});
  bus.isolate('c');
  for (let nonce = 1; nonce <= 3; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  // The next leader holds more than c.
  bus.cut.clear();
  bus.store('c').room = 'none';
  bus.elect('b', 2, ['a']);
  bus.log('c').follow(2, 'b');
  bus.log('b').heard('c', run(1), bus.now);
  bus.settle('b');
  expect(bus.log('b').matchIndexOf('c')).toBe(1);
});

test('a leader that hands over takes those with room, if there are any', () => {
  const bus = fullBus({ b: 'full' });
  expect(bus.log('a').upToDateVoters).toEqual(['c']);
  fill(bus, 'c', 'none');
  expect(bus.log('a').upToDateVoters).toEqual(['b', 'c']);
});
