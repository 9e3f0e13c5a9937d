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
    expect(parseAddLine(text)).toEqual({ key, value, ifLast: null });
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

describe('a line of add_log_if', () => {
  test('has the index first; the value is the rest of the line, whatever is in it', () => {
    const value = ' a\r\u2028 b';
    expect(parseConditionalAdd(`  0 key ${value}`)).toEqual({ key: 'key', value, ifLast: 0 });
  });

  test.each(['01', '-1', '1.5', '9007199254740993', '99999999999999999', 'key'])(
    'an index of %s is none',
    (index) => {
      expect(refusal(parseConditionalAdd, `${index} key value`)).toMatch(
        /^BAD_ARGUMENT: add_log_if needs the index of the last log/,
      );
    },
  );

  test('stores its words as they are, as add_log does', () => {
    const stored = ['add_log', 'add_log_if', 'get_log', undefined].filter(storesItsWords);
    expect(stored).toEqual(['add_log', 'add_log_if']);
  });
});

describe('the exact form', () => {
  test('gives back every key and value', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, fc.option(fc.nat()), (key, value, ifLast) => {
        expect(parseExactAdd(exactAddLine({ key, value, ifLast }).slice('add_base64 '.length))).toEqual({
          key,
          value,
          ifLast,
        });
      }),
    );
    const lines = { key: 'a b\n"c"', value: '\r\n\u0000\n', ifLast: null };
    expect(exactAddLine(lines)).not.toMatch(/[\r\n]/);
  });

  test('has the place of the first log too', () => {
    const first = { key: 'k', value: 'v', ifLast: 0 };
    expect(parseExactAdd(exactAddLine(first).slice('add_base64 '.length))).toEqual(first);
  });

  test('of the largest value, whatever it is of, fits a line', () => {
    const value = '\u0001'.repeat(VALUE_BYTES_MAX);
    expect(Buffer.byteLength(exactAddLine({ key: 'k'.repeat(1024), value, ifLast: null }))).toBeLessThan(
      LINE_BYTES_MAX,
    );
  });

  test.each(['', 'a2V5', 'a2V5 dmFsdWU= 1 2', 'a2V 5', 'a2V5 dm_s', 'a2V5 /w==', 'a2V5 dmFsdWU'])(
    '%j is refused',
    (text) => {
      expect(refusal(parseExactAdd, text)).toMatch(/^BAD_ARGUMENT: add_base64 needs a key and a value/);
    },
  );

  test.each(['a2V5  dmFsdWU=', 'a2V5 dmFsdWU= x', 'a2V5 dmFsdWU= -1', 'a2V5 dmFsdWU= '])(
    '%j names no last log',
    (text) => {
      expect(refusal(parseExactAdd, text)).toMatch(
        /^BAD_ARGUMENT: add_log_if needs the index of the last log/,
      );
    },
  );

  test('an empty value is a value', () => {
    expect(parseExactAdd('a2V5 ')).toEqual({ key: 'key', value: '', ifLast: null });
  });
});
