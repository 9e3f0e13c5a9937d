import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RequestError } from '../../../../src/errors';
import { FOLLOW_PAGE_ENTRIES_MAX, FOLLOWERS_MAX } from '../../../../src/limits';
import { buildEntry, encodePayload, toLogEntry, type Entry } from '../../../../src/entry/Entry';
import { LogFollowers, type ToldLogs } from '../../../../src/mokka/requests/LogFollowers';

/** A log of so many entries, that counts what is read of it. */
class CountedLogs implements ToldLogs {
  last = 0;
  reads = 0;
  told = 0;
  stopped = false;

  readFrom(index: number, _maxBytes: number, maxCount: number): Entry[] {
    if (this.stopped) throw new RequestError('NODE_UNREACHABLE', 'this node has stopped');
    const count = Math.max(0, Math.min(maxCount, this.last - index + 1));
    this.reads++;
    this.told += count;
    return Array.from({ length: count }, (_, at) => logOf(index + at));
  }
}

function logOf(index: number): Entry {
  const payload = encodePayload({ session: '00000000000000aa', nonce: index }, 'k', 'v');
  return buildEntry({ index, term: 1, logNumber: index, createdAt: 0 }, payload, null);
}

let logs: CountedLogs;
let followers: LogFollowers;

beforeEach(() => {
  logs = new CountedLogs();
  followers = new LogFollowers(logs);
});

function commit(count: number): void {
  logs.last += count;
  followers.committedTo(logs.last);
}

/** Follows until the log `to` has come; the indexes that came. */
async function indexesTo(to: number, from = 1): Promise<number[]> {
  const indexes: number[] = [];
  for await (const { index } of followers.follow({ from })) {
    indexes.push(index);
    if (index === to) break;
  }
  return indexes;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

test('each log comes once, in order and without a gap, whenever it is committed and whoever else follows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 40 }),
      async (commits, from) => {
        logs = new CountedLogs();
        followers = new LogFollowers(logs);
        const end = commits.reduce((sum, count) => sum + count, 40);
        const following = [indexesTo(end), indexesTo(end, from)];
        for (const count of [40, ...commits]) {
          await nextTurn();
          commit(count);
        }
        expect(await Promise.all(following)).toEqual([range(1, end), range(from, end)]);
      },
    ),
    { numRuns: 30 },
  );
});

test('one that stops taking logs costs a page, not the log', async () => {
  commit(100_000);
  const stalled = followers.follow();
  expect((await stalled.next()).value).toEqual(toLogEntry(logOf(1)));
  commit(100_000);
  await nextTurn();
  expect(logs.told).toBe(FOLLOW_PAGE_ENTRIES_MAX);
  await stalled.return();
});

test('one that waits reads nothing until its log is committed', async () => {
  commit(5);
  const following = indexesTo(9, 8);
  for (let committed = 6; committed < 8; committed++) {
    await nextTurn();
    commit(1);
  }
  await nextTurn();
  expect(logs.reads).toBe(1);
  commit(2);
  expect(await following).toEqual([8, 9]);
});

test.each([
  ['before it begins', 0],
  ['while it waits', 3],
  ['between two logs', 2],
])('the signal ends it %s', async (_when, taken) => {
  commit(3);
  const control = new AbortController();
  const following = followers.follow({ signal: control.signal });
  for (let index = 1; index <= taken; index++)
    expect((await following.next()).value).toEqual(toLogEntry(logOf(index)));
  const next = taken === 3 ? following.next() : undefined;
  await nextTurn();
  control.abort();
  expect(await (next ?? following.next())).toEqual({ done: true, value: undefined });
});

test('a node that stops ends each with its error, those that wait at once', async () => {
  commit(2);
  const waiting = indexesTo(3);
  await nextTurn();
  logs.stopped = true;
  followers.readAgain();
  await expect(waiting).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  await expect(indexesTo(1)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
});

test('however many follow, one page is read in a turn of the event loop', async () => {
  commit(3 * FOLLOW_PAGE_ENTRIES_MAX);
  const following = Array.from({ length: 20 }, () => indexesTo(logs.last));
  const reads = [0];
  while (logs.reads < 60) {
    await nextTurn();
    reads.push(logs.reads);
  }
  await Promise.all(following);
  // A turn may have its page before or after this test looks.
  for (const [at, read] of reads.entries()) expect(read - (reads[at - 1] ?? 0)).toBeLessThanOrEqual(2);
});

test('one that waits is ended by return at once, and makes room', async () => {
  const following = followers.follow();
  const next = following.next();
  await nextTurn();
  await nextTurn();
  expect(followers['waiting'].size).toBe(1);
  await following.return();
  expect(await next).toEqual({ done: true, value: undefined });
  expect([followers['waiting'].size, followers['count']]).toEqual([0, 0]);
});

test('who was woken waits no more, and the signal keeps nothing of who has ended', async () => {
  const control = new AbortController();
  const { signal } = control;
  const following = followers.follow({ signal });
  for (let index = 1; index <= 20; index++) {
    const next = following.next();
    await nextTurn();
    await nextTurn();
    commit(1);
    expect(await next).toEqual({ done: false, value: toLogEntry(logOf(index)) });
    expect(followers['waiting'].size).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  }
  await following.return();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test.each([null, 'x', 1, { signal: new AbortController() }])('options %p are refused', async (options) => {
  const following = followers.follow(options as object);
  await expect(following.next()).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('one more than the limit is BUSY; one that ended makes room', async () => {
  commit(1);
  const all = Array.from({ length: FOLLOWERS_MAX }, () => followers.follow());
  for (const each of all) await each.next();
  await expect(indexesTo(1)).rejects.toMatchObject({ code: 'BUSY' });
  await all[0]?.return();
  expect(await indexesTo(1)).toEqual([1]);
  for (const each of all) await each.return();
});

test.each([0, -1, 1.5, NaN, Infinity, '1', null])('from %p is refused', async (from) => {
  const following = followers.follow({ from: from as number });
  await expect(following.next()).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});
