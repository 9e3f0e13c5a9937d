import { setImmediate as turn } from 'node:timers/promises';
import { findCommand } from '../../../../src/cli/commands/CommandTable';
import { followLogs, listLogs, sourceOf, tailLogs } from '../../../../src/cli/commands/logLists';
import { TrimmedError } from '../../../../src/errors';
import { LIST_BYTES_MAX } from '../../../../src/limits';
import type { LogEntry } from '../../../../src/entry/Entry';
import { FakeNode } from '../FakeNode';

async function nodeWith(count: number, value = 'v'): Promise<FakeNode> {
  const node = new FakeNode();
  for (let at = 1; at <= count; at++) await node.logApi.push(`k${at}`, { value });
  node.calls.length = 0;
  return node;
}

const keys = ({ logs }: { logs: readonly LogEntry[] }): string[] => logs.map(({ log }) => log.key);

test.each([
  [2, 2, ['k2', 'k3'], 4],
  [4, 10, ['k4', 'k5'], 6],
  [6, 10, [], 6],
  [9, 10, [], 9],
])('list %d %d of five', async (from, count, expected, next) => {
  const list = await listLogs(await nodeWith(5), from, count);
  expect(keys(list)).toEqual(expected);
  expect(list.next).toBe(next);
});

test.each([
  [2, ['k4', 'k5'], 6],
  [10, ['k1', 'k2', 'k3', 'k4', 'k5'], 6],
])('tail %d of five', async (count, expected, next) => {
  const list = await tailLogs(await nodeWith(5), count);
  expect(keys(list)).toEqual(expected);
  expect(list.next).toBe(next);
});

test('tail has the end of the log confirmed first, since a follower may not know it yet', async () => {
  const node = await nodeWith(2);
  await tailLogs(node, 1);
  expect(node.calls).toEqual([`get ${Number.MAX_SAFE_INTEGER}`, 'info', 'get 2']);
});

test('an answer has a bounded size, but one log at least', async () => {
  const large = await nodeWith(5, 'v'.repeat(LIST_BYTES_MAX / 3));
  expect(await listLogs(large, 1, 10)).toMatchObject({ logs: [{ index: 1 }, { index: 2 }], next: 3 });
  expect(await tailLogs(large, 10)).toMatchObject({ logs: [{ index: 4 }, { index: 5 }], next: 6 });
  const huge = await nodeWith(2, 'v'.repeat(LIST_BYTES_MAX));
  expect(await listLogs(huge, 1, 10)).toMatchObject({ logs: [{ index: 1 }], next: 2 });
  expect(await tailLogs(huge, 10)).toMatchObject({ logs: [{ index: 2 }], next: 3 });
});

/** Lets a node forget what stands up to an index. */
function trimTo(node: FakeNode, floor: number): void {
  const db = node.getDb();
  const entries = db.getEntry();
  const get = (index: number): Promise<LogEntry | null> =>
    index <= floor ? Promise.reject(new TrimmedError(floor)) : entries.get(index);
  jest.spyOn(node, 'getDb').mockReturnValue({ ...db, getEntry: () => ({ ...entries, get }) });
}

test('of a trimmed log tail shows what is left, and list from a forgotten log is refused', async () => {
  const node = await nodeWith(5);
  trimTo(node, 3);
  expect(await tailLogs(node, 10)).toMatchObject({ logs: [{ index: 4 }, { index: 5 }], next: 6 });
  expect(await listLogs(node, 4, 10)).toMatchObject({ logs: [{ index: 4 }, { index: 5 }], next: 6 });
  await expect(listLogs(node, 1, 10)).rejects.toMatchObject({
    code: 'TRIMMED',
    message: expect.stringMatching(/it begins with 4 on every node/) as string,
  });
  trimTo(node, 5);
  expect(await tailLogs(node, 10)).toEqual({ logs: [], next: 6 });
});

test('following shows each log once, in order, and ends when it is told to', async () => {
  const node = await nodeWith(3);
  const seen: string[] = [];
  const end = new AbortController();
  const ended = followLogs(sourceOf(node), 2, (logs) => seen.push(...keys({ logs })), end.signal);
  while (seen.length < 2) await turn();
  await node.logApi.push('k4', { value: 'v' });
  while (seen.length < 3) await turn();
  end.abort();
  await ended;
  expect(seen).toEqual(['k2', 'k3', 'k4']);
});

test('status answers the members', async () => {
  const node = new FakeNode();
  node.status = [{ node: 0, address: 'a', role: 'leader', reachable: true, behind: 0, clockOffset: 0 }];
  const result = await findCommand('status').run({ node }, undefined);
  expect(result).toEqual({ members: node.status });
});
