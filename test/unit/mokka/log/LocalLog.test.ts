import { FLUSH_BYTES_MAX } from '../../../../src/limits';
import { InvariantError } from '../../../../src/errors';
import { buildEntry, encodePayload, EntryKind, type Entry, type LogPoint } from '../../../../src/entry/Entry';
import { encodeTrim } from '../../../../src/entry/trim';
import { LocalLog } from '../../../../src/mokka/log/LocalLog';
import { LOG_LIMITS, type LogLimits } from '../../../../src/mokka/log/LogLimits';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog, logs } from '../../storage/logFixture';
import { SESSION, votingStore } from './LogBus';

const IDENTITY = '1d'.repeat(16);
const KEY = Buffer.from('key');

function open(store: MemoryLogStore, limits: Partial<LogLimits> = {}): LocalLog {
  return new LocalLog(
    store,
    () => IDENTITY,
    { ...LOG_LIMITS, ...limits },
    () => undefined,
  );
}

/** Stages a log of 'key' on a leader. */
function stage(log: LocalLog, value = 'value'): Entry {
  const id = { session: SESSION, nonce: log.lastIndex + 1 };
  return log.stage(1, 0, { id, payload: encodePayload(id, 'key', value) });
}

/** A leader's log with an empty entry and logs behind it, saved up to `count`, of which some are committed. */
function filled(count: number, committed: number, store = votingStore()): LocalLog {
  const log = open(store);
  log.stage(1, 0, null);
  while (log.lastIndex < count) stage(log);
  log.save(count);
  log.commitTo(committed);
  return log;
}

test('what was written last is sealed about once a second, whether more is to be saved or not', () => {
  const store = votingStore();
  const log = filled(3, 3, store);
  let seals = 0;
  store.seal = () => seals++;
  log.saveCommitIndex();
  expect([store.commitIndex, seals]).toEqual([3, 1]);
  log.saveCommitIndex();
  expect(seals).toBe(2);
});

/** What a leader stages and commits. */
function trim(log: LocalLog, floorIndex: number): void {
  expect(log.stageTrim(1, 0, floorIndex)).not.toBeNull();
  log.save(log.lastIndex);
  log.commitTo(log.lastIndex);
}

function pointOf(entry: Entry | null): LogPoint {
  if (entry === null) throw new Error('no entry');
  const { index, term, logNumber, bytes } = entry;
  return { index, term, logNumber, bytes: bytes.subarray(-32) };
}

/** A trim behind an entry, as another leader made it. */
function trimBehind(previous: Entry, floor: LogPoint): Entry {
  const { index, logNumber } = previous;
  const header = { index: index + 1, term: 1, logNumber, createdAt: 0 };
  return buildEntry(header, encodeTrim({ floor, identity: IDENTITY }), previous, undefined, EntryKind.Trim);
}

/** A log of which nothing is left up to 5: 6 to 9 are logs, the rest of another cluster's log, and no identity is known. */
const other = buildLog(logs(9));
function begun(): MemoryLogStore {
  const store = votingStore();
  store.beginAt(pointOf(other[4] ?? null), other.slice(5));
  return store;
}

describe('a trim', () => {
  test('forgets, and nothing is known of what is forgotten', () => {
    const log = filled(8, 6);
    trim(log, 4);
    log.trim(Infinity);
    expect(log.floor).toMatchObject({ index: 4, logNumber: 3 });
    expect([3, 4, 5].map((index) => log.entryAt(index)?.index)).toEqual([undefined, undefined, 5]);
    expect([log.isRecent(4), log.isRecent(5)]).toEqual([false, true]);
    expect([3, 4, 5].map((index) => log.logNumberAt(index))).toEqual([3, 3, 4]);
    expect([1, 3, 4].map((number) => log.indexOfCommitted(number))).toEqual([5, 5, 5]);
    expect(log.indexOfCommitted(99)).toBe(log.commitIndex + 1);
    expect([3, 4].map((number) => log.committedLog(number)?.index)).toEqual([undefined, 5]);
    expect(log.pushes.firstIndex).toBe(5);
    expect(log.hasTrim(Infinity)).toBe(false);
  });

  test('that is not committed forgets nothing', () => {
    const log = filled(8, 8);
    expect(log.stageTrim(1, 0, 4)).not.toBeNull();
    log.save(log.lastIndex);
    log.trim(Infinity);
    expect([log.hasTrim(Infinity), log.floor.index]).toEqual([false, 0]);
  });

  test('is of committed entries alone', () => {
    const log = filled(8, 6);
    expect(() => log.stageTrim(1, 0, 7)).toThrow(InvariantError);
    expect(log.lastIndex).toBe(8);
  });

  test('is made by nobody who does not know the cluster’s identity', () => {
    const log = open(begun());
    log.commitTo(9);
    expect([log.identity, log.stageTrim(1, 0, 7), log.lastIndex]).toEqual([null, null, 9]);
  });

  test('that was carried out is not carried out again after a restart, when it is read back', () => {
    const store = votingStore();
    const log = filled(8, 8, store);
    trim(log, 4);
    log.trim(Infinity);
    log.saveCommitIndex();
    const again = open(MemoryLogStore.from(store.snapshot()));
    while (!again.remembersAll) again.rememberOlder();
    expect(again.hasTrim(Infinity)).toBe(true);
    again.trim(Infinity);
    expect([again.hasTrim(Infinity), again.floor.index]).toEqual([false, 4]);
  });

  test('is carried out where the store does not know yet that what it forgets is committed', () => {
    const store = votingStore();
    filled(8, 8, store);
    const log = open(store);
    const last = store.entryAt(8);
    if (last === null) throw new Error('no entry 8');
    log.replaceFrom([trimBehind(last, pointOf(store.entryAt(4)))], 0);
    log.commitTo(9);
    expect(store.commitIndex).toBe(0);
    log.trim(Infinity);
    expect([store.floor.index, store.commitIndex]).toEqual([4, 9]);
  });

  test('that another leader’s entries replace is none, whatever is committed in its place', () => {
    const store = votingStore();
    filled(8, 8, store).saveCommitIndex();
    const log = open(store);
    const last = store.entryAt(8);
    if (last === null) throw new Error('no entry 8');
    expect(log.replaceFrom([trimBehind(last, pointOf(store.entryAt(4)))], 8)).toBe(true);
    expect(log.replaceFrom(buildLog(logs(2, 2), last), 8)).toBe(true);
    log.commitTo(10);
    expect(log.hasTrim(Infinity)).toBe(false);
  });

  test('tells the cluster’s identity where the first entry is forgotten, to a full member alone', () => {
    const last = other[8];
    if (last === undefined) throw new Error('no entry 9');
    for (const membership of ['voter', 'rejoining'] as const) {
      const store = begun();
      store.append([trimBehind(last, pointOf(other[6] ?? null))], 10);
      store.setMembership(membership);
      const log = open(store);
      while (!log.remembersAll) log.rememberOlder();
      log.trim(Infinity);
      expect([log.floor.index, log.identity]).toEqual([7, membership === 'voter' ? IDENTITY : null]);
    }
  });
});

