import type { NodeInfo } from '../../src/api';

/** What a node says that leads, has an empty log and no problem. */
export const CALM_INFO: NodeInfo = {
  index: 0,
  hash: '0'.repeat(64),
  term: 0,
  createdAt: 0,
  committedIndex: 0,
  floor: 0,
  node: 0,
  state: 'leader',
  leader: 0,
  currentTerm: 1,
  membership: 'voter',
  peers: [],
  problem: null,
};
