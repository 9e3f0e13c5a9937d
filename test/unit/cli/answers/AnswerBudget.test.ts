import { AnswerBudget, type BudgetPart } from '../../../../src/cli/answers/AnswerBudget';
import { COMMAND_BYTES_IN_FLIGHT_MAX, COMMAND_BYTES_OWN } from '../../../../src/limits';

let budget: AnswerBudget;
let woken: string[];

beforeEach(() => {
  budget = new AnswerBudget();
  woken = [];
});

const open = (name: string): BudgetPart => budget.open(() => woken.push(name));

/** A prompt that holds all that is shared, beside its own part. */
function openGreedy(): BudgetPart {
  const greedy = open('greedy');
  expect(greedy.tryTake(COMMAND_BYTES_OWN + COMMAND_BYTES_IN_FLIGHT_MAX)).toBe(true);
  return greedy;
}

test('a prompt has its own part, whatever the others hold, and no byte beyond it', () => {
  openGreedy();
  const modest = open('modest');
  expect(modest.tryTake(COMMAND_BYTES_OWN)).toBe(true);
  expect(modest.tryTake(1)).toBe(false);
  modest.give(COMMAND_BYTES_OWN);
  expect(modest.tryTake(COMMAND_BYTES_OWN)).toBe(true);
});

test('what was refused is not held', () => {
  const greedy = openGreedy();
  expect(greedy.tryTake(1)).toBe(false);
  greedy.give(1);
  expect(greedy.tryTake(1)).toBe(true);
});

test('who was refused is told once when something is given back', () => {
  const greedy = openGreedy();
  const waiting = open('waiting');
  waiting.tryTake(COMMAND_BYTES_OWN + 10);
  waiting.tryTake(COMMAND_BYTES_OWN + 10);
  expect(woken).toEqual([]);
  greedy.give(10);
  expect(woken).toEqual(['waiting']);
  expect(waiting.tryTake(COMMAND_BYTES_OWN + 10)).toBe(true);
  greedy.give(10);
  expect(woken).toEqual(['waiting']);
});

test('what had to be had is taken from nobody else, and given back like all else', () => {
  const greedy = openGreedy();
  greedy.take(1000);
  greedy.give(1000);
  expect(greedy.tryTake(1)).toBe(false);
  greedy.give(COMMAND_BYTES_OWN + COMMAND_BYTES_IN_FLIGHT_MAX);
  const next = open('next');
  expect(next.tryTake(COMMAND_BYTES_OWN + COMMAND_BYTES_IN_FLIGHT_MAX)).toBe(true);
  expect(next.tryTake(1)).toBe(false);
});

test('what had to be had does not keep counting as that when it is given back', () => {
  const greedy = openGreedy();
  const late = open('late');
  late.take(COMMAND_BYTES_OWN + 1000);
  late.give(COMMAND_BYTES_OWN + 1000);
  expect(late.tryTake(COMMAND_BYTES_OWN)).toBe(true);
  expect(late.tryTake(1)).toBe(false);
  greedy.give(1);
  expect(late.tryTake(2)).toBe(false);
});
