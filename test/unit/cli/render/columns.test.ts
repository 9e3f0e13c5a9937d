import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { columnsOf, splitCharacters } from '../../../../src/cli/render/columns';

const widthOf = (text: string): number =>
  splitCharacters(text).reduce((sum, character) => sum + columnsOf(character), 0);

test.each([
  ['a', 1],
  ['é', 1],
  ['e\u0301', 1],
  ['漢', 2],
  ['ｱ', 1],
  ['ア', 2],
  ['한', 2],
  ['：', 2],
  ['𠀀', 2],
  ['𪛖', 2],
  ['𰀀', 2],
  ['𗀀', 2],
  ['🦊', 2],
  ['🇩🇪', 2],
  ['👍🏽', 2],
  ['a漢b𠀀c', 7],
])('%s takes %i columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

/** readline asks ICU, which has Unicode's own table; its face is where the cursor stands after a line. */
function columnsOfIcu(): { columns: (text: string) => number; close: () => void } {
  const output = Object.assign(new PassThrough(), { columns: 1000 });
  const readline = createInterface({ input: new PassThrough(), output, terminal: true, prompt: '' });
  const columns = (text: string): number => {
    Object.assign(readline, { line: text, cursor: text.length });
    return readline.getCursorPos().cols;
  };
  return { columns, close: () => readline.close() };
}

test('every letter and ideograph takes the columns that Unicode gives it', () => {
  const icu = columnsOfIcu();
  const wrong: string[] = [];
  for (let code = 0x20; code <= 0x3fffd; code++) {
    const character = String.fromCodePoint(code);
    // Marks join what is before them; emoji without a picture of their own are as wide as the terminal likes.
    if (!/^\p{L}$/u.test(character)) continue;
    if (columnsOf(character) !== Math.max(icu.columns(character), 1)) wrong.push(code.toString(16));
  }
  icu.close();
  expect(wrong).toEqual([]);
});
