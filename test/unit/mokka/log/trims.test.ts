import { ProtocolError } from '../../../../src/errors';
import { buildEntry, EntryKind, entryTrim, type LogPoint } from '../../../../src/entry/Entry';
import { encodeTrim } from '../../../../src/entry/trim';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { LogBus, run } from './LogBus';

const NAMES = ['a', 'b', 'c'];
const IDENTITY = '1d'.repeat(16);

/** Three nodes, a leads in term 1, with so many logs, all committed everywhere. */
function busWith(logs: number): LogBus {
  const bus = new LogBus(NAMES);
  bus.elect('a', 1);
  for (let nonce = 1; nonce <= logs; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  return bus;
}

/** Trims up to a committed index, everywhere. */
function trim(bus: LogBus, index: number): void {
  expect(bus.log('a').proposeTrim(index)?.kind).toBe(EntryKind.Trim);
  bus.settle('a');
  for (const name of NAMES) carryOut(bus, name);
}

function carryOut(bus: LogBus, name: string): void {
  const { log } = bus.log(name);
  log.trim(log.commitIndex);
}

function floors(bus: LogBus): number[] {
  return NAMES.map((name) => bus.store(name).floor.index);
}

function lastHashes(bus: LogBus): Set<string | undefined> {
  return new Set(NAMES.map((name) => bus.store(name).last?.bytes.toString('hex')));
}

test('a trim is carried out once it is committed, on every node, and names what stood at the floor', () => {
  const bus = busWith(5);
  const at4 = bus.store('a').entryAt(4);
  const entry = bus.log('a').proposeTrim(4);
  expect(entry === null ? null : entryTrim(entry)).toMatchObject({ identity: IDENTITY, floor: { index: 4 } });
  for (const name of NAMES) carryOut(bus, name);
  expect(floors(bus)).toEqual([0, 0, 0]);
  bus.settle('a');
  for (const name of NAMES) carryOut(bus, name);
  expect(floors(bus)).toEqual([4, 4, 4]);
  expect(bus.store('b').floor.logNumber).toBe(3);
  expect(bus.log('b').log.isSameAt(4, at4?.bytes.subarray(-32) ?? Buffer.alloc(0))).toBe(true);
  expect(bus.log('b').log.committedLog(3)).toBeNull();
  expect(bus.log('b').log.committedLog(4)?.index).toBe(5);
});

test('a trim to what is forgotten, or will be, is none; the log goes on as it was', () => {
  const bus = busWith(5);
  bus.log('a').proposeTrim(4);
  expect(bus.log('a').proposeTrim(3)).toBeNull();
  bus.settle('a');
  for (const name of NAMES) carryOut(bus, name);
  expect(bus.log('a').proposeTrim(4)).toBeNull();
  const outcome = bus.propose('a', 6);
  bus.settle('a');
  expect(outcome.committed[0]).toMatchObject({ index: 8, logNumber: 6 });
  expect(lastHashes(bus).size).toBe(1);
});

test('of many trims that are asked for one is under way: the next is one entry, too, once that is carried out', () => {
  const bus = busWith(9);
  const { log } = bus.log('a');
  const { lastIndex } = log;
  for (let index = 2; index <= 8; index++) bus.log('a').proposeTrim(index);
  expect(log.lastIndex).toBe(lastIndex + 1);
  bus.settle('a');
  expect(bus.log('a').proposeTrim(8)).toBeNull();
  for (const name of NAMES) carryOut(bus, name);
  expect(log.floor.index).toBe(2);
  expect(bus.log('a').proposeTrim(8)?.index).toBe(lastIndex + 2);
});

test('a push that made a forgotten entry is too old to know; one behind the floor is found', () => {
  const bus = busWith(5);
  trim(bus, 4);
  expect(bus.propose('a', 2).refused).toEqual(['STALE_NONCE']);
  const found = bus.propose('a', 4);
  expect(found.committed[0]).toMatchObject({ index: 5, logNumber: 4 });
});

test('a member that was away gets the floor, and what stands behind it', () => {
  const bus = busWith(3);
  bus.isolate('c');
  for (let nonce = 4; nonce <= 8; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  expect(bus.store('c').last?.index).toBe(4);
  trim(bus, 7);
  expect(floors(bus)).toEqual([7, 7, 0]);
  bus.cut.clear();
  bus.log('a').lost('c');
  bus.log('a').heard('c', run(1), (bus.now += 10_000));
  bus.settle('a');
  expect(floors(bus)).toEqual([7, 7, 7]);
  expect(lastHashes(bus).size).toBe(1);
  expect(bus.log('c').log.committedLogNumber).toBe(8);
});

test('a member that lost its disk rejoins from the floor', () => {
  const bus = busWith(6);
  trim(bus, 5);
  bus.start('c', new MemoryLogStore(), run(2));
  bus.log('c').follow(1, 'a');
  bus.log('a').lost('c');
  bus.log('a').heard('c', run(2), (bus.now += 10_000));
  for (let round = 0; round < 3; round++) bus.settle('a');
  expect(floors(bus)).toEqual([5, 5, 5]);
  expect(bus.store('c').membership).toBe('voter');
  expect(bus.store('c').identity).toBe(IDENTITY);
});

test('a member that holds more than the floor keeps it: its uncommitted end may be all that is cut', () => {
  const bus = busWith(5);
  // The leader's own log forgets at once; b has the trim, and has not carried it out.
  bus.log('a').proposeTrim(4);
  bus.settle('a');
  carryOut(bus, 'a');
  bus.log('a').lost('b');
  bus.log('a').heard('b', run(1), (bus.now += 10_000));
  const sentBefore = bus.entriesSentTo('b');
  bus.propose('a', 9);
  bus.settle('a');
  expect(bus.store('b').floor.index).toBe(0);
  expect(bus.store('b').entryAt(2)).not.toBeNull();
  expect(bus.entriesSentTo('b')).toBeGreaterThan(sentBefore);
  expect(lastHashes(bus).size).toBe(1);
});

test('a leader whose floor is lower than a follower’s finds where they match', () => {
  const bus = busWith(5);
  bus.log('a').proposeTrim(5);
  bus.settle('a');
  carryOut(bus, 'b');
  carryOut(bus, 'c');
  bus.elect('a', 2);
  bus.propose('a', 9);
  bus.settle('a');
  expect(floors(bus)).toEqual([0, 5, 5]);
  expect(lastHashes(bus).size).toBe(1);
});

test('a trim that was committed before a restart is carried out after it', () => {
  const bus = busWith(5);
  bus.log('a').proposeTrim(4);
  bus.settle('a');
  bus.log('b').saveAll();
  bus.start('b', bus.store('b'), run(2));
  const { log } = bus.log('b');
  while (!log.remembersAll) log.rememberOlder();
  expect(log.hasTrim(log.commitIndex)).toBe(true);
  carryOut(bus, 'b');
  expect(bus.store('b').floor.index).toBe(4);
});

test('a trim waits until nobody looks for own pushes in what it forgets', () => {
  const bus = busWith(5);
  bus.log('a').proposeTrim(4);
  bus.settle('a');
  const { log } = bus.log('b');
  log.trim(3);
  expect([log.hasTrim(3), log.floor.index]).toEqual([false, 0]);
});

describe('a leader that lies', () => {
  function append(bus: LogBus, floorOf: (point: LogPoint) => LogPoint): void {
    const last = bus.store('b').last;
    const at4 = bus.store('b').entryAt(4);
    if (last === null || at4 === null) throw new Error('no entries');
    const { index, term, logNumber } = last;
    const floor = floorOf({
      index: 4,
      term: at4.term,
      logNumber: at4.logNumber,
      bytes: at4.bytes.subarray(-32),
    });
    const content = encodeTrim({ floor, identity: IDENTITY });
    const header = { index: index + 1, term, logNumber, createdAt: 0 };
    const entry = buildEntry(header, content, last, undefined, EntryKind.Trim);
    const message = {
      type: 'append',
      term: 1,
      epoch: 1,
      previousIndex: index,
      previousTerm: term,
      previousHash: last.bytes.subarray(-32),
      floorLogNumber: null,
      commitIndex: index,
      entries: [entry],
    } as const;
    bus.log('b').receive('a', message, 0);
  }

  test.each<[string, (point: LogPoint) => LogPoint]>([
    ['another hash', (point) => ({ ...point, bytes: Buffer.alloc(32, 7) })],
    ['another term', (point) => ({ ...point, term: point.term + 1 })],
    ['another log number', (point) => ({ ...point, logNumber: point.logNumber - 1 })],
    ['the trim itself', (point) => ({ ...point, index: 8 })],
  ])('with a trim to %s is refused, and nothing is changed', (_, floorOf) => {
    const bus = busWith(5);
    expect(() => append(bus, floorOf)).toThrow(ProtocolError);
    expect(bus.store('b').last?.index).toBe(6);
    append(bus, (point) => point);
    expect(bus.store('b').last?.index).toBe(7);
  });

  test('with a floor above its own earlier words is refused', () => {
    const bus = busWith(5);
    const message = {
      type: 'append',
      term: 1,
      epoch: 1,
      previousIndex: 6,
      previousTerm: 1,
      previousHash: Buffer.alloc(32, 7),
      floorLogNumber: 5,
      commitIndex: 6,
      entries: [],
    } as const;
    bus.log('c').log.commitIndex = 5;
    const follows = { index: 7, term: 1, logNumber: 5, createdAt: 0 };
    const entry = buildEntry(follows, null, { index: 6, term: 1, logNumber: 5, bytes: message.previousHash });
    expect(() => bus.log('c').receive('a', { ...message, entries: [entry] }, 0)).toThrow(ProtocolError);
    expect(bus.store('c').entryAt(3)).not.toBeNull();
  });
});
