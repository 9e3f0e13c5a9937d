import { StartError } from '../../../../src/errors';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { LocalLog } from '../../../../src/mokka/log/LocalLog';
import type { Entry } from '../../../../src/entry/Entry';
import type { Told } from '../../../../src/storage/LogStore';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog, logs } from '../../storage/logFixture';
import { hashAt, LogBus, run } from './LogBus';

/** Stores that tell later than at once what is on disk: until then it counts for nothing. */

class LateStore extends MemoryLogStore {
  isLate = false;
  private untold: Told[] = [];

  constructor() {
    super();
    this.setMembership('voter');
  }

  override append(entries: readonly Entry[], commitIndex: number, told: Told = () => undefined): void {
    super.append(entries, commitIndex, this.isLate ? undefined : told);
    if (this.isLate) this.untold.push(told);
  }

  /** Tells of the first so many appends. */
  tell(count = Infinity, failure: StartError | null = null): void {
    for (const told of this.untold.splice(0, count)) told(failure);
  }
}

/** Three nodes, of which a leads term 1, has committed an entry, and some have disks that are late from then on. */
function clusterOf(...late: readonly string[]): { bus: LogBus; stores: Map<string, LateStore> } {
  const bus = new LogBus(['a', 'b', 'c']);
  const stores = new Map(bus.names.map((name) => [name, new LateStore()]));
  for (const [name, store] of stores) bus.start(name, store);
  bus.elect('a', 1);
  for (const name of late) storeOf(stores, name).isLate = true;
  return { bus, stores };
}

function storeOf(stores: Map<string, LateStore>, name: string): LateStore {
  const store = stores.get(name);
  if (store === undefined) throw new Error(`no store ${name}`);
  return store;
}

/** The log of a node with a late disk, and what it was told by that. */
function lateLog(): { store: LateStore; log: LocalLog; told: (StartError | null)[] } {
  const store = new LateStore();
  store.isLate = true;
  const told: (StartError | null)[] = [];
  const log = new LocalLog(
    store,
    () => '1d'.repeat(16),
    LOG_LIMITS,
    (failure) => told.push(failure),
  );
  return { store, log, told };
}

const answersOf = (bus: LogBus, name: string): number[] =>
  bus.sent.flatMap(({ from, message }) =>
    from === name && message.type === 'appended' && message.success ? [message.matchIndex] : [],
  );

test('a leader counts its own entries once they are on its disk', () => {
  const { bus, stores } = clusterOf('a');
  bus.isolate('c');
  const { committed } = bus.propose('a', 1);
  bus.settle('a');
  expect([committed.length, bus.log('a').log.commitIndex]).toEqual([0, 1]);
  storeOf(stores, 'a').tell();
  expect([committed.length, bus.log('a').log.commitIndex]).toEqual([1, 2]);
});

test('a quorum without the leader commits while its own disk hangs', () => {
  const { bus } = clusterOf('a');
  const { committed } = bus.propose('a', 1);
  bus.settle('a');
  expect([committed.length, bus.log('a').log.savedIndex]).toEqual([1, 1]);
});

test('a follower acknowledges what is on its disk, as that comes', () => {
  const { bus, stores } = clusterOf('b');
  bus.isolate('c');
  const before = answersOf(bus, 'b').length;
  const first = bus.propose('a', 1);
  bus.log('a').flush(bus.now);
  bus.deliver();
  const second = bus.propose('a', 2);
  bus.log('a').flush(bus.now);
  bus.deliver();
  expect(answersOf(bus, 'b').slice(before)).toEqual([]);
  storeOf(stores, 'b').tell(1);
  bus.deliver();
  expect([answersOf(bus, 'b').slice(before), first.committed.length, second.committed.length]).toEqual([
    [2],
    1,
    0,
  ]);
  storeOf(stores, 'b').tell();
  bus.deliver();
  expect([answersOf(bus, 'b').slice(before), second.committed.length]).toEqual([[2, 3], 1]);
  // All is said.
  storeOf(stores, 'b').tell();
  bus.log('b').saved();
  expect(answersOf(bus, 'b').slice(before)).toEqual([2, 3]);
});

