import { describeProblem, type Standing } from '../../../src/mokka/problem';

const calm: Standing = {
  membership: 'voter',
  hasLeader: false,
  size: 3,
  quorum: 2,
  missing: [],
  foreign: [],
  diverged: null,
  unreachable: [],
};
const REFUSED = 'cluster size 5 there, 3 here: give all nodes the same configuration';
const unreachable = [
  { name: 'node 1', reason: REFUSED, forMs: 2400 },
  { name: 'node 2', reason: undefined, forMs: 100 },
];

test('with a leader there is no problem', () => {
  expect(describeProblem({ ...calm, hasLeader: true, unreachable })).toBeNull();
});

test('two histories are told though there is a leader, with what to do', () => {
  const foreign = { ...calm, hasLeader: true, foreign: ['node 2'] };
  expect(describeProblem(foreign)).toMatch(
    /^node 2 and this node hold the data of two clusters .* they get the log/,
  );
  const diverged = { ...calm, hasLeader: true, diverged: { names: ['node 0'], from: 51 } };
  expect(describeProblem(diverged)).toMatch(/^node 0 and this node know different logs .* from log 51 on\. /);
});

test('without a quorum it says who is not reachable, since when and why', () => {
  expect(describeProblem({ ...calm, unreachable })).toBe(
    `1 of 3 members are reachable and 2 are needed; not reachable: node 1 (for 2 s: ${REFUSED}), ` +
      'node 2 (for 0 s). Start them, or mend what keeps them away.',
  );
});

test('a forming cluster says who is missing, and why where that is known', () => {
  const missing = ['node 1', 'node 2', 'node 3'];
  expect(describeProblem({ ...calm, membership: 'none', missing, unreachable })).toBe(
    'A new cluster forms when all its members have met; still missing: ' +
      `node 1 (for 2 s: ${REFUSED}), node 2 (for 0 s), node 3. Start them, or mend what keeps them away.`,
  );
});

test('with a quorum but no leader it says what a lasting election means', () => {
  expect(describeProblem(calm)).toMatch(/^No leader is elected yet/);
  expect(describeProblem({ ...calm, membership: 'rejoining' })).toMatch(/^This node lost its data/);
});
