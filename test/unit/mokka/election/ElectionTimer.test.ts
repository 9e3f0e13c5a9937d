import { ElectionTimer } from '../../../../src/mokka/election/ElectionTimer';
import { WriteTimes } from '../../../../src/mokka/election/WriteTimes';

const HEARTBEAT = 50;
const TIMEOUT = 200;
const TICK = 10;
const LEADER = 'leader';

let writeTimes: WriteTimes;
let timer: ElectionTimer;
let now: number;

/** A node that has ticked and heard its leader just now, and would wait for just one election timeout. */
beforeEach(() => {
  writeTimes = new WriteTimes(TIMEOUT / 2);
  timer = new ElectionTimer({ heartbeat: HEARTBEAT, electionTimeout: TIMEOUT }, writeTimes, () => 0);
  now = 1000;
  timer.tick(now);
  timer.heardLeader(now);
});

/** Time passes in ticks, until something holds; returns how long that took, ms. */
function msUntil(holds: () => boolean): number {
  const from = now;
  while (!holds()) {
    now += TICK;
    timer.tick(now);
  }
  return now - from;
}

/** One step of the node takes so long, of which so much is a write to its disk; then it ticks. */
function step(ms: number, writeMs = 0): number {
  now += ms;
  if (writeMs > 0) timer.wrote(writeMs);
  return timer.tick(now);
}

const hasExpired =
  (leader: string | null = LEADER) =>
  (): boolean =>
    timer.hasExpired(leader, now);
const isLeaderSilent =
  (leader: string | null = LEADER) =>
  (): boolean =>
    timer.isLeaderSilent(leader, now);

test('it expires after an election timeout; an election of another is agreed to after one and a half heartbeats', () => {
  expect(msUntil(isLeaderSilent())).toBe(1.5 * HEARTBEAT + 5);
  expect(msUntil(hasExpired())).toBe(TIMEOUT - 80);
});

describe('the time in which it did not get to run is no silence', () => {
  test.each([190, 1000, 9000])('for %i ms: but for the heartbeat in which it may hear nothing', (ms) => {
    expect(step(ms)).toBe(ms - HEARTBEAT);
    expect(hasExpired()()).toBe(false);
    expect(isLeaderSilent()()).toBe(false);
    expect(msUntil(hasExpired())).toBeLessThanOrEqual(2 * TIMEOUT);
  });

  test('for less than a heartbeat: then nothing was missed', () => {
    expect(step(HEARTBEAT)).toBe(0);
    expect(msUntil(hasExpired())).toBe(TIMEOUT - HEARTBEAT);
  });

  test('it moves the deadline by no more than a leader that was heard since', () => {
    now += 100_000;
    timer.heardLeader(now);
    timer.tick(now);
    expect(msUntil(hasExpired())).toBe(2 * TIMEOUT);
  });

  test('nor is it longer than until now that the leader was heard', () => {
    now += 100_000;
    timer.heardLeader(now);
    timer.tick(now);
    expect(msUntil(isLeaderSilent())).toBe(1.5 * HEARTBEAT + 5);
  });

  test('what a write took of it is not counted twice', () => {
    expect(step(400, 400)).toBe(0);
    expect(msUntil(hasExpired())).toBe(TIMEOUT);
    expect(step(400, 100)).toBe(300 - HEARTBEAT);
    expect(step(400)).toBe(400 - HEARTBEAT);
  });
});

test('what an own write takes is no silence', () => {
  step(300, 300);
  expect(isLeaderSilent()()).toBe(false);
  expect(msUntil(isLeaderSilent())).toBe(80);
  expect(msUntil(hasExpired())).toBe(TIMEOUT - 80);
});

describe('a leader with a slow disk', () => {
  beforeEach(() => writeTimes.reported(LEADER, 400));

  test('is waited for two writes longer, before an election and before agreeing to one', () => {
    expect(msUntil(isLeaderSilent())).toBe(80 + 2 * 400);
    expect(msUntil(hasExpired())).toBe(TIMEOUT - 80);
  });

  test('is not waited for once its process is gone', () => {
    now += 10;
    timer.leaderGone(now);
    expect(msUntil(hasExpired())).toBe(70);
    expect(isLeaderSilent()()).toBe(true);
  });

  test('is waited for again when it speaks, as its process is another', () => {
    timer.leaderGone(now);
    timer.heardLeader(now);
    expect(msUntil(hasExpired())).toBe(TIMEOUT + 2 * 400);
  });
});

test('without a leader the slowest of the others is waited for', () => {
  writeTimes.reported('another', 400);
  expect(msUntil(hasExpired(null))).toBe(TIMEOUT + 400);
});

test('who agrees with a candidate waits for two heartbeats, and for what the candidate’s writes take', () => {
  msUntil(hasExpired());
  timer.deferTo('quick', now);
  expect(msUntil(hasExpired())).toBe(2 * HEARTBEAT);
  writeTimes.reported('slow', 400);
  timer.deferTo('slow', now);
  expect(msUntil(hasExpired())).toBe(2 * HEARTBEAT + 400);
});

test('a leader that is gone is waited for only until its silence is long: the others agree then', () => {
  now += HEARTBEAT;
  timer.tick(now);
  timer.leaderGone(now);
  expect(hasExpired()()).toBe(false);
  expect(msUntil(hasExpired())).toBe(30);
  expect(isLeaderSilent()()).toBe(true);
});

test('who agrees with a candidate does not wait for less than before', () => {
  timer.deferTo('quick', now);
  expect(msUntil(hasExpired())).toBe(TIMEOUT);
});

test('a leader that is gone puts off no election', () => {
  timer.expire(now);
  timer.leaderGone(now);
  expect(hasExpired()()).toBe(true);
});

test('after a long silence of a leader that is gone its followers still begin at different times', () => {
  const timing = { heartbeat: HEARTBEAT, electionTimeout: 10 * TIMEOUT };
  const half = new ElectionTimer(timing, writeTimes, () => 0.5);
  half.heardLeader(now);
  now += TIMEOUT;
  half.leaderGone(now);
  expect(half.hasExpired(LEADER, now + HEARTBEAT / 2 - 1)).toBe(false);
  expect(half.hasExpired(LEADER, now + HEARTBEAT / 2)).toBe(true);
});

test('to wait no longer does not put off what was due before', () => {
  writeTimes.reported(LEADER, 400);
  timer.expire(now + TIMEOUT + 100);
  expect(hasExpired()()).toBe(false);
  expect(msUntil(hasExpired())).toBe(TIMEOUT + 2 * 400);
});
