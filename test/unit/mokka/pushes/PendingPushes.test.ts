import fc from 'fast-check';
import { PendingPush } from '../../../../src/mokka/pushes/PendingPush';
import { PendingPushes } from '../../../../src/mokka/pushes/PendingPushes';
import type { PushId } from '../../../../src/entry/Entry';

const OWN = '000000000000000a';
const SESSIONS = [OWN, '000000000000000b'];

function pushOf(id: PushId): PendingPush {
  return new PendingPush(
    { id, key: '', value: '', bytes: 0, named: false, ifLast: null, ifKeyLast: null, acceptedAt: 0 },
    0,
    null,
  );
}

test('finds and lists what a Map by id has, whatever the order of nonces and answers', () => {
  const id = fc.record({ session: fc.constantFrom(...SESSIONS), nonce: fc.nat(12) });
  fc.assert(
    fc.property(fc.array(id, { size: '+1' }), (ids) => {
      const pending = new PendingPushes(OWN);
      const naive = new Map<string, PendingPush>();
      for (const each of ids) {
        const name = `${each.session} ${each.nonce}`;
        const there = naive.get(name);
        expect(pending.find(each)).toBe(there);
        if (there === undefined) {
          const push = pushOf(each);
          naive.set(name, push);
          pending.add(push);
        } else {
          naive.delete(name);
          pending.delete(there);
        }
        expect(pending.count).toBe(naive.size);
      }
      expect(new Set(pending.list())).toEqual(new Set(naive.values()));
      for (const session of SESSIONS) {
        const nonces = pending.list().flatMap((push) => (push.id.session === session ? [push.id.nonce] : []));
        expect(nonces).toEqual([...nonces].sort((a, b) => a - b));
      }
    }),
  );
});

test('forgets thousands that are answered in order', () => {
  const pending = new PendingPushes(OWN);
  for (let nonce = 1; nonce <= 5000; nonce++) {
    pending.add(pushOf({ session: OWN, nonce }));
    if (nonce <= 3) continue;
    const answered = pending.find({ session: OWN, nonce: nonce - 3 });
    if (answered === undefined) throw new Error(`no push ${nonce - 3}`);
    pending.delete(answered);
  }
  expect(pending.list().map((push) => push.id.nonce)).toEqual([4998, 4999, 5000]);
});
