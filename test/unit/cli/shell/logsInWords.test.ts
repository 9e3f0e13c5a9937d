import { logsInWords } from '../../../../src/cli/shell/logsInWords';
import { GENESIS } from '../../../../src/entry/LogPoint';

const floor = { ...GENESIS, index: 103, logNumber: 100 };

test.each([
  ['a whole log', { floor: GENESIS, logs: 3 }, '3 of them logs'],
  [
    'one whose first entries, no logs, are trimmed',
    { floor: { ...GENESIS, index: 2 }, logs: 3 },
    '3 of them logs',
  ],
  ['a trimmed log', { floor, logs: 400 }, '400 of them logs (101 to 500, trimmed up to 100)'],
  ['a log without one above its floor', { floor, logs: 0 }, '0 of them logs (trimmed up to 100)'],
])('of %s', (_name, given, words) => {
  expect(logsInWords(given)).toBe(words);
});
