import { TERMS_AHEAD_MAX } from '../../../../src/limits';
import { Ballot } from '../../../../src/mokka/election/Ballot';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';

/** This member is `m`, in term 4, where it gave no vote; its log is empty, as is that of a candidate. */

const EMPTY = { lastTerm: 0, lastPosition: 0 };

let store: MemoryLogStore;
let ballot: Ballot;
beforeEach(() => {
  store = new MemoryLogStore();
  store.setMembership('voter');
  store.saveHardState({ term: 4, votedFor: null });
  ballot = new Ballot(store, 'm');
});

test('one packet brings it so many terms further and no more', () => {
  expect(ballot.reachableTerm).toBe(4 + TERMS_AHEAD_MAX);
});

test('an empty log ends as an empty one does, and behind each other', () => {
  expect(ballot.compareLog(EMPTY)).toBe(0);
  expect(ballot.compareLog({ lastTerm: 1, lastPosition: 1 })).toBeGreaterThan(0);
});

describe('its vote for itself', () => {
  test.each([
    [3, 5],
    [4, 5],
    [5, 5],
    [9, 9],
  ])('in term %i is for term %i, in which it has given none, and on disk', (term, candidacy) => {
    expect(ballot.voteForSelf(term)).toBe(candidacy);
    expect(store.hardState).toEqual({ term: candidacy, votedFor: 'm' });
    expect(ballot.grant('a', candidacy, EMPTY)).toBe(false);
  });

  test('is its candidacy in that term alone, until another begins', () => {
    ballot.voteForSelf(5);
    expect([4, 5, 6].map((term) => ballot.isOwnCandidacy(term))).toEqual([false, true, false]);
    ballot.enter(6, null);
    expect([5, 6].map((term) => ballot.isOwnCandidacy(term))).toEqual([false, false]);
  });

  test('is none where it voted for another', () => {
    ballot.grant('a', 5, EMPTY);
    expect(ballot.isOwnCandidacy(5)).toBe(false);
  });
});

test('in a term that it enters with its leader the vote is the leader’s; with none it is free', () => {
  ballot.enter(5, 'a');
  expect(store.hardState).toEqual({ term: 5, votedFor: 'a' });
  expect(ballot.grant('z', 5, EMPTY)).toBe(false);
  expect(ballot.grant('a', 5, EMPTY)).toBe(true);
  ballot.enter(6, null);
  expect(ballot.grant('z', 6, EMPTY)).toBe(true);
});

test('what it entered is not left for an earlier term, and not entered anew', () => {
  ballot.grant('a', 5, EMPTY);
  ballot.enter(4, 'z');
  ballot.enter(5, 'z');
  expect(store.hardState).toEqual({ term: 5, votedFor: 'a' });
});

test('in a term up to which it abstains it votes for nobody, and for one in the next', () => {
  ballot.abstainUpTo(0);
  expect(store.hardState).toEqual({ term: 4, votedFor: null });
  ballot.abstainUpTo(7);
  expect(store.hardState.term).toBe(7);
  expect([6, 7, 8].map((term) => ballot.grant('a', term, EMPTY))).toEqual([false, false, true]);
});
