import type { Scenario } from './Scenario';

/**
 * The first leader has its first entries on two disks of five, its own and a helper's. The helper loses its disk, and
 * asks all for their entries: a third member has none yet, the leader's answer is late. Then the third one gets the
 * entries, which commits them, and the leader loses its disk too. It answers that it has none: the helper has been told
 * so by all, and must not form the cluster, as it would elect a leader without the entries.
 */
export function formedOnAnswersOfDifferentMoments(it: Scenario): boolean {
  let parties: { leader: number; helper: number; third: number } | null = null;
  let reachesThird = false;
  let answersHelper = false;
  const heldBy = (node: number): number => it.cluster.machine(node).disk.last?.index ?? 0;
  it.intercept((from, to, words) => {
    const isAppend = words.startsWith('append in');
    if (isAppend && parties === null)
      parties = { leader: from, helper: (from + 1) % it.nodes.length, third: (from + 2) % it.nodes.length };
    if (parties === null || from !== parties.leader) return null;
    if (isAppend && to !== parties.helper && !(reachesThird && to === parties.third)) return [];
    return words.startsWith('HELLO_ANSWER') && to === parties.helper && !answersHelper ? [] : null;
  });
  const first = it.leader();
  const helper = (first + 1) % it.nodes.length;
  const third = (first + 2) % it.nodes.length;
  const pushed = it.beginPush(first);
  it.until('the helper has it', () => heldBy(helper) >= 2);
  it.wait(5);
  // The leader does not notice: what the helper told of itself still counts.
  it.cut([first], [helper]);
  it.wipe(helper);
  it.start(helper);
  it.wait(120);
  const leads = it.cluster.leader === first;
  reachesThird = true;
  it.expectAnswered(pushed);
  expect(heldBy(third)).toBe(2);
  expect(it.membership(helper)).toBe('none');
  it.wipe(first);
  answersHelper = true;
  it.heal();
  it.start(first);
  it.until('the helper decides', () => it.membership(helper) !== 'none');
  it.cut([third]);
  it.expectNoLeader();
  it.heal();
  it.leader();
  it.push(third);
  it.expectEqualLogs();
  return leads;
}
