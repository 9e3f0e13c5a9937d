import fc from 'fast-check';
import { entryJson } from '../../../src/cli/entryJson';

test('a log is written as JSON.stringify writes it', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"\\\n\u2028', '\ud800', '\u0000'));
  const number = fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
  const log = fc.record({ key: text, value: fc.record({ value: text, nonce: number }) });
  const entry = fc.record({
    index: number,
    term: number,
    hash: fc.constant('0f'.repeat(32)),
    createdAt: number,
    log,
  });
  fc.assert(fc.property(entry, (each) => expect(entryJson(each)).toBe(JSON.stringify(each))));
});
