import { describeProblem, describeRoom } from '../../../../src/mokka/status/problem';
import { CALM as calm } from './calmStanding';

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

const cut = { name: 'node 2', reason: 'it does not answer', forMs: 12_000 };
const leaderOfOthers = { name: 'node 2', heardBy: 'node 1' };

test('a node that is cut off from the leader alone says so, whichever way it is cut', () => {
  expect(describeProblem({ ...calm, leaderOfOthers, unreachable: [cut] })).toBe(
    'Node 2 leads, as node 1 says, but this node has no link to it: node 2 (for 12 s: it does not answer). ' +
      'Mend what is between the two; the other nodes take adds.',
  );
  const unheard = describeProblem({ ...calm, leaderOfOthers: { name: 'node 2', heardBy: 'node 2' } });
  expect(unheard).toMatch(
    /^Node 2 leads, as it says, .* does not reach this node at tcp:\/\/10\.0\.0\.1:2000/,
  );
});

test('a minority of five beside a leader that others hear is told of the leader, not of the members that are away', () => {
  const away = [cut, { ...cut, name: 'node 3' }, { ...cut, name: 'node 4' }];
  const standing = { ...calm, size: 5, quorum: 3, unreachable: away, leaderOfOthers };
  expect(describeProblem(standing)).toMatch(/^Node 2 leads/);
});

test('a node that nobody reaches at its address says so', () => {
  const sentence = describeProblem({ ...calm, unreachable: [cut], notReaching: ['node 1'] });
  expect(sentence).toMatch(/^Node 1 can be reached from here, but cannot reach this node/);
  expect(describeProblem({ ...calm, notReaching: ['node 1', 'node 2'] })).toMatch(
    /^Node 1, node 2 can be reached from here, but cannot reach this node at tcp:\/\/10\.0\.0\.1:2000/,
  );
  expect(describeProblem({ ...calm, notReaching: ['node 1'] })).toMatch(/^No leader is elected yet/);
});

test('a majority that lost its data is told, on those that did and on the others', () => {
  const sentence = describeProblem({ ...calm, lost: ['node 1', 'node 2'] });
  expect(sentence).toMatch(/^2 of 3 members lost their data \(node 1, node 2\)/);
  const own = describeProblem({ ...calm, membership: 'rejoining', lost: ['this node', 'node 2'] });
  expect(own).toMatch(/^2 of 3 members lost their data \(this node, node 2\)/);
});

test('one that lost its data beside one that is away is too few voters', () => {
  expect(describeProblem({ ...calm, lost: ['node 1'], unreachable: [cut] })).toMatch(
    /^1 of 3 members can vote and 2 are needed: node 1 lost the data .* node 2 \(for 12 s/,
  );
  expect(describeProblem({ ...calm, membership: 'rejoining', lost: ['this node'] })).toMatch(
    /^This node lost its data/,
  );
});

test('a disk that holds up the election is named with its time and the settings', () => {
  const slowDisk = { whose: 'the disk of node 1', writeMs: 412, heartbeat: 50, electionTimeout: 200 };
  expect(describeProblem({ ...calm, slowDisk })).toBe(
    'No leader is elected yet; elections take long, since the disk of node 1 takes 412 ms for a write, ' +
      'with electionTimeout 200 ms and heartbeat 50 ms. If it lasts, use a faster disk, or raise both settings.',
  );
});

describe('the room on disks', () => {
  const roomy = {
    place: '/data/node-0',
    isFull: false,
    fill: 0.79,
    fullFollowers: [],
    refusesAdds: false,
  };

  test('is no problem up to 80 %, and is told from there on', () => {
    expect(describeRoom(roomy)).toBeNull();
    expect(describeRoom({ ...roomy, fill: 0.8 })).toMatch(
      /^\/data\/node-0 takes 80 % of what it may\. Trim the log/,
    );
  });

  test('names the disks that are full, and whether adds are refused', () => {
    expect(describeRoom({ ...roomy, isFull: true, fill: 1 })).toMatch(
      /^No room for more logs on this node \(\/data\/node-0\): adds go on while a quorum of the nodes has room; reads, elections and trims go on\./,
    );
    expect(describeRoom({ ...roomy, fullFollowers: ['node 1', 'node 2'], refusesAdds: true })).toMatch(
      /^No room for more logs on node 1, node 2: nothing can be added;/,
    );
  });
});
