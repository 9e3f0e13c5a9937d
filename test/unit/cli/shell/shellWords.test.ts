import { optionNames, parseOneShot, shapeOf } from '../../../../src/cli/shell/shellWords';

const parse = (...words: string[]): unknown => parseOneShot(words, {});
const NOTHING_ELSE = { node: 0, json: false, follow: false, from: null, help: false };

test('options stand before the command, or after one that stores nothing', () => {
  expect(parse('--json', '--node', '2', 'info')).toEqual({
    ...{ ...NOTHING_ELSE, node: 2, json: true },
    words: ['info'],
  });
  expect(parse('tail', '3', '--follow', '--json')).toEqual({
    ...{ ...NOTHING_ELSE, json: true, follow: true },
    words: ['tail', '3'],
  });
});

test('an option takes its value after = too', () => {
  expect(parse('--node=2', 'info')).toMatchObject({ node: 2, words: ['info'] });
  expect(parse('tail', '--follow', '--from=17')).toMatchObject({ from: 17, follow: true, words: ['tail'] });
});

test('what add_log stores is taken as it is', () => {
  expect(parse('--json', 'add_log', '--json', '--node', '-v')).toMatchObject({
    json: true,
    words: ['add_log', '--json', '--node', '-v'],
  });
  expect(parse('--node', '1', 'add_log', 'my key', 'my  value', '')).toMatchObject({
    node: 1,
    words: ['add_log', 'my key', 'my  value', ''],
  });
});

test('a trim says --yes, wherever it stands; nothing else does', () => {
  for (const words of [
    ['trim', '7', '--yes'],
    ['--yes', 'trim', '7'],
    ['--json', 'trim', '--yes', '7'],
  ])
    expect(parse(...words)).toMatchObject({ words: ['trim', '7', '--yes'] });
  expect(parse('trim', '7')).toMatchObject({ words: ['trim', '7'] });
  expect(() => parse('list', '7', '--yes')).toThrow(/^--yes stands with trim alone/);
  expect(parse('add_log', 'key', '--yes')).toMatchObject({ words: ['add_log', 'key', '--yes'] });
});

test('npm’s own setting of --yes is a loss only to a trim that lacks it', () => {
  expect(optionNames(['trim', '7'])).toContain('yes');
  expect(optionNames(['trim', '7', '--yes'])).not.toContain('yes');
  expect(optionNames(['info'])).not.toContain('yes');
  expect(optionNames(['info'])).toContain('json');
});

test('--help asks for help wherever it cannot be stored', () => {
  expect(parse('--help')).toMatchObject({ help: true, words: [] });
  expect(parse('tail', '--help')).toMatchObject({ help: true, words: ['tail'] });
  expect(parse('add_log', '--help')).toMatchObject({ help: true });
  expect(parse('add_log', 'key', '--help')).toMatchObject({ help: false });
});

test('INDEX is the node where --node is not given', () => {
  expect(parseOneShot(['info'], { INDEX: '1' })).toMatchObject({ node: 1 });
  expect(parseOneShot(['--node', '2', 'info'], { INDEX: '1' })).toMatchObject({ node: 2 });
});

test.each([
  [['--jsn', 'info']],
  [['--node', 'x', 'info']],
  [['--node', '../etc', 'info']],
  [['--node']],
  [['--node', '--json', 'info']],
  [['info', '--follow']],
  [['tail', '--from', '3']],
  [['tail', '5', '--follow', '--from', '3']],
  [['tail', '--follow', '--from', '0']],
  [['tail', '--follow', '--from', '1e3']],
])('%j is refused, in one line', (words) => {
  expect(() => parse(...words)).toThrow(
    expect.objectContaining({
      code: 'BAD_ARGUMENT',
      message: expect.not.stringContaining('\n') as string,
    }) as Error,
  );
});

test('of words that are refused it is known what they ask for, and how it is to be told', () => {
  expect(shapeOf(['--jsn', '--json', 'info'])).toEqual({ words: ['info'], json: true });
  expect(shapeOf(['add_log', '--json'])).toEqual({ words: ['add_log', '--json'], json: false });
});

test.each([
  ['--node', '1', '--node', '2', 'info'],
  ['--node=1', 'info', '--node', '1'],
  ['tail', '--follow', '--from', '1', '--from', '2'],
])('an option with a value that is given twice is refused: %s %s %s %s', (...words) => {
  expect(() => parse(...words)).toThrow(/^--(node|from) is given twice: give it once$/);
});

test('what needs no value may be said again, and what add_log stores is nobody’s option', () => {
  expect(parse('--json', '--json', 'info')).toMatchObject({ json: true });
  expect(parse('--node', '1', 'add_log', '--node', '2')).toMatchObject({ node: 1 });
});
