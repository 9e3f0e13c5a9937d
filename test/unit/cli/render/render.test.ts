import {
  hostAndPort,
  localTime,
  renderEntry,
  renderError,
  renderHelp,
  renderInfo,
  wrap,
  type Style,
} from '../../../../src/cli/render/render';
import { COMMANDS } from '../../../../src/cli/commands/CommandTable';
import { RequestError } from '../../../../src/errors';
import { escapeControls } from '../../../../src/escapeControls';
import type { NodeInfo } from '../../../../src/api';

const WIDE: Style = { columns: 120, color: false };
const NARROW: Style = { columns: 40, color: false };
const CREATED_AT = new Date(2026, 10, 5, 4, 3, 2, 7).getTime();

const entry = (value: string): Parameters<typeof renderEntry>[0] => ({
  index: 12,
  term: 3,
  hash: '0123456789abcdef'.repeat(4),
  createdAt: CREATED_AT,
  log: { key: 'super', value: { value, nonce: 1_795_573_233_926 } },
});

const info: NodeInfo = {
  ...{ index: 12, hash: 'ab'.repeat(32), term: 3, createdAt: CREATED_AT, committedIndex: 12, floor: 0 },
  ...{ node: 0, state: 'leader', leader: 0, currentTerm: 4, membership: 'voter' },
  peers: [
    { node: 1, address: `tcp://127.0.0.1:2001/${'ab'.repeat(65)}`, connected: true, matchIndex: 12 },
    { node: 2, address: `tcp://127.0.0.1:2002/${'ab'.repeat(65)}`, connected: false, reason: 'refused' },
  ],
  problem: null,
};

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('an entry', () => {
  test('a field a line, aligned, its time local with ms', () => {
    expect(renderEntry(entry('two words'), WIDE)).toBe(
      [
        'index      12',
        'key        super',
        'value      two words',
        'term       3',
        'createdAt  2026-11-05 04:03:02.007',
        'nonce      1795573233926',
        `hash       ${'0123456789abcdef'.repeat(4)}`,
      ].join('\n'),
    );
  });

  test.each([
    ['a long value', 'v'.repeat(1_000_000)],
    ['emoji', '🦊'.repeat(500)],
    ['controls', '\x1b[2J'.repeat(500)],
  ])('%s is shortened with its length and fits 40 columns', (_name, value) => {
    const text = renderEntry(entry(value), NARROW);
    expect(text).toContain(`… (${value.length} characters)`);
    expect(widest(text)).toBeLessThanOrEqual(40);
    expect(text.split('\n').length).toBeLessThanOrEqual(11);
  });

  test('a value of several lines of the terminal is folded under its label', () => {
    expect(renderEntry(entry('x'.repeat(40)), NARROW)).toContain(
      `${'x'.repeat(29)}\n           ${'x'.repeat(11)}\n`,
    );
  });

  test('a value cannot move the cursor or change colours', () => {
    expect(renderEntry(entry('a\x1b[31mred\r\u009b2J\u202e'), WIDE)).toContain(
      'value      a\\x1b[31mred\\x0d\\x9b2J\\u202e\n',
    );
  });

  test('colours only where they are wanted', () => {
    expect(renderEntry(entry('v'), { columns: 80, color: true })).toContain('\x1b[');
    expect(renderEntry(entry('v'), { columns: 80, color: false })).not.toContain('\x1b');
  });
});

describe('info', () => {
  test('says who leads, and a line for each peer, without its public key', () => {
    const text = renderInfo(info, WIDE);
    expect(text).toContain('node            0 (leader)\nleader          node 0\n');
    expect(text).toContain('peer 1 at 127.0.0.1:2001 connected, holds 12\n');
    expect(text).toContain('peer 2 at 127.0.0.1:2002 unreachable: refused');
  });

  test('fits 40 columns, with its problem', () => {
    const problem = 'nodes 1 and 2 are unreachable since 04:03:02: start them, two of three are needed';
    const text = renderInfo({ ...info, problem }, NARROW);
    expect(widest(text)).toBeLessThanOrEqual(40);
    expect(text.replaceAll('\n', ' ')).toContain(problem);
  });

  test('of a last log that is trimmed nobody knows when it was made', () => {
    const text = renderInfo({ ...info, createdAt: 0 }, WIDE);
    expect(text).toContain('createdAt       unknown: the last log is trimmed');
  });

  test('of a trimmed log it says where it begins, of a whole one nothing', () => {
    expect(renderInfo(info, WIDE)).not.toContain('floor');
    const text = renderInfo({ ...info, floor: 7 }, WIDE);
    expect(text).toContain('\nfloor           7 (trimmed: the log begins with 8)\n');
    expect(widest(renderInfo({ ...info, floor: 7 }, NARROW))).toBeLessThanOrEqual(40);
  });

  test('an empty log and an unknown leader', () => {
    const text = renderInfo({ ...info, index: 0, createdAt: 0, leader: null }, WIDE);
    expect(text).toContain('createdAt       no log yet');
    expect(text).toContain('leader          none');
  });
});

test.each([WIDE, NARROW])('help has every command and fits its terminal', (style) => {
  const text = renderHelp({ commands: COMMANDS }, style);
  for (const { usage, summary } of COMMANDS) {
    expect(text).toContain(usage);
    expect(text.replaceAll(/\n +/g, ' ')).toContain(summary);
  }
  expect(widest(text)).toBeLessThanOrEqual(style.columns);
});

test('an error has its code, its message, and what to do', () => {
  const text = renderError(new RequestError('NO_LEADER', 'no leader for 10 s'), WIDE);
  expect(text).toBe(
    'NO_LEADER: no leader for 10 s\n  nothing was stored: try again; info says which nodes are missing',
  );
});

test('small parts', () => {
  expect(localTime(CREATED_AT)).toBe('2026-11-05 04:03:02.007');
  expect(escapeControls('a\tb\u2028')).toBe('a\\x09b\\u2028');
  expect(hostAndPort('tcp://[::1]:2000/abcdef')).toBe('[::1]:2000');
  expect(wrap('one two three four five', 20, '  ')).toBe('  one two three four\n  five');
});
