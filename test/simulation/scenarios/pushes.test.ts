import { story } from './Scenario';

// Simulated minutes take seconds on a busy machine.
const SESSION = '00000000000000aa';

describe('pushes and gets', () => {
  test('a push that is tried again on another node has the index that it got first (dissertation 6.3; CASES 17)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [one = 0, other = 0] = it.followers();
      const named = { session: SESSION, nonce: 1 };
      expect(it.push(one, named, 'same')).toBe(1);
      expect(it.push(other, named, 'same')).toBe(1);
      it.crash(leader);
      it.leader([one, other]);
      expect(it.push(one, named, 'same')).toBe(1);
      it.start(leader);
      it.crash(one, other);
      it.start(one, other);
      expect(it.push(other, named, 'same')).toBe(1);
      expect(it.logs).toEqual(['same']);
    }));

  test('a nonce that was used for another log is refused, and nothing is appended', () =>
    story(3, (it) => {
      it.push(0, { session: SESSION, nonce: 1 }, 'one');
      const again = it.beginPush(1, { session: SESSION, nonce: 1 }, 'another');
      it.until('it is refused', () => again.error !== null);
      expect(again.error).toMatchObject({ code: 'NONCE_REUSED' });
      expect(it.logs).toEqual(['one']);
    }));

  test('a push survives leader after leader until it is committed, once (CASES 17)', () =>
    story(5, (it) => {
      for (let round = 0; round < 10; round++) {
        const [pusher = 0] = it.followers();
        const leader = it.leader();
        const pushed = it.beginPush(pusher);
        it.wait(1);
        it.crash(leader);
        it.expectAnswered(pushed);
        it.start(leader);
      }
      expect(it.logs).toHaveLength(10);
    }));

  test('a push on a node that reaches nobody is NO_LEADER, and is not in the log later', () =>
    story(3, (it) => {
      it.leader();
      const [lonely = 0] = it.followers();
      it.cut([lonely]);
      it.wait(1000);
      const pushed = it.beginPush(lonely);
      it.until('it fails', () => pushed.error !== null, 12_000);
      expect(pushed.error).toMatchObject({ code: 'NO_LEADER' });
      it.heal();
      it.push(lonely);
      expect(it.logs).not.toContain(pushed.value);
    }));

  test('a miss on a node that is cut off is no answer (ReadIndex; dissertation 6.4)', () =>
    story(3, (it) => {
      const leader = it.leader();
      it.push(leader);
      it.cut([leader]);
      const rest = it.nodes.filter((node) => node !== leader);
      it.push(it.leader(rest));
      expect(it.get(leader, 2)).toBe('NO_LEADER');
      expect(it.get(leader, 1)).toBe('v1');
    }));

  test('a new leader answers no miss before it has committed in its term (Raft 8)', () =>
    story(3, (it) => {
      const first = it.leader();
      it.pushMany(first, 3);
      it.crash(first);
      const second = it.leader(it.nodes.filter((node) => node !== first));
      expect(it.get(second, 3)).toBe('v3');
      expect(it.get(second, 4)).toBeNull();
    }));

  test('a restarted node takes no confirmation that its earlier process asked for (dissertation 6.4)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [reader = 0] = it.followers();
      it.push(leader);
      it.expectEqualLogs();
      it.wait(1000);
      let slow = true;
      it.intercept((from, to, words) => {
        if (slow && to === leader && words.startsWith('HEARD')) return [250];
        // The reader does not learn of the entry at position 3.
        return from === leader && to === reader && / 3@\d/.test(words) ? [] : null;
      });
      // The leader waits for a quorum's answers to confirm what the reader asks; the reader dies meanwhile.
      it.beginGet(reader, 2);
      it.wait(5);
      it.crash(reader);
      it.start(reader);
      it.expectLinked(reader, leader);
      expect(it.push(leader)).toBe(2);
      it.expectFollows(reader, leader);
      it.beginGet(reader, 2);
      slow = false;
      it.wait(1000);
      it.intercept(() => null);
      it.expectEqualLogs();
    }));

  test('a push on a node that is far behind is answered before that node holds it', () =>
    story(
      3,
      (it) => {
        const leader = it.leader();
        const [behind = 0] = it.followers();
        it.crash(behind);
        it.pushMany(leader, 40);
        it.intercept((from, to, words) =>
          from === leader && to === behind && words.startsWith('append') ? [100] : null,
        );
        it.start(behind);
        it.expectLinked(behind, leader);
        const pushed = it.beginPush(behind);
        it.until('an answer', () => pushed.index !== null, 1000);
        // Its info waits for its own log, but not for ever.
        const { committedIndex, problem } = it.info(behind);
        expect(committedIndex).toBeLessThan(20);
        expect(problem).toContain(
          `holds the logs up to ${committedIndex}, and has acknowledged log ${pushed.index}`,
        );
        it.expectEqualLogs();
        expect(it.info(behind)).toMatchObject({ committedIndex: pushed.index, problem: null });
      },
      { limits: { APPEND_ENTRIES_MAX: 1, APPENDS_IN_FLIGHT_MAX: 1 } },
    ));

  test('info on a node that answered a push before it held it shows that push', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [behind = 0] = it.followers();
      it.crash(behind);
      it.pushMany(leader, 3);
      it.intercept((from, to, words) =>
        from === leader && to === behind && words.startsWith('append') ? [300] : null,
      );
      it.start(behind);
      it.expectLinked(behind, leader);
      expect(it.push(behind)).toBe(4);
      expect(it.info(behind)).toMatchObject({ index: 4, committedIndex: 4, problem: null });
    }));

  test.each(['leader', 'follower'])(
    'a burst beyond the limits at a %s: each push is answered once, the others go on, and the leader stays',
    (role) =>
      story(
        3,
        (it) => {
          const leader = it.leader();
          const term = it.term(leader);
          const [follower = 0, other = 0] = it.followers();
          const burst = Array.from({ length: 200 }, () =>
            it.beginPush(role === 'leader' ? leader : follower),
          );
          it.expectAnswered(it.beginPush(other));
          it.until('all are answered', () =>
            burst.every(({ index, error }) => index !== null || error !== null),
          );
          const refused = burst.filter(({ error }) => error !== null);
          expect(refused).toHaveLength(100);
          for (const { error, value } of refused) {
            expect(error).toMatchObject({ code: 'BUSY' });
            expect(it.logs).not.toContain(value);
          }
          expect(it.logs).toHaveLength(101);
          expect(new Set(it.logs).size).toBe(101);
          expect([it.leader(), it.term(leader)]).toEqual([leader, term]);
          it.push(follower);
        },
        {
          limits: {
            PUSHES_WAITING_MAX: 100,
            FORWARDS_IN_FLIGHT_MAX: 20,
            FORWARD_PUSHES_MAX: 7,
            FLUSH_ENTRIES_MAX: 5,
            UNCOMMITTED_ENTRIES_MAX: 11,
            ANSWER_STEP_ENTRIES: 3,
          },
        },
      ),
  );

  test.each([
    { UNCOMMITTED_ENTRIES_MAX: 4 },
    // An entry of these has 92 bytes.
    { UNCOMMITTED_BYTES_MAX: 3 * 92 + 1 },
  ])('what a leader could not take before its deadline is BUSY, and is not in the log later: %j', (limits) =>
    story(
      3,
      (it) => {
        const leader = it.leader();
        it.push(leader);
        it.intercept((from, _to, words) => (from !== leader && words.startsWith('appended') ? [] : null));
        const taken = Array.from({ length: 4 }, () => it.beginPush(leader));
        const left = Array.from({ length: 6 }, () => it.beginPush(leader));
        it.until('all end', () => [...taken, ...left].every(({ error }) => error !== null), 12_000);
        for (const { error } of taken) expect(error).toMatchObject({ code: 'UNKNOWN_OUTCOME' });
        for (const { error } of left) expect(error).toMatchObject({ code: 'BUSY' });
        it.intercept(() => null);
        it.until('those that were taken are committed', () => it.logs.length === 1 + taken.length);
        it.push(leader);
        expect(it.logs).toHaveLength(1 + taken.length + 1);
      },
      { limits },
    ),
  );

  test('a follower that lost sight of its leader for a while passes pushes on, in an idle cluster (simulator, seed 7001194)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [follower = 0] = it.followers();
      it.push(leader);
      it.expectEqualLogs();
      const term = it.term(leader);
      let isMute = true;
      it.intercept((from, to) => (isMute && from === leader && to === follower ? [] : null));
      it.until('it follows nobody', () => it.cluster.processAt(follower)?.mokka.leaderPublicKey === '');
      isMute = false;
      it.expectFollows(follower, leader);
      expect(it.push(follower)).toBe(2);
      expect(it.term(leader)).toBe(term);
    }));

  test('a leader that was out of sight for a while is not sent again what it has', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [follower = 0] = it.followers();
      it.push(follower);
      let isMute = true;
      let sent = 0;
      it.intercept((from, to, words) => {
        if (from === follower && words.startsWith('forward')) sent += words.split(' since ').length - 1;
        return isMute && from === leader && to === follower ? [] : null;
      });
      const burst = Array.from({ length: 30 }, () => it.beginPush(follower));
      it.until('it follows nobody', () => it.cluster.processAt(follower)?.mokka.leaderPublicKey === '');
      isMute = false;
      it.expectFollows(follower, leader);
      for (const pushed of burst) it.expectAnswered(pushed);
      expect(sent).toBe(burst.length);
      expect(it.logs).toHaveLength(burst.length + 1);
    }));

  test('a late refusal does not make a push count as never sent (simulator, seed 859)', () =>
    story(
      3,
      (it) => {
        const leader = it.leader();
        const [behind = 0] = it.followers();
        let answers = 0;
        it.intercept((from, to, words) => {
          if (from !== leader || to !== behind) return null;
          if (words.startsWith('append')) return [];
          if (!words.startsWith('answers')) return null;
          // The refusal comes at once and again later; the answer that it is committed is lost.
          return [[1, 400], []][answers++] ?? null;
        });
        it.pushMany(leader, 20);
        const pushed = it.beginPush(behind, null, 'once');
        it.until('it is committed', () => it.logs.includes('once'));
        it.pushMany(leader, 10);
        it.until('an answer', () => pushed.index !== null || pushed.error !== null, 12_000);
        expect(it.logs.filter((value) => value === 'once')).toHaveLength(1);
      },
      { limits: { REMEMBERED_PUSHES_MAX: 5 } },
    ));
});
