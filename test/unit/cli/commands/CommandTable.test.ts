import { COMMANDS, findCommand, splitLine } from '../../../../src/cli/commands/CommandTable';

function parse(line: string): unknown {
  const split = splitLine(line);
  if (split === null) return null;
  return findCommand(split.name).parse(split.text);
}

const codeOf = (line: string): unknown => {
  try {
    return { parsed: parse(line) };
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
};

describe('commands', () => {
  test.each([
    ['add_log super test', 'super', 'test'],
    ['  add_log   super test', 'super', 'test'],
    ['add_log k two  words ', 'k', 'two  words '],
    ['add_log k  ', 'k', ' '],
    ['add_log k  x', 'k', ' x'],
    ['add_log -k -v', '-k', '-v'],
    ['add_log __proto__ x', '__proto__', 'x'],
    ['add_log k "quoted \\n"', 'k', '"quoted \\n"'],
    ['add_log a\tb c\td', 'a\tb', 'c\td'],
  ])('%j stores what was typed', (line, key, value) => {
    expect(parse(line)).toEqual({ key, value, condition: {} });
  });

  test.each([
    ['add_log_if 0 super test', 'super', 'test', { ifLast: 0 }],
    ['add_log_if  41 "my key"  two spaces', 'my key', ' two spaces', { ifLast: 41 }],
    ['add_log_if 7 8 9', '8', '9', { ifLast: 7 }],
    ['add_log_if_key 0 super test', 'super', 'test', { ifKeyLast: 0 }],
    ['add_log_if_key  41 "my key"  two spaces', 'my key', ' two spaces', { ifKeyLast: 41 }],
  ])('%j stores what was typed behind a log', (line, key, value, condition) => {
    expect(parse(line)).toEqual({ key, value, condition });
  });

  test.each(['', ' k v', ' 1', ' 1 k', ' -1 k v', ' 01 k v', ' 1.5 k v', ' 9007199254740993 k v'])(
    'add_log_if%s is no condition and a log',
    (rest) => {
      for (const name of ['add_log_if', 'add_log_if_key']) expect(codeOf(name + rest)).toBe('BAD_ARGUMENT');
    },
  );

  test.each(['add_log', 'add_log ', 'add_log k', 'add_log k ', 'add_log    k'])('%j lacks a part', (line) => {
    expect(codeOf(line)).toBe('BAD_ARGUMENT');
  });

  test.each([
    ['get_log 1', 1],
    ['get_log  7 ', 7],
    ['get_log 9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%j is an index', (line, index) => {
    expect(parse(line)).toBe(index);
  });

  test.each([
    ...['', '0', '-1', '+1', '01', '1e0', '0x1', '1.0', '1 2', 'abc', '2x', '१', '1\t', 'NaN', 'Infinity'],
    ...['9007199254740992', '9007199254740993', '99999999999999999999'],
  ])('get_log %j is refused', (index) => {
    expect(codeOf(`get_log ${index}`)).toBe('BAD_ARGUMENT');
  });

  test.each([
    ['list 7', { from: 7, count: 10 }],
    ['list  7   3 ', { from: 7, count: 3 }],
    ['list 1 1000', { from: 1, count: 1000 }],
    ['tail', 10],
    ['tail ', 10],
    ['tail 3', 3],
  ])('%j is understood', (line, given) => {
    expect(parse(line)).toEqual(given);
  });

  test.each([
    ...[
      'list',
      'list 0',
      'list -1',
      'list x',
      'list 1 0',
      'list 1 1001',
      'list 1 2 3',
      'list 1 x',
      'list 01',
    ],
    ...['tail 0', 'tail -1', 'tail 1001', 'tail x', 'tail 1 2'],
  ])('%j is refused', (line) => {
    expect(codeOf(line)).toBe('BAD_ARGUMENT');
  });

  test.each(['status x', 'info x', 'exit now'])('%j has an argument too many', (line) => {
    expect(codeOf(line)).toBe('BAD_ARGUMENT');
  });

  test.each(['addlog k v', '__proto__', 'constructor', 'add_log\tk v', 'ADD_LOG k v'])(
    '%j is no command',
    (line) => {
      expect(codeOf(line)).toBe('BAD_COMMAND');
    },
  );

  test.each([
    ['addlog k v', 'did you mean add_log?'],
    ['nonsense', 'use one of add_log, get_log, list'],
    ['add_base63 k v', 'use one of add_log'],
  ])('%j is told what there is', (line, advice) => {
    expect(() => findCommand(splitLine(line)?.name ?? '')).toThrow(advice);
  });

  test('quit and ? are other words for exit and help', () => {
    expect([findCommand('quit').name, findCommand('?').name]).toEqual(['exit', 'help']);
  });

  test.each(['', ' ', ' \t '])('%j is empty', (line) => {
    expect(splitLine(line)).toBeNull();
  });

  test('help has a row for each command', async () => {
    const node = { logApi: { push: jest.fn() }, getDb: jest.fn(), trim: jest.fn() };
    const result = await findCommand('help').run({ node }, '');
    expect(result).toEqual({
      commands: COMMANDS.map(({ name, usage, summary }) => ({ name, usage, summary })),
    });
  });
});
