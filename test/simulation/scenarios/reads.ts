import { Overthrow } from './overthrow';
import type { Scenario } from './Scenario';

/**
 * A voter loses its disk after it has elected another leader and stored an entry of it, and comes back to the old leader:
 * its answers are no sign that this one leads, so that a miss would be stale.
 */
export function staleMiss(it: Scenario): boolean {
  return asksOldLeader(it, 0);
}

/** The same, and what the voter said before the loss comes late, between what it says after it. */
export function lateAnswers(it: Scenario): boolean {
  return asksOldLeader(it, 300);
}

function asksOldLeader(it: Scenario, lateness: number): boolean {
  it.push(0);
  it.expectEqualLogs();
  const [voter = 0, rival = 0] = it.followers();
  const leader = it.leader();
  let isBeforeLoss = true;
  const overthrow = new Overthrow(it, { leader, voter, rival }, (from, to, words) => {
    const isLate = isBeforeLoss && lateness > 0 && from === voter && to === leader;
    return isLate && words.startsWith('HEARD') ? [lateness] : null;
  });
  it.wait(500);
  if (!overthrow.happens()) return false;
  const index = it.push(rival);
  it.wipe(voter);
  isBeforeLoss = false;
  overthrow.isolateRival();
  overthrow.reach();
  it.start(voter);
  it.until('it is met', () => it.membership(voter) === 'rejoining', 200);
  const leads = it.cluster.leaders.includes(leader);
  it.beginGet(leader, index);
  it.wait(1000);
  overthrow.end();
  it.expectEqualLogs();
  return leads;
}

/**
 * A voter answers a round of heartbeats and then elects another leader, which commits an entry. Who asks the old leader for
 * it now must not be answered by that round, whose answer is still on its way.
 */
export function roundUnderWay(it: Scenario): boolean {
  it.push(0);
  it.expectEqualLogs();
  const leader = it.leader();
  const [voter = 0, rival = 0] = it.followers();
  const voteTakes = 32 + 4 * (it.cluster.settings.seed % 5);
  let isUnderWay = false;
  let isDeaf = false;
  let hasAgreed = false;
  it.intercept((from, to, words) => {
    const isFromTo = (one: number, other: number): boolean => from === one && to === other;
    if (!isUnderWay) return null;
    if (isFromTo(rival, leader) || isFromTo(leader, rival)) return [];
    if (isFromTo(leader, voter) && isDeaf && !hasAgreed) return [];
    if (from === voter && words.startsWith('PRE_VOTE ')) return [];
    if (isFromTo(voter, rival) && words.includes('agrees true')) hasAgreed = true;
    if (from === rival && words.startsWith('VOTE ')) return [voteTakes];
    if (isFromTo(voter, leader) && words.startsWith('HEARD')) return [49];
    return null;
  });
  it.wait(500);
  isUnderWay = true;
  it.wait(125);
  isDeaf = true;
  const pushed = it.beginPush(rival);
  it.until('the rival committed it', () => pushed.index !== null, 3000);
  const leads = it.cluster.leaders.includes(leader);
  if (leads) {
    it.wait(0.2);
    it.beginGet(leader, pushed.index ?? 0);
    it.wait(49);
  }
  isUnderWay = false;
  it.wait(1000);
  return leads;
}
