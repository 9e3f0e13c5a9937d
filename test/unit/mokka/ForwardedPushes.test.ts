import { FORWARD_PUSHES_MAX } from '../../../src/limits';
import { ForwardedPushes } from '../../../src/mokka/pushes/ForwardedPushes';
import { committedPush } from '../../../src/mokka/messages/pushes';
import { buildEntry, encodePayload, type Entry } from '../../../src/entry/Entry';

const SESSION = '00000000000000aa';
const ID = { session: SESSION, nonce: 7 };
const PAYLOAD = encodePayload(ID, 'key', 'value');

/** Entries up to here are under way to the peer. */
const SENT_TO = 9;

function forwardedPushes(): { forwarded: ForwardedPushes; flushes: () => number } {
  let flushes = 0;
  const forwarded = new ForwardedPushes({
    wasSent: (peer, position) => peer === 'peer' && position <= SENT_TO,
    wantFlush: () => flushes++,
  });
  return { forwarded, flushes: () => flushes };
}

function entryAt(position: number): Entry {
  return buildEntry({ position, term: 3, index: position - 1, createdAt: 5 }, PAYLOAD, null);
}

function propose(forwarded: ForwardedPushes, peer = 'peer'): ReturnType<ForwardedPushes['proposalOf']> {
  return forwarded.proposalOf(peer, { since: 4, payload: PAYLOAD });
}

test('a node that has the entry in its log is sent no answer', () => {
  const { forwarded, flushes } = forwardedPushes();
  propose(forwarded).committed(entryAt(SENT_TO));
  expect(flushes()).toBe(0);
  expect(forwarded.takeAnswers()).toEqual([]);
});

test('a node that was not sent the entry yet is answered at once: it need not catch up first', () => {
  const { forwarded } = forwardedPushes();
  const entry = entryAt(SENT_TO + 1);
  propose(forwarded).committed(entry);
  expect(forwarded.takeAnswers()).toEqual([
    ['peer', { committed: [{ ...ID, committed: committedPush(entry) }], refused: [] }],
  ]);
});

test('a push that was committed before it came is answered: its entry may have passed the node', () => {
  const { forwarded } = forwardedPushes();
  const entry = entryAt(1);
  propose(forwarded).found(entry);
  expect(forwarded.takeAnswers()).toEqual([
    ['peer', { committed: [{ ...ID, committed: committedPush(entry) }], refused: [] }],
  ]);
});

test('a refusal says which try of the push is refused', () => {
  const { forwarded } = forwardedPushes();
  propose(forwarded).refused('NO_LEADER');
  expect(forwarded.takeAnswers()).toEqual([
    ['peer', { committed: [], refused: [{ ...ID, refused: 'NO_LEADER', since: 4 }] }],
  ]);
});

test('answers go in messages within their limit, each node its own', () => {
  const { forwarded } = forwardedPushes();
  for (let count = 0; count <= FORWARD_PUSHES_MAX; count++) propose(forwarded).refused('NO_LEADER');
  propose(forwarded, 'other').refused('NO_LEADER');
  expect(forwarded.takeAnswers().map(([peer, { refused }]) => [peer, refused.length])).toEqual([
    ['peer', FORWARD_PUSHES_MAX],
    ['peer', 1],
    ['other', 1],
  ]);
});

test('a node that leads no more has no answers', () => {
  const { forwarded } = forwardedPushes();
  propose(forwarded).refused('NO_LEADER');
  forwarded.clear();
  expect(forwarded.takeAnswers()).toEqual([]);
});
