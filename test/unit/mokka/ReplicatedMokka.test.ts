import { buildEntry } from '../../../src/entry/Entry';
import type { LogMessage } from '../../../src/mokka/messages/LogMessage';
import { LoneNode } from './LoneNode';

let node: LoneNode;

beforeEach(() => (node = new LoneNode(3)));
afterEach(async () => {
  jest.restoreAllMocks();
  await node.disconnect();
});

test('what is under way is sent again to another leader, or in another term, not to one that was out of sight', () => {
  const changed = jest.spyOn(node.logApi, 'leaderChanged');
  const goTo = (leader: string | null, term: number): number => {
    node['pushesGoTo'](leader, term);
    return changed.mock.calls.length;
  };
  expect([goTo('b', 1), goTo(null, 1), goTo('b', 1)]).toEqual([1, 1, 1]);
  expect([goTo(null, 2), goTo('b', 2), goTo('c', 2), goTo('b', 3)]).toEqual([1, 2, 3, 4]);
});

const throwOfListener = (): never => {
  throw new Error('of the listener');
};

test.each([
  [
    'commit',
    () => {
      node['emittedLogNumber'] = -1;
      node['guard'](() => node['tellCommit']());
    },
  ],
  [
    'identity',
    () => {
      node['store'].setMembership('voter');
      node['store'].setIdentity('1'.repeat(32));
      node['guard'](() => node['onTick'](performance.now()));
    },
  ],
] as const)('what a listener of %s throws is uncaught, and the node goes on', async (event, step) => {
  node.connect();
  const uncaught = jest.spyOn(process, 'nextTick').mockImplementation();
  const failed = jest.fn();
  node.on('fatal', failed);
  node.on(event, throwOfListener);
  step();
  expect(failed).not.toHaveBeenCalled();
  const rethrow = uncaught.mock.calls.map(([work]) => work as () => void);
  expect(rethrow).toHaveLength(1);
  expect(rethrow[0]).toThrow('of the listener');
  uncaught.mockRestore();
  await expect(node.getDb().getState().getInfo()).resolves.toBeDefined();
});

test('a listener of state finds the step done, and what it throws is uncaught', async () => {
  const alone = new LoneNode();
  const uncaught = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation();
  const failed = jest.fn();
  alone.on('fatal', failed);
  alone.connect();
  alone['store'].setMembership('voter');
  const told: unknown[] = [];
  alone.on('state', () => told.push(alone['replicatedLog'].leads, alone.term));
  alone.on('state', throwOfListener);
  alone['guard'](() => alone['node'].becomeCandidate(1));
  // It became a candidate and the leader in one step, which is told once.
  expect(told).toEqual([]);
  const tell = uncaught.mock.calls.map(([work]) => work);
  expect(tell).toHaveLength(1);
  expect(tell[0]).toThrow('of the listener');
  expect(told).toEqual([true, 1]);
  expect([failed.mock.calls, alone['election']['leadership']]).toEqual([[], expect.anything()]);
  await alone.disconnect();
});

test('the next change of state is told again', async () => {
  const alone = new LoneNode();
  alone['store'].setMembership('voter');
  alone.connect();
  const told: number[] = [];
  alone.on('state', () => told.push(alone.term));
  for (const term of [3, 4]) {
    alone['node'].becomeFollower(term);
    await Promise.resolve();
  }
  expect(told).toEqual([3, 4]);
  await alone.disconnect();
});

test('commit tells of logs: a leader’s empty entry is none', () => {
  const told = jest.fn();
  node.on('commit', told);
  const { log } = node['replicatedLog'];
  log.commitIndex = 1;
  node['tellCommit']();
  expect(told).not.toHaveBeenCalled();
  Object.assign(log, { commitIndex: 2, committedLogNumber: 1 });
  node['tellCommit']();
  node['tellCommit']();
  expect(told.mock.calls).toEqual([[1]]);
  log.commitIndex = 0;
});

test('while histories differ, nothing is taken, and nothing told after what all share', async () => {
  node.connect();
  const log = node['replicatedLog'];
  jest.spyOn(log, 'sharedIndex', 'get').mockReturnValue(4);
  const last = buildEntry({ index: 4, term: 1, logNumber: 2, createdAt: 0 }, null, null);
  jest.spyOn(log.log, 'entryAt').mockImplementation((index) => (index === 4 ? last : null));
  jest.spyOn(node['reads'], 'get').mockResolvedValue(null);
  const entries = node.getDb().getEntry();
  expect(await entries.get(2)).toBeNull();
  const refusal = { code: 'HISTORIES_DIFFER', message: expect.stringContaining('after 2 ') as string };
  await expect(entries.get(3)).rejects.toMatchObject(refusal);
  await expect(node.logApi.push('key', { value: 'value' })).rejects.toMatchObject(refusal);
});

describe('answers count', () => {
  const receive = (from: string, message: LogMessage): void => node['receiveMessage'](from, message);
  const answers = { type: 'answers', term: 0, commitIndex: 9, committed: [], refused: [] } as const;

  /** One that the node follows, and how its log stands to that one's. */
  function follow(agrees: boolean): void {
    node.followed = 'leader';
    node['replicatedLog'].follow(0, 'leader');
    if (!agrees) jest.spyOn(node['replicatedLog'], 'agreedLeader', 'get').mockReturnValue(null);
  }

  test.each([
    ['of the leader that the node agrees with', 'leader', 0, true, 1],
    ['of another member', 'another', 0, true, 0],
    ['of another term', 'leader', 1, true, 0],
    ['of a leader that the node does not agree with', 'leader', 0, false, 0],
  ])('to pushes: %s', (_, from, term, agrees, times) => {
    follow(agrees);
    const answered = jest.spyOn(node.logApi, 'answered').mockReturnValue();
    receive(from, { ...answers, term });
    expect(answered).toHaveBeenCalledTimes(times);
  });

  test.each([
    ['leader', 1],
    ['another', 0],
  ])('to reads: of the %s', (from, times) => {
    follow(true);
    const answered = jest.spyOn(node['reads'], 'answered').mockReturnValue();
    receive(from, { type: 'confirmed', id: 1, commitIndex: 9 });
    expect(answered).toHaveBeenCalledTimes(times);
  });
});

test('to connect twice does nothing more; to connect after the end is refused', async () => {
  const node = new LoneNode();
  const begun = jest.spyOn(global, 'setInterval');
  node.connect();
  node.connect();
  expect(begun).toHaveBeenCalledTimes(1);
  begun.mockRestore();
  await node.disconnect();
  expect(() => node.connect()).toThrow(/this node has stopped/);
});
