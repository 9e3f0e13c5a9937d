import fc from 'fast-check';
import { REMEMBERED_PUSHES_MAX } from '../../../../src/limits';
import { RememberedPushes } from '../../../../src/mokka/log/RememberedPushes';
import type { PushId } from '../../../../src/entry/Entry';
import { runs } from '../../../runs';

const SESSIONS = ['000000000000000a', '000000000000000b'];

function idOf(session: string | null, nonce: number): PushId | null {
  return session === null ? null : { session, nonce };
}

test('finds what a naive list of all entries finds, after any adds and cuts', () => {
  const step = fc.oneof(
    fc.record({ add: fc.constantFrom(...SESSIONS, null) }),
    fc.record({ cutTo: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const pushes = new RememberedPushes(REMEMBERED_PUSHES_MAX);
      let naive: { session: string | null; nonce: number }[] = [];
      let nonce = 0;
      for (const each of steps) {
        if ('add' in each) {
          pushes.add(naive.length + 1, idOf(each.add, ++nonce));
          naive.push({ session: each.add, nonce });
        } else {
          const kept = Math.floor(each.cutTo * naive.length);
          pushes.cut(kept + 1);
          naive = naive.slice(0, kept);
        }
      }
      for (const session of SESSIONS)
        for (let wanted = 1; wanted <= nonce; wanted++) {
          const at = naive.findIndex((push) => push.session === session && push.nonce === wanted);
          expect(pushes.find({ session, nonce: wanted })).toBe(at < 0 ? undefined : at + 1);
        }
    }),
  );
});

/** What a window of some positions knows, by looking through all entries. */
class NaivePushes {
  entries: (PushId | null)[] = [];

  constructor(private readonly window: number) {}

  private get first(): number {
    return Math.max(0, this.entries.length - this.window);
  }

  find(id: PushId): number | undefined {
    const at = this.entries.findLastIndex(
      (entry) => entry?.session === id.session && entry.nonce === id.nonce,
    );
    return at < this.first ? undefined : at + 1;
  }

  wouldKnow(id: PushId): boolean {
    const same = this.entries.slice(this.first).filter((entry) => entry?.session === id.session);
    return (
      this.first === 0 || same.length === 0 || same.some((entry) => entry !== null && entry.nonce < id.nonce)
    );
  }
}

