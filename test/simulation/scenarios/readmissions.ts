import { Overthrow, type Parties } from './overthrow';
import type { Scenario } from './Scenario';

/**
 * A voter loses its disk right after it has voted for a rival, and comes back to the old leader, which leads still and
 * knows of neither: together they must commit nothing, since the rival was elected without it.
 */

function partiesOf(it: Scenario): Parties {
  it.push(0);
  it.expectEqualLogs();
  const [voter = 0, rival = 0] = it.followers();
  return { leader: it.leader(), voter, rival };
}

/** The voter comes back without its disk to the old leader alone, which then takes a push. */
function comesBack(it: Scenario, overthrow: Overthrow): boolean {
  const { leader, voter, rival } = overthrow.parties;
  if (!overthrow.happens()) return false;
  overthrow.isolateRival();
  it.wait(3);
  it.wipe(voter);
  overthrow.reach();
  it.start(voter);
  const pushed = it.beginPush(leader);
  it.wait(300);
  expect(pushed.index).toBeNull();
  const wasMet = it.membership(voter) === 'rejoining';
  overthrow.end();
  it.push(rival);
  it.expectAnswered(pushed);
  it.expectEqualLogs();
  return wasMet;
}

export function wipedVoter(it: Scenario): boolean {
  return comesBack(it, new Overthrow(it, partiesOf(it)));
}

/** The leader hears the voter half a second late: words of its process before the loss, and then of the one after it. */
export function lateWords(it: Scenario): boolean {
  const parties = partiesOf(it);
  const { leader, voter } = parties;
  const overthrow = new Overthrow(it, parties, (from, to, words) =>
    from === voter && to === leader && words.startsWith('HEARD') ? [500] : null,
  );
  it.wait(1000);
  return comesBack(it, overthrow);
}

/** The voter had been readmitted before, and the leader has not learned of it, so that it still has that fence. */
export function standingFence(it: Scenario): boolean {
  const parties = partiesOf(it);
  const { leader, voter } = parties;
  let isFirst = true;
  const overthrow = new Overthrow(it, parties, (from, to, words) => {
    const tells = from === voter && to === leader && words.startsWith('appended');
    return isFirst && tells && words.includes('voter true') ? [] : null;
  });
  it.wipe(voter);
  it.start(voter);
  it.until('it is readmitted', () => it.membership(voter) === 'voter');
  it.wait(600);
  it.cluster.machine(voter).onMembership = () => (isFirst = false);
  return comesBack(it, overthrow);
}
