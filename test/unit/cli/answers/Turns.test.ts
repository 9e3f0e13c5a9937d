import { performance } from 'node:perf_hooks';
import { Turns } from '../../../../src/cli/answers/Turns';
import { COMMANDS_TURN_MS } from '../../../../src/limits';

let now: number;
let turns: Turns;

beforeEach(() => {
  now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  turns = new Turns();
});
afterEach(() => jest.restoreAllMocks());

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a turn is over when its time is, and the next one has its own', async () => {
  expect(turns.over).toBe(false);
  now += COMMANDS_TURN_MS - 1;
  expect(turns.over).toBe(false);
  now += 1;
  expect(turns.over).toBe(true);
  await nextTurn();
  expect(turns.over).toBe(false);
});

test('work that takes the whole time of a turn is done one a turn, first come first served', async () => {
  const done: string[] = [];
  const work = (name: string, again: number): void =>
    turns.soon(() => {
      done.push(name);
      now += COMMANDS_TURN_MS;
      if (again > 0) work(name, again - 1);
    });
  work('a', 2);
  work('b', 1);
  expect(done).toEqual([]);
  const each: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await nextTurn();
    each.push(done.length);
  }
  expect(each).toEqual([1, 2, 3, 4, 5]);
  expect(done).toEqual(['a', 'b', 'a', 'b', 'a']);
});

test('work that takes no time is all done in the next turn', async () => {
  let done = 0;
  for (let count = 0; count < 10; count++) turns.soon(() => done++);
  await nextTurn();
  expect(done).toBe(10);
});
