import { COMMANDS, shownCommands } from '../../../../src/cli/commands/CommandTable';
import { nearestName } from '../../../../src/cli/commands/nearestName';

const names = shownCommands(COMMANDS).map(({ name }) => name);

test.each([
  ['addlog', 'add_log'],
  ['add-log', 'add_log'],
  ['ADD_LOG', 'add_log'],
  ['ad_lgo', 'add_log'],
  ['add', 'add_log'],
  ['get_lgo', 'get_log'],
  ['hisotry', 'history'],
  ['getlogs', 'get_log'],
  ['tial', 'tail'],
  ['lst', 'list'],
  ['stauts', 'status'],
  ['hlep', 'help'],
  ['exi', 'exit'],
])('%s is nearest to %s', (word, name) => {
  expect(nearestName(word, names)).toBe(name);
});

test.each(['nonsense', 'x', '', 'ls', '__proto__', 'select'])('%j is near nothing', (word) => {
  expect(nearestName(word, names)).toBeNull();
});
