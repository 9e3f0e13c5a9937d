import { LeaderContact } from '../../../../src/mokka/election/LeaderContact';

const [first, second] = ['process 1', 'process 2'];

/** The leader of three, which has begun so many rounds; one follower makes a quorum with it. */
function contact(rounds: number): LeaderContact {
  const made = new LeaderContact(1, 0);
  for (let round = 0; round < rounds; round++) made.beginRound();
  return made;
}

/** A confirmation that counts from the next round on, and whether it has come. */
function confirm(of: LeaderContact): { confirmed: boolean } {
  const state = { confirmed: false };
  of.confirm((leads) => (state.confirmed = leads));
  return state;
}

describe('what a follower said counts for the process of it that said so', () => {
  const asVoter = { incarnation: first, voter: true };
  const withoutDisk = { incarnation: second, voter: false };

  test('a late word of the earlier process does not make a voter of the later one', () => {
    const leader = contact(2);
    const asked = confirm(leader);
    leader.beginRound();
    leader.heard('b', { ...withoutDisk, round: 3 }, 10);
    leader.heard('b', { ...asVoter, round: 2 }, 11);
    expect(asked.confirmed).toBe(false);
    expect(leader.quorumHeardAt()).toBe(11);
    const later = confirm(leader);
    leader.beginRound();
    leader.heard('b', { ...withoutDisk, round: 4 }, 12);
    expect(later.confirmed).toBe(false);
    expect(leader.quorumHeardAt()).toBe(0);
  });

  test('nor does it carry over what the later one has answered', () => {
    const leader = contact(0);
    const asked = confirm(leader);
    leader.beginRound();
    leader.beginRound();
    leader.heard('b', { ...withoutDisk, round: 2 }, 1);
    leader.heard('b', { ...asVoter, round: 0 }, 2);
    expect(asked.confirmed).toBe(false);
    leader.heard('b', { ...withoutDisk, round: 2 }, 3);
    expect(asked.confirmed).toBe(false);
    leader.heard('b', { ...asVoter, round: 1 }, 4);
    expect(asked.confirmed).toBe(true);
  });

  test('what another process answers is no sign of the one that was heard', () => {
    const leader = contact(1);
    leader.heard('b', { ...asVoter, round: 1 }, 5);
    leader.heardOtherwise('b', second, 100);
    expect(leader.quorumHeardAt()).toBe(5);
    leader.heardOtherwise('b', first, 101);
    expect(leader.quorumHeardAt()).toBe(101);
  });

  test('of one process words may come in any order: it stays a voter, and its highest round counts', () => {
    const leader = contact(0);
    const asked = confirm(leader);
    leader.beginRound();
    leader.beginRound();
    leader.heard('b', { incarnation: first, voter: true, round: 2 }, 1);
    expect(asked.confirmed).toBe(true);
    leader.heard('b', { incarnation: first, voter: false, round: 1 }, 2);
    expect(leader.quorumHeardAt()).toBe(2);
  });
});

describe('what a leader could not hear, since it did not get to run, is no silence', () => {
  test('of those that it had heard', () => {
    const leader = contact(1);
    leader.heard('b', { incarnation: first, voter: true, round: 1 }, 100);
    leader.heldUp(500, 700);
    expect(leader.quorumHeardAt()).toBe(600);
    expect(leader.heardAt('b')).toBe(600);
  });

  test('of those that it has not heard since it began to lead', () => {
    const leader = contact(1);
    leader.heldUp(500, 700);
    expect(leader.quorumHeardAt()).toBe(500);
  });

  test('and nobody was heard later than now', () => {
    const leader = contact(1);
    leader.heard('b', { incarnation: first, voter: true, round: 1 }, 650);
    leader.heldUp(500, 700);
    expect(leader.quorumHeardAt()).toBe(700);
    leader.heldUp(500, 701);
    expect(leader.quorumHeardAt()).toBe(701);
  });
});

test('an answer to a round that was never begun is none', () => {
  const leader = contact(1);
  const asked = confirm(leader);
  leader.heard('b', { incarnation: first, voter: true, round: 9 }, 1);
  expect(asked.confirmed).toBe(false);
  expect(leader.heardAt('b')).toBeUndefined();
});

test('a leader that begins has as much time to be heard as one that was heard then', () => {
  const leader = new LeaderContact(1, 1000);
  expect(leader.quorumHeardAt()).toBe(1000);
});

test('a confirmation counts no round that was under way when it was asked for (dissertation 6.4)', () => {
  const leader = contact(1);
  const asked = confirm(leader);
  leader.heard('b', { incarnation: first, voter: true, round: 1 }, 1);
  expect(asked.confirmed).toBe(false);
  leader.beginRound();
  leader.heard('b', { incarnation: first, voter: true, round: 2 }, 2);
  expect(asked.confirmed).toBe(true);
});
