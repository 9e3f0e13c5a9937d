import fc from 'fast-check';
import { buildEntry, encodePayload, toLogEntry, type Entry } from '../../../src/entry/Entry';
import { JsonText } from '../../../src/http/answers/JsonText';
import { LOG_TEXT_LENGTH_MAX } from '../../../src/httpLimits';

function entryOf(key: string, value: string): Entry {
  const payload = encodePayload({ session: '00000000000000aa', nonce: 2 ** 53 - 1 }, key, value);
  return buildEntry({ index: 4, term: 3, logNumber: 2, createdAt: 1795797269912 }, payload, null);
}

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });

test('the JSON of a log, short or long, is what JSON.stringify makes of it, and as long as it says', () => {
  fc.assert(
    fc.property(text, text, fc.boolean(), (key, part, isLong) => {
      const entry = entryOf(key, isLong ? part.repeat(LOG_TEXT_LENGTH_MAX) : part);
      const json = new JsonText().add('[').addLog(entry).add(',"é"]');
      const sent = Buffer.from(json.toSend());
      expect(sent.toString()).toBe(JSON.stringify([toLogEntry(entry), 'é']));
      expect(json.length).toBe(sent.length);
    }),
    { numRuns: 60 },
  );
});

test('each character that JSON writes otherwise is written so in a long log too', () => {
  const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
  const entry = entryOf('key', all);
  expect(Buffer.from(new JsonText().addLog(entry).toSend()).toString()).toBe(
    JSON.stringify(toLogEntry(entry)),
  );
});

test('what is short is sent as one text, what is long as bytes', () => {
  expect(typeof new JsonText().addLog(entryOf('key', 'v')).toSend()).toBe('string');
  expect(new JsonText().addLog(entryOf('key', 'v'.repeat(LOG_TEXT_LENGTH_MAX))).toSend()).toBeInstanceOf(
    Buffer,
  );
});
