import { ProtocolError } from '../../../../src/errors';
import { APPEND_RESEND_MS, PROCESS_MET_MS_MIN } from '../../../../src/limits';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { LogBus, run } from './LogBus';

/** The follower c lost its disk and has the whole log again; its readmission was lost. */
function caughtUpWithoutReadmission(): LogBus {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.start('c', new MemoryLogStore(), run(2));
  bus.log('c').follow(1, 'a');
  bus.lostTypes.add('readmit');
  bus.now += PROCESS_MET_MS_MIN;
  bus.log('a').heard('c', run(2), bus.now);
  bus.settle('a');
  return bus;
}

/** What the leader a sends to a process of c once it holds all. */
function readmit(bus: LogBus, process: number, identity = '1d'.repeat(16), index = 2): void {
  const incarnation = run(process);
  bus.log('c').receive('a', { type: 'readmit', term: 1, incarnation, index, identity }, bus.now);
}

describe('a follower that lost its disk', () => {
  /** An answer that would commit what was proposed first, of a process of c. */
  const counts = (incarnation: string, epoch: number) =>
    ({
      type: 'appended',
      term: 1,
      incarnation,
      epoch,
      success: true,
      matchIndex: 2,
      divergedAt: null,
      commitIndex: 0,
      voter: true,
      room: 'some',
    }) as const;

  test('does not count towards a commit, and is a voter again behind the fence', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.isolate('b');
    bus.start('c', new MemoryLogStore(), run(2));
    bus.log('c').follow(1, 'a');
    const outcome = bus.propose('a', 1);
    bus.now += PROCESS_MET_MS_MIN;
    bus.log('a').heard('c', run(2), bus.now);
    bus.settle('a');
    expect(bus.log('c').log.last?.logNumber).toBe(1);
    expect(outcome.committed).toHaveLength(0);
    expect(bus.store('c').membership).toBe('rejoining');

    bus.cut.clear();
    bus.log('a').lost('b');
    bus.log('a').heard('b', run(1), bus.now);
    bus.settle('a');
    bus.settle('a');
    expect(outcome.committed).toHaveLength(1);
    expect(bus.store('c').membership).toBe('voter');
    expect(bus.store('c').hardState).toEqual({ term: 1, votedFor: 'a' });
  });

  test('is readmitted again, without a push, when its readmission was lost', () => {
    const bus = caughtUpWithoutReadmission();
    bus.settle('a');
    expect(bus.store('c').last?.index).toBe(2);
    expect(bus.store('c').membership).toBe('rejoining');

    bus.lostTypes.clear();
    bus.settle('a');
    expect(bus.store('c').membership).toBe('rejoining');
    bus.now += APPEND_RESEND_MS + 1;
    bus.settle('a');
    expect(bus.store('c').membership).toBe('voter');
  });

  test('is readmitted again when it could not take it, since it had lost sight of the leader meanwhile', () => {
    const bus = caughtUpWithoutReadmission();
    bus.lostTypes.clear();
    bus.log('c').follow(1, null);
    readmit(bus, 2);
    expect(bus.store('c').membership).toBe('rejoining');
    bus.log('c').follow(1, 'a');
    bus.now += APPEND_RESEND_MS + 1;
    bus.settle('a');
    expect(bus.store('c').membership).toBe('voter');
  });

  test.each([run(1), run(2)])(
    'answers of a process count only while it is the one that was heard (%s)',
    (heard) => {
      const bus = new LogBus(['a', 'b', 'c']);
      bus.elect('a', 1);
      bus.isolate('b');
      bus.isolate('c');
      const outcome = bus.propose('a', 1);
      bus.log('a').flush(0);
      bus.now += PROCESS_MET_MS_MIN;
      bus.log('a').heard('c', run(2), bus.now);
      bus.now += PROCESS_MET_MS_MIN;
      bus.log('a').heard('c', heard, bus.now);
      // Whatever epoch it names.
      for (let epoch = 0; epoch < 10; epoch++)
        for (const other of [run(1), run(2), run(3)].filter((name) => name !== heard))
          bus.log('a').receive('c', counts(other, epoch), bus.now);
      expect(outcome.committed).toHaveLength(0);
      for (let epoch = 0; epoch < 10; epoch++) bus.log('a').receive('c', counts(heard, epoch), bus.now);
      expect(outcome.committed).toHaveLength(1);
    },
  );

  test('what it claimed over a link that is lost does not count over the next one', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.isolate('b');
    bus.log('a').lost('c');
    // It has got the log again, and is no voter.
    const log = { ...bus.store('c').snapshot(), membership: 'rejoining' as const };
    bus.start('c', MemoryLogStore.from(log), run(2));
    bus.log('c').follow(1, 'a');
    const outcome = bus.propose('a', 1);
    // Late words of its process before the loss, then the answers of the one after it.
    bus.now += PROCESS_MET_MS_MIN;
    bus.log('a').heard('c', run(1), bus.now);
    bus.settle('a');
    expect(outcome.committed).toHaveLength(0);
    expect(bus.log('a').upToDateVoters).toEqual([]);
  });

  test('is not asked to take over before it is a voter, though it holds all', () => {
    const bus = caughtUpWithoutReadmission();
    expect(bus.log('a').matchIndexOf('c')).toBe(bus.log('a').log.last?.index);
    expect(bus.log('a').upToDateVoters).toEqual(['b']);
  });

  test('is readmitted only when it holds the fence, whatever it is sent', () => {
    const bus = caughtUpWithoutReadmission();
    bus.lostTypes.clear();
    readmit(bus, 2, undefined, 3);
    expect(bus.store('c').membership).toBe('rejoining');
  });

  test('is sent no readmission before it holds the fence, which the others have committed', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.isolate('c');
    bus.now += PROCESS_MET_MS_MIN;
    bus.log('a').heard('c', run(2), bus.now);
    for (let times = 0; times < 3; times++) {
      for (let epoch = 0; epoch < 10; epoch++)
        bus.log('a').receive('c', { ...counts(run(2), epoch), matchIndex: 1, voter: false }, bus.now);
      bus.settle('a');
    }
    expect(bus.log('a').log.commitIndex).toBe(2);
    expect(bus.sent.filter(({ message }) => message.type === 'readmit')).toEqual([]);
  });

  test('is of the cluster that readmits it, whatever its log began with', () => {
    const bus = caughtUpWithoutReadmission();
    bus.lostTypes.clear();
    expect(bus.log('c').log.commitIndex).toBe(2);
    expect(bus.store('c').identity).toBeNull();
    const restored = '2e'.repeat(16);
    readmit(bus, 2, restored);
    expect(bus.store('c').identity).toBe(restored);
  });

  test('is readmitted to no other cluster, when it has learned of one and was killed before it was a voter', () => {
    const bus = caughtUpWithoutReadmission();
    bus.lostTypes.clear();
    bus.store('c').setIdentity('1d'.repeat(16));
    expect(() => readmit(bus, 2, '2e'.repeat(16))).toThrow(ProtocolError);
    expect(bus.store('c').membership).toBe('rejoining');
    readmit(bus, 2);
    expect(bus.store('c').membership).toBe('voter');
  });

  test('what an earlier process held does not count for a later one, though that is a voter', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    const old = bus.store('c').snapshot();
    bus.lostTypes.add('append');
    bus.propose('a', 1);
    bus.log('a').flush(bus.now);
    bus.lostTypes.clear();
    bus.isolate('b');
    bus.log('a').lost('c');
    bus.log('a').heard('c', run(1), bus.now + PROCESS_MET_MS_MIN);
    bus.now += 2 * PROCESS_MET_MS_MIN;
    bus.log('a').heard('c', run(1), bus.now);
    bus.settle('a');
    expect(bus.log('a').matchIndexOf('c')).toBe(2);
    // An old copy of its directory was put back.
    bus.start('c', MemoryLogStore.from(old), run(2));
    bus.now += PROCESS_MET_MS_MIN;
    bus.log('a').heard('c', run(2), bus.now);
    expect(bus.log('a').matchIndexOf('c')).toBe(0);
  });

  test('is not readmitted by what was sent to its process before', () => {
    const bus = caughtUpWithoutReadmission();
    bus.lostTypes.clear();
    readmit(bus, 1);
    expect(bus.store('c').membership).toBe('rejoining');
    readmit(bus, 2);
    expect(bus.store('c').membership).toBe('voter');
  });
});