describe('a log that begins anew', () => {
  const floor = pointOf(buildLog(logs(20)).at(-1) ?? null);
  const behind = buildLog(logs(3), floor);

  test('is known from there on, and all up to there is committed', () => {
    const store = votingStore();
    const log = filled(8, 6, store);
    const push = { session: SESSION, nonce: 5 };
    expect(log.pushes.find(push)).toBe(5);
    expect(log.beginAt(floor, behind)).toBe(true);
    expect([log.floor.index, log.lastIndex]).toEqual([20, 23]);
    expect([log.commitIndex, log.committedLogNumber]).toEqual([20, 20]);
    expect([log.committedLog(20), log.committedLog(21)]).toEqual([null, null]);
    log.commitTo(22);
    expect([21, 22, 23].map((number) => log.committedLog(number)?.index)).toEqual([21, 22, undefined]);
    expect([8, 20, 21].map((index) => log.isRecent(index))).toEqual([false, false, true]);
    // A push of what is forgotten may be one of the new log's, too.
    expect([log.pushes.find(push), log.pushes.firstIndex]).toEqual([undefined, 21]);
    expect([log.pushes.wouldKnow(push, 8), log.pushes.wouldKnow(push, 20)]).toEqual([false, true]);
    expect(log.remembersAll).toBe(true);
  });

  test('does so with entries that follow on its floor alone: else nothing is changed', () => {
    const log = filled(8, 6);
    expect(log.beginAt({ ...floor, bytes: Buffer.alloc(32, 7) }, behind)).toBe(false);
    expect(log.beginAt({ ...floor, logNumber: 19 }, behind)).toBe(false);
    expect(log.beginAt(floor, behind.slice(1))).toBe(false);
    expect([log.floor.index, log.lastIndex, log.commitIndex]).toEqual([0, 8, 6]);
    expect(log.pushes.find({ session: SESSION, nonce: 5 })).toBe(5);
  });

  test('is read back after a restart no further than it reaches', () => {
    const store = votingStore();
    filled(8, 6, store).beginAt(floor, behind);
    const log = open(MemoryLogStore.from(store.snapshot()));
    while (!log.remembersAll) log.rememberOlder();
    expect(log.pushes.firstIndex).toBe(21);
  });
});

test('what is not committed is no committed log, and no log of its key', () => {
  const log = filled(8, 6);
  expect([5, 6].map((number) => log.committedLog(number)?.index)).toEqual([6, undefined]);
  expect([5, 6].map((number) => log.indexOfCommitted(number))).toEqual([6, 7]);
  expect(log.lastOfKey(KEY, Infinity)).toMatchObject({ index: 6 });
  expect(log.lastOfKey(KEY, 6)).toMatchObject({ index: 5 });
});

describe('there is room for pushes', () => {
  /** Stages until there is no room; returns how many entries that took. */
  function fill(log: LocalLog, value = 'value'): number {
    let count = 0;
    for (; log.hasRoom; count++) stage(log, value);
    return count;
  }

  test('until so many entries are staged, or their bytes', () => {
    const log = open(votingStore(), { FLUSH_ENTRIES_MAX: 5 });
    expect(fill(log)).toBe(5);
    log.save(log.lastIndex);
    expect(fill(log)).toBe(5);
    expect(fill(open(votingStore()), 'v'.repeat(FLUSH_BYTES_MAX / 4))).toBe(4);
  });

  test('until so many are not committed, and again when they are', () => {
    const log = open(votingStore(), { UNCOMMITTED_ENTRIES_MAX: 5 });
    expect(fill(log)).toBe(5);
    log.save(log.lastIndex);
    expect(log.hasRoom).toBe(false);
    log.commitTo(2);
    expect(fill(log)).toBe(2);
  });

  test('until they have so many bytes, and again when they are committed, or their leader leads no more', () => {
    const bytes = stage(open(votingStore())).bytes.length;
    const log = open(votingStore(), { UNCOMMITTED_BYTES_MAX: 5 * bytes });
    expect(fill(log)).toBe(5);
    log.save(log.lastIndex);
    expect(log.hasRoom).toBe(false);
    log.commitTo(2);
    expect(fill(log)).toBe(2);
    log.dropStaged();
    expect(fill(log)).toBe(5);
  });
});
