import { story } from './Scenario';

// Simulated minutes take seconds on a busy machine.
describe('the log', () => {
  test('ten pushes on any node are the logs 1 to 10, whatever leaders change between (DESIGN, Log)', () =>
    story(3, (it) => {
      const indexes = Array.from({ length: 10 }, (_, number) => {
        const index = it.push(number % 3);
        const leader = it.leader();
        it.crash(leader);
        it.wait(50);
        it.start(leader);
        it.leader();
        return index;
      });
      expect(indexes).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }));

  test('extra entries of a leader that was cut off go, and its pushes come once (Raft 5.3, figure 7)', () =>
    story(5, (it) => {
      const first = it.leader();
      const [second = 0, ...rest] = it.followers();
      it.pushMany(first, 3);
      it.cut([first, second], rest);
      const lost = [it.beginPush(first), it.beginPush(first)];
      it.wait(200);
      it.pushMany(it.leader(rest), 3);
      it.heal();
      for (const pushed of lost) it.expectAnswered(pushed);
      it.expectEqualLogs();
      expect(new Set(it.logs).size).toBe(8);
    }));

  test('an entry of an earlier term is not committed by counting (Raft 5.4.2, figure 8)', () =>
    story(
      5,
      (it) => {
        const first = it.leader();
        const [second = 0, third = 0, fourth = 0, fifth = 0] = it.followers();
        // (a) the entry reaches one follower, then its leader dies
        it.cut([first], [third, fourth, fifth]);
        it.beginPush(first);
        it.wait(100);
        it.crash(first);
        it.heal();
        // (b) another leads, with votes of those that lack the entry, and dies with an entry of its own
        it.cut([second]);
        const rival = it.leader([third, fourth, fifth]);
        it.cut([rival]);
        it.beginPush(rival);
        it.wait(100);
        it.crash(rival);
        // (c) the first one is back and brings the old entry to a majority, one entry at a time
        it.start(first);
        it.heal();
        const alive = it.nodes.filter((node) => node !== rival);
        it.leader(alive);
        // (d) and (e): whoever leads then, all agree
        it.crash(it.leader(alive));
        it.start(...it.nodes);
        it.push(it.leader());
        it.expectEqualLogs();
      },
      { limits: { APPEND_ENTRIES_MAX: 1, APPENDS_IN_FLIGHT_MAX: 1 } },
    ));

  test('only a node with all that is committed can lead (Leader Completeness, Raft 5.4.1; CASES 10)', () =>
    story(3, (it) => {
      it.push(0);
      const [behind = 0] = it.followers();
      it.crash(behind);
      it.pushMany(it.leader(it.nodes.filter((node) => node !== behind)), 3);
      const [one = 0, other = 0] = it.nodes.filter((node) => node !== behind);
      it.crash(one, other);
      it.start(behind);
      it.expectNoLeader();
      it.start(other);
      expect(it.leader([behind, other])).toBe(other);
      expect(it.get(behind, 4)).toBe('v4');
    }));

  test('a stale leader wakes: its pushes come once, in the new term, and its misses are not stale (CASES 1)', () =>
    story(3, (it) => {
      const stale = it.leader();
      const rest = it.followers();
      it.pushMany(stale, 3);
      it.freeze(stale);
      const late = [it.beginPush(stale), it.beginPush(stale)];
      it.pushMany(it.leader(rest), 5);
      it.thaw(stale);
      expect(it.get(stale, 6)).toBe('v8');
      for (const pushed of late) it.expectAnswered(pushed);
      expect([...it.logs].sort()).toEqual(['v1', 'v10', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9']);
    }));

  test('an entry without a quorum is committed or gone, the same everywhere, with no new push (CASES 6)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [one = 0, other = 0] = it.followers();
      it.crash(one, other);
      const orphan = it.beginPush(leader);
      it.wait(100);
      expect(orphan.index).toBeNull();
      it.crash(leader);
      it.start(leader, one);
      it.expectEqualLogs([leader, one]);
      it.start(other);
      it.expectEqualLogs();
      expect(it.logs).toEqual([orphan.value]);
    }));

  test('all are killed in one instant under load: all is there after (CASES 4)', () =>
    story(3, (it) => {
      for (let round = 0; round < 20; round++) {
        const pushes = Array.from({ length: 64 }, (_, number) => it.beginPush(number % 3));
        it.until('some are committed', () => pushes.some(({ index }) => index !== null));
        it.crash(0, 1, 2);
        it.start(0, 1, 2);
        it.leader();
      }
      it.expectEqualLogs();
    }));

  test('a follower that was frozen under load catches up, with no leader change (CASES 8)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const term = it.term(leader);
      const [frozen = 0] = it.followers();
      it.freeze(frozen);
      it.wait(20_000);
      it.pushMany(leader, 500);
      it.thaw(frozen);
      it.expectEqualLogs();
      expect(it.term(leader)).toBe(term);
    }));

  test('a leader whose disk hangs is replaced, and follows when its disk is back (CASES 9)', () =>
    story(3, (it) => {
      const slow = it.leader();
      const rest = it.followers();
      it.cluster.machine(slow).diskHangsUntil = it.cluster.now + 30_000_000;
      it.beginPush(slow);
      it.push(it.leader(rest));
      it.wait(31_000);
      it.expectEqualLogs();
    }));

  test('a node whose write fails ends; the others go on, and it catches up when it is back (CASES 9)', () =>
    story(3, (it) => {
      const broken = it.leader();
      it.push(broken);
      it.cluster.machine(broken).failsNextWrite = true;
      it.beginPush(broken);
      it.until('the node ends', () => it.cluster.processAt(broken) === null);
      it.push(it.leader(it.nodes.filter((node) => node !== broken)));
      it.start(broken);
      it.expectEqualLogs();
    }));

  test('a notice of a commit that is lost is sent again, in an idle cluster too (simulator, seed 75)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [follower = 0] = it.followers();
      it.push(leader);
      it.expectEqualLogs();
      const notice = /^append in term \d+ epoch \d+ after \d+@\d+: \[\]/;
      let lost = 0;
      it.intercept((from, to, words) => {
        if (from !== leader || to !== follower || !words.startsWith('append')) return null;
        // The append comes twice, so the answer to the second one stands where that to the lost notice is due.
        if (!notice.test(words)) return [1, 8];
        return lost++ === 0 ? [] : null;
      });
      it.push(leader);
      it.until('the notice is lost', () => lost > 0);
      it.expectEqualLogs();
    }));
});