describe.each([8, 19])('a window of %i', (WINDOW) => {
  const NONCES = [...Array(2 * WINDOW).keys(), 2 ** 32, 2 ** 40 + 3, 2 ** 53 - 1];

  test('knows what a naive list of all entries knows, after any adds and cuts', () => {
    const nonce = fc.constantFrom(...NONCES);
    const step = fc.oneof(
      { weight: 9, arbitrary: fc.record({ add: fc.constantFrom(...SESSIONS, null), nonce }) },
      { weight: 1, arbitrary: fc.record({ cut: fc.nat(WINDOW - 2) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { size: '+1' }), (steps) => {
        const pushes = new RememberedPushes(WINDOW);
        const naive = new NaivePushes(WINDOW);
        for (const each of steps) {
          if ('cut' in each) {
            // A window that was full and cut does not reach back again: only its end is cut here, and filled anew.
            const kept = Math.max(0, naive.entries.length - each.cut);
            const refilled = naive.entries.slice(kept).map(() => null);
            pushes.cut(kept + 1);
            refilled.forEach((id, at) => pushes.add(kept + 1 + at, id));
            naive.entries = [...naive.entries.slice(0, kept), ...refilled];
          } else {
            const id = idOf(each.add, each.nonce);
            if (id !== null && naive.find(id) !== undefined) continue;
            naive.entries.push(id);
            pushes.add(naive.entries.length, id);
          }
        }
        for (const session of SESSIONS)
          for (const wanted of NONCES) {
            const id = { session, nonce: wanted };
            expect(pushes.find(id)).toBe(naive.find(id));
            expect(pushes.wouldKnow(id, null)).toBe(naive.wouldKnow(id));
          }
      }),
      { numRuns: runs(250, 50) },
    );
  });
});

test('finds what is there when the end is cut and filled again and again', () => {
  const [session = ''] = SESSIONS;
  const pushes = new RememberedPushes(REMEMBERED_PUSHES_MAX);
  const [kept, cut, rounds] = [100, 1000, 40];
  for (let index = 1; index <= kept; index++) pushes.add(index, { session, nonce: index });
  for (let round = 1; round <= rounds; round++) {
    pushes.cut(kept + 1);
    for (let n = 1; n <= cut; n++) pushes.add(kept + n, { session, nonce: round * cut + n });
  }
  const found = (nonce: number): number | undefined => pushes.find({ session, nonce });
  for (let index = 1; index <= kept; index++) expect(found(index)).toBe(index);
  for (let n = 1; n <= cut; n++) {
    expect(found(rounds * cut + n)).toBe(kept + n);
    expect(found((rounds - 1) * cut + n)).toBeUndefined();
  }
});

describe('a full window', () => {
  const pushes = new RememberedPushes(REMEMBERED_PUSHES_MAX);
  const [old = '', other = ''] = SESSIONS;
  for (let index = 1; index <= REMEMBERED_PUSHES_MAX + 2; index++)
    pushes.add(index, idOf(index <= 3 ? old : other, index));

  test('forgets the oldest pushes', () => {
    expect(pushes.find({ session: old, nonce: 2 })).toBeUndefined();
    expect(pushes.find({ session: old, nonce: 3 })).toBe(3);
  });

  test('knows that a push is not in the log when the window reaches back to before it was made', () => {
    expect(pushes.wouldKnow({ session: other, nonce: 1e9 }, 1)).toBe(false);
    expect(pushes.wouldKnow({ session: other, nonce: 1e9 }, 2)).toBe(true);
  });

  test('takes a nonce below the oldest remembered of its session for one that may be forgotten', () => {
    expect(pushes.wouldKnow({ session: old, nonce: 2 }, null)).toBe(false);
    expect(pushes.wouldKnow({ session: old, nonce: 4 }, null)).toBe(true);
    expect(pushes.wouldKnow({ session: '00000000000000ff', nonce: 1 }, null)).toBe(true);
  });
});

describe('a window that is read back from its end', () => {
  const [named = '', other = ''] = SESSIONS;
  const addOlder = (index: number): void =>
    pushes.addOlder(index, idOf(index % 2 === 0 ? other : named, index));
  const pushes = new RememberedPushes(REMEMBERED_PUSHES_MAX);
  pushes.startAt(7);

  test('finds what it has read, and knows how far back that is', () => {
    for (const index of [6, 5, 4]) addOlder(index);
    expect(pushes.firstIndex).toBe(4);
    expect(pushes.isComplete).toBe(false);
    expect(pushes.find({ session: named, nonce: 5 })).toBe(5);
    expect(pushes.find({ session: named, nonce: 3 })).toBeUndefined();
    expect(pushes.wouldKnow({ session: named, nonce: 3 }, null)).toBe(false);
    expect(pushes.wouldKnow({ session: '00000000000000ff', nonce: 3 }, null)).toBe(false);
    expect(pushes.wouldKnow({ session: named, nonce: 9 }, 3)).toBe(true);
    expect(pushes.wouldKnow({ session: named, nonce: 9 }, 2)).toBe(false);
  });

  test('is complete at the first entry, and goes on with those that are appended', () => {
    pushes.add(7, idOf(named, 7));
    for (const index of [3, 2, 1]) addOlder(index);
    expect(pushes.isComplete).toBe(true);
    expect([1, 3, 5, 7].map((nonce) => pushes.find({ session: named, nonce }))).toEqual([1, 3, 5, 7]);
  });
});
