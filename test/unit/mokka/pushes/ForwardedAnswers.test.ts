import { FORWARD_PUSHES_MAX } from '../../../../src/limits';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { ForwardedAnswers } from '../../../../src/mokka/pushes/ForwardedAnswers';
import type { LogMessage } from '../../../../src/mokka/messages/LogMessage';
import { committedPush } from '../../../../src/mokka/messages/pushes';
import { buildEntry, encodePayload, type Entry } from '../../../../src/entry/Entry';

const ID = { session: '00000000000000aa', nonce: 7 };
const PAYLOAD = encodePayload(ID, 'key', 'value');
const PUSH = { id: ID, since: 4, ifLast: null, ifKeyLast: null, payload: PAYLOAD };
const TERM = 3;

/** Entries up to here are under way to the peer. */
const SENT_TO = 9;

function forwardedAnswers(): {
  answers: ForwardedAnswers;
  flushes: () => number;
  commitTo: (commitIndex: number) => void;
  sent: () => [peer: string, message: LogMessage][];
} {
  let flushes = 0;
  let sent: [string, LogMessage][] = [];
  const log = { commitIndex: 0, entryAt };
  const answers = new ForwardedAnswers(
    { term: TERM, log, wasSent: (peer, index) => peer === 'peer' && index <= SENT_TO },
    { send: (peer, message) => sent.push([peer, message]) },
    { want: () => flushes++ },
    LOG_LIMITS,
  );
  return {
    answers,
    flushes: () => flushes,
    commitTo: (commitIndex) => {
      log.commitIndex = commitIndex;
      answers.committed();
    },
    sent: () => {
      sent = [];
      answers.send();
      return sent;
    },
  };
}

function entryAt(index: number): Entry {
  return buildEntry({ index, term: TERM, logNumber: index - 1, createdAt: 5 }, PAYLOAD, null);
}

function committedAt(index: number, commitIndex = index): [string, object] {
  const committed = [{ ...ID, committed: committedPush(entryAt(index)) }];
  return ['peer', { type: 'answers', term: TERM, commitIndex, committed, refused: [] }];
}

test('a node that has the entry in its log is sent no answer', () => {
  const { answers, flushes, commitTo, sent } = forwardedAnswers();
  answers.proposed('peer', PUSH, entryAt(SENT_TO));
  commitTo(SENT_TO);
  expect(flushes()).toBe(0);
  expect(sent()).toEqual([]);
});

test('a node that was not sent the entry yet is answered once it is committed: it need not catch up first', () => {
  const { answers, commitTo, sent } = forwardedAnswers();
  answers.proposed('peer', PUSH, entryAt(SENT_TO + 1));
  commitTo(SENT_TO);
  expect(sent()).toEqual([]);
  commitTo(SENT_TO + 1);
  expect(sent()).toEqual([committedAt(SENT_TO + 1)]);
  expect(sent()).toEqual([]);
});

test('a push that is tried again and stands before others is answered with its own entry', () => {
  const { answers, commitTo, sent } = forwardedAnswers();
  answers.proposed('peer', PUSH, entryAt(SENT_TO + 2));
  answers.proposed('peer', PUSH, entryAt(SENT_TO + 1));
  commitTo(SENT_TO + 1);
  expect(sent()).toEqual([committedAt(SENT_TO + 1)]);
  commitTo(SENT_TO + 2);
  expect(sent()).toEqual([committedAt(SENT_TO + 2)]);
});

test('a push that was committed before it came is answered: its entry may have passed the node', () => {
  const { answers, commitTo, sent } = forwardedAnswers();
  commitTo(5);
  answers.proposed('peer', PUSH, entryAt(1));
  expect(sent()).toEqual([committedAt(1, 5)]);
  answers.proposed('peer', PUSH, entryAt(5));
  expect(sent()).toEqual([committedAt(5)]);
});

test('a refusal says which try of the push is refused', () => {
  const { answers, sent } = forwardedAnswers();
  answers.proposed('peer', PUSH, 'NO_LEADER');
  expect(sent()).toMatchObject([
    ['peer', { committed: [], refused: [{ ...ID, refused: 'NO_LEADER', since: 4, lastLogNumber: null }] }],
  ]);
});

test('answers go in messages within their limit, each node its own', () => {
  const { answers, sent } = forwardedAnswers();
  for (let count = 0; count <= FORWARD_PUSHES_MAX; count++) answers.proposed('peer', PUSH, 'NO_LEADER');
  answers.proposed('other', PUSH, 'NO_LEADER');
  const counts = sent().map(([peer, message]) => [
    peer,
    message.type === 'answers' && message.refused.length,
  ]);
  expect(counts).toEqual([
    ['peer', FORWARD_PUSHES_MAX],
    ['peer', 1],
    ['other', 1],
  ]);
});

test('a node that leads no more has no answers', () => {
  const { answers, commitTo, sent } = forwardedAnswers();
  answers.proposed('peer', PUSH, 'NO_LEADER');
  answers.proposed('peer', PUSH, entryAt(SENT_TO + 1));
  answers.clear();
  commitTo(SENT_TO + 1);
  expect(sent()).toEqual([]);
});

test('a condition that failed is answered once the entry by which it was judged is committed, with the last log', () => {
  const { answers, commitTo, sent } = forwardedAnswers();
  const refusedWith = (lastLogNumber: number): object => ({
    refused: [{ ...ID, refused: 'CONDITION_FAILED', since: 4, lastLogNumber }],
    committed: [],
  });
  answers.proposed('peer', PUSH, { lastLogNumber: 3, judgedAt: SENT_TO });
  expect(sent()).toEqual([]);
  commitTo(SENT_TO - 1);
  expect(sent()).toEqual([]);
  commitTo(SENT_TO);
  expect(sent()).toMatchObject([['peer', refusedWith(3)]]);
  answers.proposed('peer', PUSH, { lastLogNumber: 2, judgedAt: SENT_TO });
  expect(sent()).toMatchObject([['peer', refusedWith(2)]]);
});

test('that the last log of a key is forgotten is answered so too, with the floor', () => {
  const { answers, commitTo, sent } = forwardedAnswers();
  answers.proposed('peer', PUSH, { lastLogNumber: 3, isForgotten: true, judgedAt: SENT_TO });
  expect(sent()).toEqual([]);
  commitTo(SENT_TO);
  expect(sent()).toMatchObject([
    ['peer', { refused: [{ ...ID, refused: 'TRIMMED', since: 4, lastLogNumber: 3 }], committed: [] }],
  ]);
});

test('what a condition was judged by is not told as the entry of the push, where the node lacks it', () => {
  const { answers, commitTo, sent } = forwardedAnswers();
  answers.proposed('peer', PUSH, { lastLogNumber: 3, judgedAt: SENT_TO + 1 });
  commitTo(SENT_TO + 1);
  expect(sent()).toMatchObject([['peer', { refused: [{ refused: 'CONDITION_FAILED' }], committed: [] }]]);
});
