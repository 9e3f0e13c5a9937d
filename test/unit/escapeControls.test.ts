import { escapeControls } from '../../src/escapeControls';

const hex = (code: number): string => `U+${code.toString(16).padStart(4, '0')}`;
const range = (first: number, last = first): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

describe('escaped', () => {
  test.each([
    ['control characters', range(0x00, 0x1f)],
    ['DEL and the controls above it', range(0x7f, 0x9f)],
    ['the soft hyphen', [0xad]],
    ['the joiner that nobody sees', [0x34f]],
    ['the Arabic letter mark', [0x61c]],
    ['fillers of Hangul', [0x115f, 0x1160, 0x3164, 0xffa0]],
    ['the separator of Mongolian vowels', [0x180e]],
    ['zero-width characters and marks of direction', range(0x200b, 0x200f)],
    ['ends of lines and paragraphs, embeddings and overrides', range(0x2028, 0x202e)],
    ['the word joiner and operators that nobody sees', range(0x2060, 0x2064)],
    ['isolates, and formats that are out of use', range(0x2066, 0x206f)],
    ['the byte order mark', [0xfeff]],
    ['marks of annotations', range(0xfff9, 0xfffb)],
    ['tag characters', range(0xe0000, 0xe007f)],
    ['selectors of variants above them', range(0xe0100, 0xe01ef)],
  ])('%s', (_name, codes) => {
    for (const code of codes) {
      const text = escapeControls(`a${String.fromCodePoint(code)}b`);
      expect([hex(code), text]).toEqual([hex(code), expect.stringMatching(/^a\\[xu][{]?[0-9a-f]+[}]?b$/)]);
      expect(Number.parseInt(text.replace(/[^0-9a-f]|^a|b$/g, ''), 16)).toBe(code);
    }
  });
});

test.each([
  ['é', 'é'],
  ['e\u0301', 'e\u0301'],
  ['漢字 かな', '漢字 かな'],
  ['שלום عربي', 'שלום عربي'],
  ['🦊❤\ufe0f👍🏽', '🦊❤\ufe0f👍🏽'],
  ['a\tb', 'a\\x09b'],
  ['\x1b[2J', '\\x1b[2J'],
  ['\u009b', '\\x9b'],
  ['\u061c', '\\u061c'],
  ['\u{e0041}', '\\u{e0041}'],
  ['👩\u200d🚀', '👩\\u200d🚀'],
  ['no more than "quotes" and \\n', 'no more than "quotes" and \\n'],
])('%j is shown as %j', (text, shown) => {
  expect(escapeControls(text)).toBe(shown);
  expect(escapeControls(shown)).toBe(shown);
});
