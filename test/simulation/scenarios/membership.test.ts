import { story } from './Scenario';

// Simulated minutes take seconds on a busy machine.
describe('a cluster that forms', () => {
  test('it waits for all its members, says who is missing, and works with any majority then (DESIGN, Election)', () =>
    story(
      3,
      (it) => {
        it.expectNoLeader();
        expect(it.info(0).problem).toContain('node 2');
        it.start(2);
        it.leader();
        it.crash(1);
        it.push(0);
        it.crash(0, 2);
        it.start(0, 1);
        it.push(1);
      },
      { notStarted: [2] },
    ));

  test('crashes at any moment of the first start block nobody and start no index anew (CASES 5)', async () => {
    for (let moment = 0; moment < 30; moment++)
      await story(3, (it) => {
        it.wait(moment * 15);
        const before = it.logs.length;
        it.crash(moment % 3);
        it.wait(moment);
        it.start(moment % 3);
        expect(it.push(0)).toBe(before + 1);
        it.expectEqualLogs();
      });
  });

  test('a member that comes late to a formed cluster joins it', () =>
    story(5, (it) => {
      it.push(0);
      it.crash(4);
      it.pushMany(it.leader([0, 1, 2, 3]), 10);
      it.start(4);
      it.expectEqualLogs();
    }));
});

describe('a member that lost its disk', () => {
  test('it gets the whole log in an idle cluster, and votes again then (CASES 7)', () =>
    story(3, (it) => {
      it.pushMany(0, 100);
      const [wiped = 0, other = 0] = it.followers();
      it.wipe(wiped);
      it.start(wiped);
      it.expectEqualLogs();
      it.until('it votes again', () => it.cluster.machine(wiped).disk.membership === 'voter');
      it.crash(other);
      expect(it.push(wiped)).toBe(101);
    }));

  test('it elects nobody together with one that lacks what was committed (DESIGN, Election)', () =>
    story(3, (it) => {
      const leader = it.leader();
      const [wiped = 0, behind = 0] = it.followers();
      it.cut([behind]);
      it.pushMany(leader, 3);
      it.wipe(wiped);
      it.crash(leader);
      it.heal();
      it.start(wiped);
      it.expectNoLeader();
      it.start(leader);
      it.push(behind);
      expect(it.logs).toEqual(['v1', 'v2', 'v3', 'v4']);
      it.expectEqualLogs();
    }));

  test('a second loss after its readmission is a loss again', () =>
    story(3, (it) => {
      const [wiped = 0] = it.followers();
      for (let round = 0; round < 5; round++) {
        it.push(it.leader());
        it.wipe(wiped);
        it.start(wiped);
        it.until('it votes again', () => it.cluster.machine(wiped).disk.membership === 'voter');
      }
      it.expectEqualLogs();
    }));

  test('a leader that lost its disk follows', () =>
    story(3, (it) => {
      const wiped = it.leader();
      it.pushMany(wiped, 5);
      it.wipe(wiped);
      it.start(wiped);
      it.until('another leads', () => it.cluster.leader !== null && it.cluster.leader !== wiped);
      it.expectEqualLogs();
    }));

  test('a majority that lost its disks does not form a cluster over the survivor’s log', () =>
    story(3, (it) => {
      it.pushMany(0, 3);
      it.expectEqualLogs();
      it.wipe(0, 1);
      it.start(0, 1);
      it.expectNoLeader(10_000);
      expect(it.info(2).problem).not.toBeNull();
    }));
});
