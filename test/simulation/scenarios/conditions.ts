import { RequestError } from '../../../src/errors';
import { Overthrow } from './overthrow';
import type { Scenario } from './Scenario';

/**
 * A leader that is cut off has appended what nobody else will ever hold. By where its log ends now, it must refuse no push:
 * the cluster's log does not end there.
 */
export function judgedByALostTail(it: Scenario): boolean {
  const leader = it.leader();
  it.push(leader);
  it.expectEqualLogs();
  it.cut([leader]);
  it.beginPush(leader);
  it.wait(5);
  it.beginPushBehind(leader, 0);
  it.wait(50);
  const leads = it.cluster.leaders.includes(leader);
  it.crash(leader);
  it.leader(it.nodes.filter((node) => node !== leader));
  it.heal();
  it.start(leader);
  it.expectEqualLogs();
  return leads;
}

/** A push behind a log that another leader has committed: the old one, whose log is shorter, must not say that it ends before. */
export function judgedByAnOldLeader(it: Scenario): boolean {
  it.push(0);
  it.expectEqualLogs();
  const [voter = 0, rival = 0] = it.followers();
  const leader = it.leader();
  const overthrow = new Overthrow(it, { leader, voter, rival });
  it.wait(500);
  if (!overthrow.happens()) return false;
  it.push(rival);
  // The clients know that the one came after the other.
  it.wait(1);
  const leads = it.cluster.leaders.includes(leader);
  it.beginPushBehind(leader, 0);
  it.wait(100);
  overthrow.end();
  it.expectEqualLogs();
  return leads;
}

/** How many other pushes come between a push and its retry: more than are remembered. */
const PUSHES_BETWEEN = 12;

/** A push is committed and its answer lost; when it is tried again elsewhere with the same `since`, nobody remembers it. */
export function retryWithSince(it: Scenario): boolean {
  const leader = it.leader();
  const [lonely = 0, other = 0] = it.followers();
  it.push(leader);
  it.expectEqualLogs();
  it.intercept((from, to) => (from === leader && to === lonely ? [] : null));
  const record = it.beginRetriedPush([lonely, other], { session: '00000000000000aa', nonce: 1 }, 2000);
  it.wait(100);
  const isCommitted = it.logs.includes(record.value);
  it.pushMany(leader, PUSHES_BETWEEN);
  it.until('it was tried again', () => (record.attempts[1] ?? null) !== null);
  it.intercept(() => null);
  it.expectEqualLogs();
  const [, retry = null] = record.attempts;
  const code = retry !== null && 'error' in retry && retry.error instanceof RequestError && retry.error.code;
  return isCommitted && code === 'STALE_NONCE';
}
