import { LAGS_DEADLINE_MS, LAGS_WAITING_MAX } from '../../../../src/limits';
import { LagQuestions } from '../../../../src/mokka/status/LagQuestions';

let now = 0;
let asked: [string, number][] = [];
let questions: LagQuestions;

beforeEach(() => {
  now = 0;
  asked = [];
  questions = new LagQuestions(
    {
      send: (leader, message) => {
        if (message.type === 'askLags') asked.push([leader, message.id]);
      },
    },
    { now: () => now },
  );
});

test('the leader that was asked answers, and no other', async () => {
  const answer = questions.ask('leader');
  const id = asked[0]?.[1] ?? 0;
  questions.answered('other', id, [9, 9, 9]);
  questions.answered('leader', id + 1, [9, 9, 9]);
  questions.answered('leader', id, [0, 2, 0]);
  expect(await answer).toEqual([0, 2, 0]);
});

test('a leader that does not answer in time is not waited for', async () => {
  const answer = questions.ask('leader');
  now = LAGS_DEADLINE_MS;
  questions.tick(now);
  expect(await answer).toBeNull();
});

test('so many may wait, and one more is answered at once', async () => {
  const waiting = Array.from({ length: LAGS_WAITING_MAX }, () => questions.ask('leader'));
  expect(await questions.ask('leader')).toBeNull();
  questions.tick(Infinity);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([null]));
});
