import fc from 'fast-check';
import { AnswerScanner } from '../../../scripts/bench/load/AnswerScanner';

const OK = '{"command":"add_log","ok":true,"result":{"index":1,"log":{"key":"k"}}}\n';
const REFUSED = '{"command":"add_log","ok":false,"error":{"code":"NO_LEADER","message":"none"}}\n';

function scan(chunks: readonly Buffer[]): { ok: boolean; line: string | null }[] {
  const answers: { ok: boolean; line: string | null }[] = [];
  const scanner = new AnswerScanner('add_log', (ok, line) => answers.push({ ok, line }));
  for (const chunk of chunks) scanner.push(chunk);
  return answers;
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const sorted = [0, ...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
  return sorted.map((end, at) => bytes.subarray(sorted[at - 1] ?? 0, end));
}

describe('AnswerScanner', () => {
  test('tells each answer, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        (oks, cuts) => {
          const bytes = Buffer.from(oks.map((ok) => (ok ? OK : REFUSED)).join(''));
          expect(scan(cutAt(bytes, cuts)).map(({ ok }) => ok)).toEqual(oks);
        },
      ),
    );
  });

  test('is not misled by what a value says', () => {
    const odd = '{"command":"add_log","ok":true,"result":{"value":"\\"ok\\":false"}}\n';
    expect(scan([Buffer.from(odd)])[0]?.ok).toBe(true);
  });

  test('gives the first answer, and one in many after it, whole', () => {
    const bytes = Buffer.from(OK.repeat(3000));
    const kept = scan(cutAt(bytes, [5, 70, 100_000])).flatMap(({ line }, at) =>
      line === null ? [] : [[at, line]],
    );
    expect(kept).toEqual([0, 1024, 2048].map((at) => [at, OK.trim()]));
  });

  test('gives the code and message of a refusal', () => {
    const [, refused] = scan([Buffer.from(OK + REFUSED)]);
    expect(refused?.ok).toBe(false);
    expect(refused?.line).toContain('NO_LEADER');
  });

  test('counts a line that is too short to be an answer as not ok', () => {
    expect(scan([Buffer.from('{}\n\n')]).map(({ ok }) => ok)).toEqual([false, false]);
  });
});
