import { InterruptibleNode } from '../../../../src/cli/commands/InterruptibleNode';
import { ADD_WAIT_TOLD_MS } from '../../../../src/limits';
import { FakeNode } from '../FakeNode';

const PROBLEM = '1 of 3 members are reachable and 2 are needed; not reachable: node 1, node 2. Start them.';

let node: FakeNode;
let told: string[];
let adds: InterruptibleNode;

beforeEach(() => {
  jest.useFakeTimers();
  node = new FakeNode();
  node.info = { ...node.info, problem: PROBLEM };
  told = [];
  adds = new InterruptibleNode(
    node,
    () => Promise.resolve(node.info),
    (text) => told.push(text),
  );
  node.hold();
});
afterEach(() => {
  node.letGo();
  jest.useRealTimers();
});

const add = (): Promise<unknown> => adds.logApi.push('key', { value: 'value' });
const after = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

test('an add that waits for a second is told for whom, once', async () => {
  const added = add();
  await after(ADD_WAIT_TOLD_MS - 1);
  expect(told).toEqual([]);
  await after(10 * ADD_WAIT_TOLD_MS);
  expect(told).toEqual([`the add waits; info says: ${PROBLEM} Ctrl-C ends the wait.`]);
  node.letGo();
  expect(await added).toMatchObject({ index: 1 });
});

test('what has no problem is told nothing, nor what is answered', async () => {
  node.info = { ...node.info, problem: null };
  const added = add();
  await after(3 * ADD_WAIT_TOLD_MS);
  node.letGo();
  await added;
  node.info = { ...node.info, problem: PROBLEM };
  await after(3 * ADD_WAIT_TOLD_MS);
  expect(told).toEqual([]);
});

test('the wait can be ended, and then nobody knows what becomes of the add', async () => {
  expect(adds.interrupt()).toBe(false);
  const ended = [add(), add()].map((added) =>
    expect(added).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' }),
  );
  expect(adds.interrupt()).toBe(true);
  await Promise.all(ended);
  expect(adds.interrupt()).toBe(false);
  node.letGo();
  await after(3 * ADD_WAIT_TOLD_MS);
  expect(node.entries).toHaveLength(2);
  expect(told).toEqual([]);
});
