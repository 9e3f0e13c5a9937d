import { stripVTControlCharacters } from 'node:util';
import type { ClusterState } from '../../../../src/cli/cluster/ClusterWatch';
import { renderClusterState } from '../../../../src/cli/cluster/renderClusterState';

const state: ClusterState = { nodes: ['leader', 'follower', 'stopped'], term: 3, logs: 200 };
const style = (columns: number): { columns: number; color: boolean } => ({ columns, color: false });

test.each([
  [120, 'node 0 leader  node 1 follower  node 2 stopped  term 3  200 logs'],
  [66, 'node 0 leader  node 1 follower  node 2 stopped  term 3  200 logs'],
  [60, '0 leader  1 follower  2 stopped  term 3  200 logs'],
  [40, '0 leader 1 follower 2 stopped term 3'],
  [34, '0 leader 1 follower 2 stopped'],
  [20, '0 leader 1 followe…'],
])('of a terminal of %d columns it takes less than a row', (columns, text) => {
  expect(renderClusterState(state, style(columns))).toBe(text);
  expect(text.length).toBeLessThan(columns);
});

test('at 40 columns the states of all nodes and the term are there, however long their names are', () => {
  const longest: ClusterState = { nodes: ['candidate', 'candidate', 'follower'], term: 7, logs: 1 };
  const text = renderClusterState(longest, style(40));
  expect(text).toBe('0 candidate 1 candidate 2 follower');
  expect(renderClusterState({ ...longest, nodes: ['starting', 'follower', 'leader'] }, style(40))).toBe(
    '0 starting 1 follower 2 leader term 7',
  );
});

test('one log is no logs', () => {
  expect(renderClusterState({ ...state, logs: 1 }, style(80))).toMatch(/ {2}1 log$/);
});

test('colours, where they are wanted, take no room', () => {
  const plain = renderClusterState(state, style(66));
  const colored = renderClusterState(state, { columns: 66, color: true });
  const stripped = stripVTControlCharacters(colored);
  expect(colored.startsWith('\x1b[32mnode 0 leader\x1b[0m  \x1b[36mnode 1')).toBe(true);
  expect(stripped).toBe(plain);
});
