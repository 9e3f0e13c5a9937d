import { parseOneShot } from '../../../src/cli/oneShot';

const parse = (...words: string[]): unknown => parseOneShot(words, {});

test('options stand before the command, or after one that stores nothing', () => {
  expect(parse('--json', '--node', '2', 'info')).toEqual({
    node: 2,
    json: true,
    follow: false,
    words: ['info'],
  });
  expect(parse('tail', '3', '--follow', '--json')).toEqual({
    ...{ node: 0, json: true, follow: true },
    words: ['tail', '3'],
  });
});

test('what add_log stores is taken as it is', () => {
  expect(parse('--json', 'add_log', '--json', '--node', '-v')).toMatchObject({
    words: ['add_log', '--json', '--node', '-v'],
  });
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
  [['info', '--follow']],
])('%j is refused', (words) => {
  expect(() => parse(...words)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }) as Error);
});
