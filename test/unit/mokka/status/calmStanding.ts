import type { Standing } from '../../../../src/mokka/status/problem';

/** A voter of three without a leader, where nothing else is known to be wrong. */
export const CALM: Standing = {
  membership: 'voter',
  hasLeader: false,
  size: 3,
  quorum: 2,
  missing: [],
  foreign: [],
  diverged: null,
  unreachable: [],
  address: 'tcp://10.0.0.1:2000',
  leaderOfOthers: null,
  lost: [],
  notReaching: [],
  slowDisk: null,
};
