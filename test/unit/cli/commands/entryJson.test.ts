import fc from 'fast-check';
import { entryJson, listJson } from '../../../../src/cli/commands/entryJson';
import { ANSWER_PIECE_LENGTH } from '../../../../src/limits';

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"\\\n\u2028', '\ud800', '\u0000'));
/** Around the length from which a value comes in pieces, with all that may stand at their edges. */
const longText = fc
  .tuple(fc.integer({ min: -2, max: 2 }), text, fc.constantFrom('\u0001', 'x', '🦊', '\ud83e'))
  .map(([more, start, filler]) => start + filler.repeat(ANSWER_PIECE_LENGTH / filler.length + more) + start);
const number = fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
const entryWith = (value: fc.Arbitrary<string>) =>
  fc.record({
    index: number,
    term: number,
    hash: fc.constant('0f'.repeat(32)),
    createdAt: number,
    log: fc.record({ key: text, value: fc.record({ value, nonce: number }) }),
  });

const joined = (pieces: string | Iterable<string>): string =>
  typeof pieces === 'string' ? pieces : [...pieces].join('');

test('a log is written as JSON.stringify writes it', () => {
  fc.assert(fc.property(entryWith(text), (entry) => expect(entryJson(entry)).toBe(JSON.stringify(entry))));
});

test('so is a long one, in pieces of which none is long', () => {
  const check = fc.property(entryWith(longText), (entry) => {
    const json = entryJson(entry);
    // Not toBe, whose message would show all of both.
    expect(joined(json) === JSON.stringify(entry)).toBe(true);
    if (typeof json === 'string') return;
    // Six characters for one is the most that JSON makes of one.
    for (const piece of entryJson(entry))
      expect(piece.length).toBeLessThanOrEqual(6 * (ANSWER_PIECE_LENGTH + 1));
  });
  fc.assert(check, { numRuns: 50 });
});

test('a list of logs is written as JSON.stringify writes it', () => {
  const list = fc.record({ logs: fc.array(entryWith(text)), next: number });
  fc.assert(fc.property(list, (each) => expect(joined(listJson(each))).toBe(JSON.stringify(each))));
});
