import fc from 'fast-check';
import { LINE_BYTES_MAX, VALUE_BYTES_MAX } from '../../../../src/limits';
import {
  exactAddLine,
  parseAddLine,
  parseConditionalAdd,
  parseExactAdd,
  storesItsWords,
} from '../../../../src/cli/commands/addWords';

const refusal = (parse: (text: string) => unknown, text: string): string => {
  try {
    parse(text);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown
      ? `${String(thrown.code)}: ${thrown.message}`
      : 'no code';
  }
  return 'none';
};

describe('a line of add_log', () => {
  test.each([
    ['"my key" my value', 'my key', 'my value'],
    ['  "my key"  two spaces', 'my key', ' two spaces'],
    [String.raw`"a \"b\" \\c" v`, String.raw`a "b" \c`, 'v'],
    ['k {"json": "as it is", "n": [1, 2]}', 'k', '{"json": "as it is", "n": [1, 2]}'],
    [String.raw`k "quoted \n" `, 'k', String.raw`"quoted \n" `],
    ['a"b c', 'a"b', 'c'],
    ["'my key' v", "'my", "key' v"],
  ])('%j is a key and the rest of the line', (text, key, value) => {
    expect(parseAddLine(text)).toEqual({ key, value, condition: {} });
  });

  test.each([
    ['"my key my value', 'nothing closes it'],
    [String.raw`"my key\" v`, 'nothing closes it'],
    ['"my key"value', 'a space must follow'],
    [String.raw`"my\tkey" v`, 'a backslash may stand before'],
    ['"my key"', 'npx mokka-cluster add_log KEY ""'],
    ['k ', 'npx mokka-cluster add_log KEY ""'],
    ['', 'needs a key and a value'],
  ])('%j is refused, with what to do', (text, advice) => {
    const told = refusal(parseAddLine, text);
    expect(told).toMatch(/^BAD_ARGUMENT: [^\n]+$/);
    expect(told).toContain(advice);
  });
});

describe.each([
  ['add_log_if', { ifLast: 0 }, 'the index of the last log'],
  ['add_log_if_key', { ifKeyLast: 0 }, 'the index of the key’s last log'],
] as const)('a line of %s', (name, condition, needed) => {
  test('has the index first; the value is the rest of the line, whatever is in it', () => {
    const value = ' a\r\u2028 b';
    expect(parseConditionalAdd(name, `  0 key ${value}`)).toEqual({ key: 'key', value, condition });
  });

  test.each(['01', '-1', '1.5', '9007199254740993', '99999999999999999', 'key'])(
    'an index of %s is none',
    (index) => {
      const told = refusal((text) => parseConditionalAdd(name, text), `${index} key value`);
      expect(told).toContain(`BAD_ARGUMENT: ${name} needs ${needed}, 0 for none`);
    },
  );
});

test('adds store their words as they are', () => {
  const adds = ['add_log', 'add_log_if', 'add_log_if_key'];
  expect([...adds, 'get_log', undefined].filter(storesItsWords)).toEqual(adds);
});

describe('the exact form', () => {
  test('gives back every key and value', () => {
    const text = fc.string({ unit: 'grapheme' });
    const condition = fc.oneof(
      fc.constant({}),
      fc.record({ ifLast: fc.nat() }),
      fc.record({ ifKeyLast: fc.nat() }),
    );
    fc.assert(
      fc.property(text, text, condition, (key, value, condition) => {
        const words = { key, value, condition };
        expect(parseExactAdd(exactAddLine(words).slice('add_base64 '.length))).toEqual(words);
      }),
    );
    const lines = { key: 'a b\n"c"', value: '\r\n\u0000\n', condition: {} };
    expect(exactAddLine(lines)).not.toMatch(/[\r\n]/);
  });

  test.each([{ ifLast: 0 }, { ifKeyLast: 0 }])('has the place of the first log too: %j', (condition) => {
    const first = { key: 'k', value: 'v', condition };
    expect(parseExactAdd(exactAddLine(first).slice('add_base64 '.length))).toEqual(first);
  });

  test('of the largest value, whatever it is of, fits a line', () => {
    const value = '\u0001'.repeat(VALUE_BYTES_MAX);
    expect(Buffer.byteLength(exactAddLine({ key: 'k'.repeat(1024), value, condition: {} }))).toBeLessThan(
      LINE_BYTES_MAX,
    );
  });

  test.each([
    '',
    'a2V5',
    'a2V5 dmFsdWU= 1 2',
    'a2V5 dmFsdWU= key',
    'a2V5 dmFsdWU= key 1 2',
    'a2V 5',
    'a2V5 dm_s',
    'a2V5 /w==',
    'a2V5 dmFsdWU',
  ])('%j is refused', (text) => {
    expect(refusal(parseExactAdd, text)).toMatch(/^BAD_ARGUMENT: add_base64 needs a key and a value/);
  });

  test.each(['a2V5  dmFsdWU=', 'a2V5 dmFsdWU= x', 'a2V5 dmFsdWU= -1', 'a2V5 dmFsdWU= '])(
    '%j names no last log',
    (text) => {
      expect(refusal(parseExactAdd, text)).toMatch(
        /^BAD_ARGUMENT: add_log_if needs the index of the last log/,
      );
    },
  );

  test('names no last log of the key', () => {
    expect(refusal(parseExactAdd, 'a2V5 dmFsdWU= key x')).toMatch(
      /^BAD_ARGUMENT: add_log_if_key needs the index of the key’s last log/,
    );
  });

  test('an empty value is a value', () => {
    expect(parseExactAdd('a2V5 ')).toEqual({ key: 'key', value: '', condition: {} });
  });
});
