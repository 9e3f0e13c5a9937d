import { PROCESS_MET_MS_MIN } from '../../../../src/limits';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { hashAt, LogBus, run } from './LogBus';

/** What followers were told to be committed once they have it. */
const commits = (bus: LogBus): (readonly [string, number])[] =>
  bus.sent.flatMap(({ to, message }) =>
    message.type === 'commit' ? [[to, message.commitIndex] as const] : [],
  );

describe('a follower whose user waits for an entry', () => {
  test('knows of the commit that its own disk makes before the leader does', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.lostTypes.add('appended');
    bus.propose('a', 1, 'value', 'c');
    bus.log('a').flush(bus.now);
    bus.deliver();
    expect(commits(bus)).toEqual([['c', 2]]);
    expect(bus.names.map((name) => bus.log(name).log.commitIndex)).toEqual([1, 1, 2]);
    // Nobody reads past what the user of c may have been told.
    expect(bus.log('a').readIndex).toBe(2);
    expect(bus.log('c').readIndex).toBeNull();
  });

  test('is told once a quorum has it together with that follower, and once', () => {
    const bus = new LogBus(['a', 'b', 'c', 'd', 'e']);
    bus.elect('a', 1);
    bus.propose('a', 1, 'value', 'e');
    bus.log('a').flush(bus.now);
    expect(commits(bus)).toEqual([]);
    bus.settle('a');
    expect(commits(bus)).toEqual([['e', 2]]);
    expect(bus.log('e').log.commitIndex).toBe(2);
  });

  test('is needed, and sent its few entries at once', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    const before = ['b', 'c'].map((name) => bus.entriesSentTo(name));
    bus.propose('a', 1, 'value', 'c');
    bus.log('a').flush(bus.now);
    expect(['b', 'c'].map((name, nth) => bus.entriesSentTo(name) - (before[nth] ?? 0))).toEqual([0, 1]);
  });

  test('is not told of what an earlier term made (Raft, 5.4.2)', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.log('a').lost('b');
    bus.log('a').lost('c');
    bus.propose('a', 1, 'value');
    bus.log('a').flush(bus.now);
    bus.lostTypes.add('appended');
    bus.elect('a', 2);
    bus.propose('a', 1, 'value', 'b');
    bus.settle('a');
    expect(bus.log('b').log.commitIndex).toBe(1);
    expect(commits(bus)).toEqual([]);
  });

  test('commits nothing by itself of a part of what it was told (Raft, 5.4.2)', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    // An entry of term 1 on a and b, which nobody knows to be committed.
    bus.lostTypes.add('appended');
    bus.propose('a', 1);
    bus.settle('a');
    bus.log('b').follow(2, 'a');
    const previousHash = hashAt(bus, 'b', 2);
    const matches = {
      previousIndex: 2,
      previousTerm: 1,
      previousHash,
      floorLogNumber: null,
      commitIndex: 1,
      entries: [],
    };
    bus.log('b').receive('a', { type: 'append', term: 2, epoch: 1, ...matches }, bus.now);
    bus.log('b').receive('a', { type: 'commit', term: 2, commitIndex: 3 }, bus.now);
    expect(bus.log('b').log.commitIndex).toBe(1);
  });

  test('commits nothing by itself while it is no voter', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.start('c', new MemoryLogStore(), run(2));
    bus.log('c').follow(1, 'a');
    bus.log('a').lost('c');
    bus.log('a').heard('c', run(2), bus.now + PROCESS_MET_MS_MIN);
    bus.lostTypes.add('readmit');
    bus.deliver();
    bus.propose('a', 1);
    bus.settle('a');
    expect(bus.store('c').membership).toBe('rejoining');
    bus.cut.add('c>a');
    bus.propose('a', 2, 'value', 'c');
    bus.settle('a');
    expect(commits(bus)).toEqual([]);
    const { last, commitIndex } = bus.log('c').log;
    expect(last?.index).toBeGreaterThan(commitIndex);
    bus.log('c').receive('a', { type: 'commit', term: 1, commitIndex: last?.index ?? 0 }, bus.now);
    expect(bus.log('c').log.commitIndex).toBe(commitIndex);
  });
});