test('a follower whose user waits commits once its own copy is on disk', () => {
  const { bus, stores } = clusterOf('c');
  bus.lostTypes.add('appended');
  bus.propose('a', 1, 'value', 'c');
  bus.log('a').flush(bus.now);
  bus.deliver();
  expect(bus.sent.filter(({ message }) => message.type === 'commit')).toHaveLength(1);
  expect(bus.log('c').log.commitIndex).toBe(1);
  storeOf(stores, 'c').tell();
  expect(bus.log('c').log.commitIndex).toBe(2);
});

test('an answer that waits for the disk is none to the next leader', () => {
  const { bus, stores } = clusterOf('c');
  bus.propose('a', 1);
  bus.settle('a');
  expect(bus.log('c').log.writtenIndex).toBe(2);
  bus.log('c').follow(2, 'b');
  const before = bus.sent.length;
  storeOf(stores, 'c').tell();
  expect(bus.sent.slice(before)).toEqual([]);
});

test('what a leader called committed is not of the entries that the next one puts in its place', () => {
  const { bus, stores } = clusterOf('c');
  bus.lostTypes.add('appended');
  bus.propose('a', 1, 'value', 'c');
  bus.log('a').flush(bus.now);
  bus.deliver();
  const log = bus.log('c');
  log.follow(2, 'b');
  const before = {
    previousIndex: 1,
    previousTerm: 1,
    previousHash: hashAt(bus, 'c', 1),
    floorLogNumber: null,
  };
  const entries = buildLog(logs(1, 2), bus.store('c').entryAt(1));
  log.receive('b', { type: 'append', term: 2, epoch: 1, ...before, commitIndex: 1, entries }, bus.now);
  storeOf(stores, 'c').tell();
  expect([log.log.savedIndex, log.log.commitIndex]).toEqual([2, 1]);
});

test('a follower whose disk fills up claims no more than is on it', () => {
  const { bus, stores } = clusterOf('c');
  bus.propose('a', 1);
  bus.settle('a');
  const before = answersOf(bus, 'c').length;
  storeOf(stores, 'c').room = 'full';
  bus.log('c').tick(bus.now);
  expect(answersOf(bus, 'c').slice(before)).toEqual([1]);
});

test('a follower is readmitted once its log is on its disk up to the fence', () => {
  const { bus, stores } = clusterOf('c');
  bus.propose('a', 1);
  bus.settle('a');
  const store = storeOf(stores, 'c');
  store.setMembership('rejoining');
  const identity = bus.store('a').identity ?? '';
  const readmit = { type: 'readmit', term: 1, incarnation: run(1), index: 2, identity } as const;
  bus.log('c').receive('a', readmit, bus.now);
  expect(store.membership).toBe('rejoining');
  store.tell();
  bus.log('c').receive('a', readmit, bus.now);
  expect(store.membership).toBe('voter');
});

test('what is told of entries that were replaced is not of those in their place', () => {
  const { store, log, told } = lateLog();
  const old = buildLog(logs(5, 1));
  log.replaceFrom(old, 0);
  const next = buildLog(logs(3, 2), old[2]);
  log.replaceFrom(next, 0);
  store.tell(1);
  expect([log.savedIndex, log.writtenIndex, told]).toEqual([0, 6, [null]]);
  store.tell(1);
  expect([log.savedIndex, told]).toEqual([6, [null, null]]);
  log.replaceFrom(buildLog(logs(1, 3), old[1]), 0);
  expect([log.savedIndex, log.writtenIndex]).toEqual([2, 3]);
});

test('a disk that fails later is told, and nothing counts', () => {
  const { store, log, told } = lateLog();
  log.replaceFrom(buildLog(logs(2, 1)), 0);
  const failure = new StartError('STORE_FAILED', 'a simulated write failed');
  store.tell(1, failure);
  expect([log.savedIndex, told]).toEqual([0, [failure]]);
});
