import type { Entry, LogPoint } from '../../../../src/entry/Entry';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { ReplicatedLog } from '../../../../src/mokka/log/ReplicatedLog';
import type { LogMessage } from '../../../../src/mokka/messages/LogMessage';
import type { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog, logs } from '../../storage/logFixture';
import { run, votingStore } from './LogBus';

/** What a follower makes of its leader's appends where one log, or both, have forgotten their beginning. */

const LOG = buildLog(logs(20));
/** The same up to 7, then another. */
const OTHER = [...LOG.slice(0, 7), ...buildLog(logs(13, 2), LOG[6])];

function point(entries: readonly Entry[], index: number): LogPoint {
  const entry = entries[index - 1];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  const { term, logNumber, bytes } = entry;
  return { index, term, logNumber, bytes: bytes.subarray(-32) };
}

/** A follower of `leader` in term 3. */
class Follower {
  readonly store: MemoryLogStore = votingStore();
  readonly log: ReplicatedLog;
  readonly sent: LogMessage[] = [];
  commits = 0;

  /** Its log is LOG up to `last`, of which some is committed, and some forgotten. */
  constructor(last: number, committed: number, floor = 0) {
    this.store.append(LOG.slice(0, last), committed);
    if (floor > 0) this.store.trimTo(point(LOG, floor));
    this.store.saveHardState({ term: 3, votedFor: 'leader' });
    this.log = new ReplicatedLog({
      limits: LOG_LIMITS,
      store: this.store,
      incarnation: run(1),
      outbox: { send: (_, message) => this.sent.push(message) },
      drawIdentity: () => '1d'.repeat(16),
      wallClock: { now: () => 0 },
      onCommit: () => this.commits++,
      onSaved: () => this.log.saved(),
    });
    this.log.follow(3, 'leader');
  }

  /** The leader's entries `from` to `to`; where its floor is right before them it says so. Returns the answer. */
  append(entries: readonly Entry[], from: number, to: number, isFloor = false): Partial<LogMessage> {
    const previous = point(entries, from - 1);
    const message = {
      type: 'append',
      term: 3,
      epoch: 1,
      previousIndex: previous.index,
      previousTerm: previous.term,
      previousHash: previous.bytes,
      floorLogNumber: isFloor ? previous.logNumber : null,
      commitIndex: 0,
      entries: entries.slice(from - 1, to),
    } as const;
    this.log.receive('leader', message, 0);
    return this.sent.pop() ?? {};
  }
}

test('a leader that remembers more is told where to go on, and of no difference in what is forgotten here', () => {
  const refusal = { success: false, matchIndex: 9, divergedAt: null };
  for (const [from, to] of [
    [4, 4],
    [4, 6],
    [4, 12],
    [5, 9],
  ] as const) {
    const follower = new Follower(10, 9, 5);
    expect(follower.append(LOG, from, to, true)).toMatchObject(refusal);
    expect(follower.append(LOG, from, to)).toMatchObject(refusal);
    expect(follower.append(LOG, 10, 12)).toMatchObject({ success: true, matchIndex: 12 });
    expect([follower.store.floor.index, follower.store.last?.index]).toEqual([5, 12]);
  }
  const atFloor = new Follower(10, 9, 5);
  expect(atFloor.append(LOG, 6, 12)).toMatchObject({ success: true, matchIndex: 12 });
});

test('a floor that this log reaches changes nothing here, committed or not: no entry is dropped', () => {
  for (const committed of [0, 4, 8]) {
    const follower = new Follower(10, committed);
    expect(follower.append(LOG, 7, 8, true)).toMatchObject({ success: true, matchIndex: 8 });
    expect([follower.store.floor.index, follower.store.last?.index]).toEqual([0, 10]);
  }
});

test('a floor above this log, or in another end of it, is where it begins', () => {
  for (const last of [4, 9]) {
    const follower = new Follower(last, 3);
    expect(follower.append(OTHER, 10, 12, true)).toMatchObject({
      success: true,
      matchIndex: 12,
      commitIndex: 9,
    });
    expect(follower.commits).toBe(1);
    expect([follower.store.floor.index, follower.store.last?.index]).toEqual([9, 12]);
  }
});

test('without an entry behind it, or where it is no floor, nothing begins there', () => {
  const follower = new Follower(4, 3);
  const refusal = { success: false, matchIndex: 3, divergedAt: null };
  expect(follower.append(OTHER, 10, 9, true)).toMatchObject(refusal);
  expect(follower.append(OTHER, 10, 12)).toMatchObject(refusal);
  expect([follower.store.floor.index, follower.store.last?.index]).toEqual([0, 4]);
});

test('another history is told where it begins, as far as both logs reach back', () => {
  // Right at the own floor, in what goes before the entries or as one of them.
  const atFloor = new Follower(12, 12, 10);
  expect(atFloor.append(OTHER, 11, 12)).toMatchObject({ success: false, divergedAt: 10 });
  expect(new Follower(12, 12, 10).append(OTHER, 8, 12)).toMatchObject({ success: false, divergedAt: 10 });
  // Behind it: what is asked for next lies behind it, too.
  const behind = new Follower(19, 18, 4);
  expect(behind.append(OTHER, 19, 20)).toMatchObject({ success: false, matchIndex: 11, divergedAt: null });
  expect(behind.append(OTHER, 12, 12)).toMatchObject({ success: false, matchIndex: 7, divergedAt: null });
  expect(behind.append(OTHER, 8, 8)).toMatchObject({ success: false, divergedAt: 8 });
  // The leader's floor: it can send nothing before.
  expect(new Follower(19, 18).append(OTHER, 12, 14, true)).toMatchObject({ success: false, divergedAt: 11 });
});
