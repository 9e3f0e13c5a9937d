import type { LogHistory } from '../../../../src/api';
import { findCommand, splitLine } from '../../../../src/cli/commands/CommandTable';
import { exactGetLine, exactHistoryLine } from '../../../../src/cli/commands/keyWords';
import type { LogEntry } from '../../../../src/entry/Entry';
import { KEYS } from '../../storage/logFixture';
import { FakeNode } from '../FakeNode';

function parse(line: string): unknown {
  const split = splitLine(line);
  return split === null ? null : findCommand(split.name).parse(split.text);
}

function run(node: FakeNode, line: string): Promise<unknown> {
  const split = splitLine(line);
  const command = findCommand(split?.name ?? '');
  return command.run({ node }, command.parse(split?.text ?? ''));
}

test.each([
  ['get color', 'color'],
  ['  get   color  ', 'color'],
  ['get "my key"', 'my key'],
  ['get "a \\" \\\\ b" ', 'a " \\ b'],
  ['get -k', '-k'],
  ['get "--before"', '--before'],
])('%j asks for %j', (line, key) => expect(parse(line)).toBe(key));

test.each([
  ['history color', { key: 'color', count: 10, before: null }],
  ['history  color  5 ', { key: 'color', count: 5, before: null }],
  ['history "my key" 1000 --before 17', { key: 'my key', count: 1000, before: 17 }],
  ['history color --before=17', { key: 'color', count: 10, before: 17 }],
  ['history 7 8', { key: '7', count: 8, before: null }],
])('%j asks for %j', (line, words) => expect(parse(line)).toEqual(words));

test.each([
  ...['get', 'get ', 'get my key', 'get "my key', 'get "my key"x', 'get ""', 'get --before 7'],
  ...['history', 'history a b', 'history a 0', 'history a 1001', 'history a -1', 'history a 1 2'],
  ...['history a --before', 'history a --before 0', 'history a --before x', 'history --before 7'],
  ...['history a --before 9007199254740992', 'history a 5 --after 7', 'get_base64 *', 'history_base64 /w=='],
])('%j is refused', (line) =>
  expect(() => parse(line)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }) as Error),
);

test('a line for exactly a key, whatever is in it, asks for that one', () => {
  for (const key of KEYS) {
    expect(parse(exactGetLine(key))).toBe(key);
    for (const before of [null, 17])
      expect(parse(exactHistoryLine({ key, count: 3, before }))).toEqual({ key, count: 3, before });
  }
});

describe('at a node', () => {
  const style = { columns: 80, color: false } as never;
  let node: FakeNode;
  beforeEach(async () => {
    node = new FakeNode();
    for (let at = 1; at <= 12; at++)
      await node.logApi.push(at % 4 === 0 ? 'other' : 'my key', { value: `v${at}` });
  });

  test('get shows the last log of a key, or says that there is none', async () => {
    expect(await run(node, 'get other')).toMatchObject({ index: 12 });
    await expect(run(node, 'get none')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no log of this key yet: get_log shows a log by its index',
    });
  });

  test('history shows the last logs, the latest first, and how to go on', async () => {
    const command = findCommand('history');
    const first = (await run(node, 'history "my key" 4')) as LogHistory;
    const shown = command.render(first, style).split('\n');
    expect(shown.map((line) => line.slice(0, 3))).toEqual(['11 ', '10 ', ' 9 ', ' 7 ']);
    expect(command.note?.(first)).toBe('older ones: --before 7');
    const rest = (await run(node, 'history "my key" 10 --before 7')) as LogHistory;
    expect(rest.logs.map(({ index }: LogEntry) => index)).toEqual([6, 5, 3, 2, 1]);
    expect(command.note?.(rest)).toBeNull();
    expect(command.render(await run(node, 'history none'), style)).toBe('no log of this key there');
    for (const result of [first, rest]) {
      const json = command.json?.(result) ?? '';
      expect(JSON.parse(typeof json === 'string' ? json : [...json].join(''))).toEqual(result);
    }
  });
});
