import { IDEMPOTENCY_KEY_LENGTH_MAX } from '../../../src/httpLimits';
import { namedBy, pushNameOf, type PushName } from '../../../src/http/routes/once';

const SESSION = '00000000000000aa';
/** What the first node that took this key made of it. */
const SESSION_OF_A1B2 = 'c31aa32083ba6a80';
const NAMED = { 'mokka-session': SESSION, 'mokka-nonce': '3' };

describe('what headers name', () => {
  test('nothing is named where there are none; a condition needs no name', () => {
    expect(pushNameOf({})).toEqual({ options: {} });
    expect(pushNameOf({ 'mokka-if-last': '0' })).toEqual({ options: { ifLast: 0 } });
    expect(pushNameOf({ 'mokka-if-key-last': '0' })).toEqual({ options: { ifKeyLast: 0 } });
    expect(pushNameOf({ ...NAMED, 'mokka-if-key-last': '41' }).options).toEqual({
      session: SESSION,
      ifKeyLast: 41,
    });
  });

  test('a session and a nonce, with since and condition', () => {
    const headers = { ...NAMED, 'mokka-since': 'mark', 'mokka-if-last': '41' };
    expect(pushNameOf(headers)).toEqual({
      nonce: 3,
      options: { session: SESSION, since: 'mark', ifLast: 41 },
    });
  });

  test('an Idempotency-Key, with since and condition; its session is the same at nodes of every version', () => {
    const headers = { 'idempotency-key': 'a1b2', 'mokka-since': 'mark', 'mokka-if-last': '41' };
    expect(pushNameOf(headers)).toEqual({
      nonce: 0,
      options: { session: SESSION_OF_A1B2, since: 'mark', ifLast: 41 },
    });
  });

  test('an Idempotency-Key has one character to as many as it may', () => {
    const named = (key: string): PushName => pushNameOf({ 'idempotency-key': key });
    expect(named('k'.repeat(IDEMPOTENCY_KEY_LENGTH_MAX)).nonce).toBe(0);
    for (const key of ['', '""', 'k'.repeat(IDEMPOTENCY_KEY_LENGTH_MAX + 1)])
      expect(() => named(key)).toThrow(/1 to 255 characters/);
  });

  test.each([
    ['a key beside a session', { 'idempotency-key': 'a', 'mokka-session': SESSION }],
    ['a key beside a nonce', { 'idempotency-key': 'a', 'mokka-nonce': '1' }],
    ['a session that is too long', { ...NAMED, 'mokka-session': `${SESSION}0` }],
    ['a nonce that no number holds exactly', { ...NAMED, 'mokka-nonce': '9007199254740993' }],
    ['a nonce in another notation', { ...NAMED, 'mokka-nonce': '1e3' }],
    ['a condition that is a fraction', { 'mokka-if-last': '1.0' }],
  ])('%s is refused', (_, headers) => {
    expect(() => pushNameOf(headers)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }) as Error);
  });
});

test('a line of NDJSON that has a condition keeps it, beside a session or alone', () => {
  expect(namedBy({ session: SESSION, nonce: 1, ifLast: 0 }).options).toEqual({ session: SESSION, ifLast: 0 });
  expect(namedBy({ ifLast: 0 }).options).toEqual({ ifLast: 0 });
});
