import { story } from './Scenario';

// Simulated minutes take seconds on a busy machine.
describe('who leads', () => {
  test('a cluster of one elects itself, and so does it after a crash (Raft 5.2; HAZARDS, mokka 10)', () =>
    story(1, (it) => {
      it.push(0);
      it.crash(0);
      it.start(0);
      it.push(0);
      expect(it.logs).toEqual(['v1', 'v2']);
    }));

  test('a cluster of two works, and stops while one is away (Raft 5.1; HAZARDS, mokka 10)', () =>
    story(2, (it) => {
      const [follower = 0] = it.followers();
      it.push(follower);
      it.crash(it.leader());
      it.expectNoLeader();
      it.start(0, 1);
      it.push(0);
      it.expectEqualLogs();
    }));

  test.each([3, 4, 5, 6, 7])(
    'a killed leader of %i is replaced and nothing is lost (Raft 5.2, 5.4)',
    (size) =>
      story(size, (it) => {
        const first = it.leader();
        it.pushMany(first, 5);
        it.crash(first);
        const rest = it.nodes.filter((node) => node !== first);
        const second = it.leader(rest);
        expect(it.push(second)).toBe(6);
        it.start(first);
        it.expectEqualLogs();
      }),
  );

  test('a half of four elects nobody (Raft 5.1; HAZARDS, mokka 10)', () =>
    story(4, (it) => {
      it.leader();
      it.cut([0, 1], [2, 3]);
      it.wait(1000);
      it.expectNoLeader();
      it.heal();
      it.push(0);
    }));

  test('a past leader may lead again: the only one with the whole log (HAZARDS, mokka 5)', () =>
    story(3, (it) => {
      const first = it.leader();
      const [second = 0, third = 0] = it.followers();
      it.cut([third]);
      it.push(first);
      it.crash(second);
      it.heal();
      it.crash(first);
      it.start(first);
      expect(it.leader([first, third])).toBe(first);
    }));

  test('a restarted follower takes no leadership (CASES 3)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const term = it.term(leader);
      for (const follower of it.followers()) {
        it.crash(follower);
        it.wait(300);
        it.start(follower);
        it.push(follower);
      }
      it.wait(3000);
      expect([it.leader(), it.term(leader)]).toEqual([leader, term]);
    }));

  test('a follower that was cut off for a minute disturbs nobody when it is back (CASES 2; dissertation 9.6)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const term = it.term(leader);
      const [lonely = 0, other = 0] = it.followers();
      it.cut([lonely]);
      it.wait(60_000);
      it.push(other);
      it.heal();
      it.wait(3000);
      expect([it.leader(), it.term(leader), it.term(lonely)]).toEqual([leader, term, term]);
      it.expectEqualLogs();
    }));

  test('one node alone for a minute keeps its term; then the others come (CASES 2)', () =>
    story(3, (it) => {
      it.push(0);
      const terms = it.nodes.map((node) => it.term(node));
      it.crash(0, 1, 2);
      it.start(0);
      it.wait(60_000);
      expect(it.term(0)).toBe(terms[0]);
      it.start(1, 2);
      it.push(0);
    }));

  test('a leader without a quorum steps down (check-quorum; dissertation 6.2)', () =>
    story(3, (it) => {
      const old = it.leader();
      it.cut([old]);
      it.until('the old leader steps down', () => it.cluster.processAt(old)?.mokka.leads === false, 1000);
      const rest = it.nodes.filter((node) => node !== old);
      it.push(it.leader(rest));
    }));

  test('two that cannot see each other, while a third sees both, do not take the lead in turns (partial cut)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const term = it.term(leader);
      const [blind = 0, witness = 0] = it.followers();
      it.cut([blind], [leader]);
      it.wait(20_000);
      expect([it.leader([leader, witness]), it.term(leader)]).toEqual([leader, term]);
      it.push(witness);
      it.heal();
      it.expectEqualLogs();
    }));

  test('a leader that is heard and hears nobody gives way (one-way cut; dissertation 6.2)', () =>
    story(3, (it) => {
      const deaf = it.leader();
      const rest = it.followers();
      for (const node of rest) it.cutOneWay(node, [deaf]);
      it.until('another leads', () => it.cluster.leader !== null && it.cluster.leader !== deaf);
      it.push(it.leader(rest));
      it.heal();
      it.expectEqualLogs();
    }));

  test('a leader that hears and is not heard gives way (one-way cut; dissertation 6.2)', () =>
    story(5, (it) => {
      const mute = it.leader();
      const rest = it.followers();
      it.cutOneWay(mute, rest);
      it.push(it.leader(rest));
      it.heal();
      it.expectEqualLogs();
    }));

  test('wall clocks that jump by hours elect nobody (HAZARDS, mokka 6)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const term = it.term(leader);
      for (const hours of [5, -9, 3]) {
        for (const node of it.nodes) it.cluster.machine(node).wallOffset += hours * 3_600_000 * (node - 1);
        it.wait(1000);
        it.push(1);
      }
      it.crash(leader);
      expect(it.term(it.leader(it.nodes.filter((node) => node !== leader)))).toBe(term + 1);
    }));

  test.each([190, 1000, 9000])(
    'a follower that does not get to run for %i ms takes that for no silence',
    (ms) =>
      story(3, (it) => {
        const leader = it.leader();
        const [held = 0] = it.followers();
        const asked: number[] = [];
        it.intercept((from, _to, words) => {
          if (words.startsWith('PRE_VOTE ')) asked.push(from);
          return null;
        });
        // A timer or a heartbeat may be what waits first.
        for (let round = 0; round < 5; round++) {
          it.wait(133);
          it.holdUp(ms, [held]);
          it.wait(ms);
        }
        it.wait(1000);
        expect(asked).toEqual([]);
        it.crash(leader);
        it.until('another leader', () => it.cluster.leader !== null, 600);
      }),
  );

  test.each([250, 1000, 5000])(
    'a machine of all members that stands still for %i ms keeps its leader',
    (ms) =>
      story(3, (it) => {
        const leader = it.leader();
        const term = it.term(leader);
        for (let round = 0; round < 5; round++) {
          it.wait(133);
          it.holdUp(ms, it.nodes);
          it.wait(ms);
        }
        it.wait(1000);
        expect([it.leader(), it.term(leader)]).toEqual([leader, term]);
      }),
  );

  test('voters that die as soon as they have voted vote once a term (CASES 16; Raft 5.2)', () =>
    story(5, (it) => {
      for (const node of it.nodes) it.cluster.dieAfterVotes(node, 2000);
      for (let round = 0; round < 20; round++) {
        const leader = it.leader();
        it.crash(leader);
        it.wait(100);
        it.start(leader);
      }
      it.push(it.leader());
    }));
});
