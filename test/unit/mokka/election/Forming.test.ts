import { Forming } from '../../../../src/mokka/election/Forming';

const peers = ['b', 'c'];
const empty = (term: number) => ({ term, lastPosition: 0 });

/** All have answered the first question, in these terms, without an entry. */
function askedOnce(terms: readonly [number, number]): Forming {
  const forming = new Forming();
  peers.forEach((peer, at) => forming.meet(peer, 1, empty(terms[at] ?? 0)));
  expect(forming.decide(peers)).toEqual({ join: 'ask' });
  return forming;
}

test('it waits for all, asks all again, and forms when all are empty still', () => {
  const forming = new Forming();
  forming.meet('b', 1, empty(0));
  expect(forming.decide(peers)).toEqual({ join: 'wait' });
  expect(forming.missing(peers)).toEqual(['c']);
  forming.meet('c', 1, empty(0));
  expect(forming.decide(peers)).toEqual({ join: 'ask' });
  expect(forming.missing(peers)).toEqual(peers);
  expect(forming.question).toEqual({ round: 2, termAtLeast: 0 });
  for (const peer of peers) forming.meet(peer, 2, empty(0));
  expect(forming.decide(peers)).toEqual({ join: 'form', termFloor: 0 });
});

test('an answer to the first question is none to the second', () => {
  const forming = askedOnce([0, 0]);
  forming.meet('b', 2, empty(0));
  forming.meet('c', 1, empty(0));
  expect(forming.decide(peers)).toEqual({ join: 'wait' });
});

test.each([1, 2])('who tells of an entry, in answer to whichever question, has it rejoin (%i)', (round) => {
  const forming = askedOnce([0, 0]);
  forming.meet('b', round, { term: 1, lastPosition: 1 });
  expect(forming.decide(peers)).toEqual({ join: 'rejoin' });
});

test('the second question ends the terms of the first answers; it votes in none that it was told', () => {
  const forming = askedOnce([3, 5]);
  expect(forming.question).toEqual({ round: 2, termAtLeast: 6 });
  forming.meet('b', 2, empty(6));
  forming.meet('c', 2, empty(7));
  expect(forming.decide(peers)).toEqual({ join: 'form', termFloor: 7 });
});

test('what was told first is not forgotten when who told it has lost its disk before it answers again', () => {
  const forming = askedOnce([3, 5]);
  for (const peer of peers) forming.meet(peer, 2, empty(0));
  expect(forming.decide(peers)).toEqual({ join: 'form', termFloor: 5 });
});

test('a cluster of one forms by itself', () => {
  const forming = new Forming();
  expect(forming.decide([])).toEqual({ join: 'ask' });
  expect(forming.decide([])).toEqual({ join: 'form', termFloor: 0 });
});
