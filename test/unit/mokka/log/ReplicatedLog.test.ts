import { ProtocolError } from '../../../../src/errors';
import {
  APPENDS_IN_FLIGHT_MAX,
  LATE_BYTES_MAX,
  LATE_ENTRIES_MAX,
  PROCESS_MET_MS_MIN,
} from '../../../../src/limits';
import { buildEntry } from '../../../../src/entry/Entry';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { hashAt, LogBus, run, votingStore } from './LogBus';

test('a new leader commits an empty entry of its own first (Raft, 5.4.2)', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  expect(bus.log('a').log.commitIndex).toBe(1);
  expect(bus.log('a').log.committedLogNumber).toBe(0);
});

test('a push is committed once a quorum has it, and all logs are equal', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  const outcome = bus.propose('a', 1);
  expect(outcome.committed).toHaveLength(0);
  bus.settle('a');
  expect(outcome.committed.map((entry) => entry.logNumber)).toEqual([1]);
  const hashes = bus.names.map((name) => bus.store(name).last?.bytes.toString('hex'));
  expect(new Set(hashes).size).toBe(1);
  expect(bus.names.map((name) => bus.log(name).log.committedLogNumber)).toEqual([1, 1, 1]);
});

test('the leader sends before it puts an entry on its own disk', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.propose('a', 1);
  const sentBefore = bus.entriesSentTo('b');
  let sentWhenSaved = -1;
  bus.store('a').append = () => {
    sentWhenSaved = bus.entriesSentTo('b');
  };
  bus.log('a').flush(0);
  expect(sentWhenSaved).toBe(sentBefore + 1);
});

describe('a few entries', () => {
  test.each([
    ['three', ['a', 'b', 'c'], ['b']],
    ['five', ['a', 'b', 'c', 'd', 'e'], ['b', 'c']],
  ])(
    'of %s nodes go at once to those that a commit needs, and to the others with the next tick',
    (_, names, needed) => {
      const bus = new LogBus(names);
      bus.elect('a', 1);
      const followers = names.slice(1);
      const before = new Map(followers.map((name) => [name, bus.entriesSentTo(name)]));
      const haveOneMore = (): string[] =>
        followers.filter((name) => bus.entriesSentTo(name) === (before.get(name) ?? 0) + 1);
      const outcome = bus.propose('a', 1);
      bus.log('a').flush(bus.now);
      bus.deliver();
      expect(outcome.committed).toHaveLength(1);
      expect(haveOneMore()).toEqual(needed);
      expect(bus.log('a').needsFlush).toBe(false);
      bus.log('a').tick(bus.now);
      expect(haveOneMore()).toEqual(followers);
    },
  );

  test('wait for one tick when the follower that is needed is silent; then the one that answers is needed', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.cut.add('a>b');
    const first = bus.propose('a', 1);
    bus.log('a').flush(bus.now);
    bus.deliver();
    expect(first.committed).toHaveLength(0);
    bus.log('a').tick(bus.now);
    bus.deliver();
    expect(first.committed).toHaveLength(1);
    const second = bus.propose('a', 2);
    bus.log('a').flush(bus.now);
    bus.deliver();
    expect(second.committed).toHaveLength(1);
  });

  test.each([
    ['more than a few go', LATE_ENTRIES_MAX + 1, 10],
    ['large ones go', 1, LATE_BYTES_MAX],
  ])('%s to all at once', (_, count, valueBytes) => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    const before = bus.entriesSentTo('c');
    for (let nonce = 1; nonce <= count; nonce++) bus.propose('a', nonce, 'x'.repeat(valueBytes));
    bus.log('a').flush(bus.now);
    expect(bus.entriesSentTo('c') - before).toBe(count);
  });
});

test('an entry was sent to a follower when an append holds it, until the link is lost', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1, ['b']);
  bus.propose('a', 1);
  const { last } = bus.log('a').log;
  const index = last?.index ?? 0;
  expect(bus.log('a').wasSent('b', index)).toBe(false);
  bus.log('a').flush(bus.now);
  expect(bus.log('a').wasSent('b', index)).toBe(true);
  expect(bus.log('a').wasSent('b', index + 1)).toBe(false);
  // Not heard: what it holds is not known.
  expect(bus.log('a').wasSent('c', index)).toBe(false);
  bus.log('a').lost('b');
  expect(bus.log('a').wasSent('b', index)).toBe(false);
  expect(bus.log('b').wasSent('a', 1)).toBe(false);
});

test('without a quorum nothing is committed', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.isolate('a');
  const outcome = bus.propose('a', 1);
  bus.settle('a');
  expect(outcome.committed).toHaveLength(0);
  expect(bus.log('a').log.commitIndex).toBe(1);
});

test('a suffix that conflicts is cut, and what was pushed there is gone (Raft, 5.3)', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.isolate('a');
  const lost = bus.propose('a', 1, 'lost');
  bus.settle('a');
  bus.elect('b', 2, ['c']);
  const kept = bus.propose('b', 2, 'kept');
  bus.settle('b');
  bus.cut.clear();
  bus.store('a').saveHardState({ term: 2, votedFor: 'b' });
  bus.log('a').follow(2, 'b');
  bus.log('b').heard('a', run(1), bus.now);
  bus.settle('b');
  expect(lost.committed).toHaveLength(0);
  expect(kept.committed).toHaveLength(1);
  expect(bus.terms('a')).toEqual([1, 2, 2]);
});

test('entries of an earlier term are not committed by counting (Raft, figure 8)', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.isolate('a');
  bus.propose('a', 1);
  bus.settle('a');
  bus.cut.clear();
  // The leader of term 3 holds the entry of term 1 and sends it, but its own empty entry is lost on the way.
  bus.store('a').saveHardState({ term: 3, votedFor: 'a' });
  bus.log('a').lead(3, ['b', 'c']);
  for (const name of ['b', 'c']) {
    bus.store(name).saveHardState({ term: 3, votedFor: 'a' });
    bus.log(name).follow(3, 'a');
  }
  bus.log('b').receive(
    'a',
    {
      type: 'append',
      term: 3,
      epoch: 1,
      previousIndex: 1,
      previousTerm: 1,
      previousHash: hashAt(bus, 'b', 1),
      floorLogNumber: null,
      commitIndex: 1,
      entries: bus.store('a').read(2, 1000, 1),
    },
    0,
  );
  bus.deliver();
  expect(bus.terms('b')).toEqual([1, 1]);
  expect(bus.log('a').log.commitIndex).toBe(1);
  bus.log('a').heard('b', run(1), 0);
  bus.settle('a');
  expect(bus.log('a').log.commitIndex).toBe(3);
});

test('a follower far behind is found in one step back and caught up', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.isolate('c');
  for (let nonce = 1; nonce <= 500; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  bus.elect('a', 2, ['b']);
  bus.cut.clear();
  bus.store('c').saveHardState({ term: 2, votedFor: 'a' });
  bus.log('c').follow(2, 'a');
  bus.sent.length = 0;
  bus.log('a').heard('c', run(1), 0);
  bus.settle('a');
  const refusals = bus.sent.filter(({ message }) => message.type === 'appended' && !message.success);
  expect(refusals).toHaveLength(1);
  expect(bus.log('c').log.committedLogNumber).toBe(500);
});

test('a refusal of an earlier epoch that comes late, and twice, begins no search anew', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.isolate('c');
  for (let nonce = 1; nonce <= 5; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  bus.elect('a', 2, ['b']);
  bus.cut.clear();
  bus.store('c').saveHardState({ term: 2, votedFor: 'a' });
  bus.log('c').follow(2, 'a');
  bus.log('a').heard('c', run(1), 0);
  bus.settle('a');
  const refusal = bus.sent.find(({ message }) => message.type === 'appended' && !message.success)?.message;
  if (refusal?.type !== 'appended') throw new Error('nothing was refused');
  const before = bus.entriesSentTo('c');
  bus.log('a').receive('c', refusal, bus.now);
  bus.settle('a');
  expect(bus.entriesSentTo('c')).toBe(before);
});

test('a push that is tried again gives the entry it made the first time', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  const first = bus.propose('a', 7);
  const meanwhile = bus.propose('a', 7);
  bus.settle('a');
  const later = bus.propose('a', 7);
  expect([first, meanwhile, later].map(({ committed }) => committed[0]?.logNumber)).toEqual([1, 1, 1]);
  bus.elect('b', 2);
  expect(bus.propose('b', 7).committed[0]?.logNumber).toBe(1);
  expect(bus.log('b').log.last?.logNumber).toBe(1);
});

test('the same nonce with other content is refused', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.propose('a', 7, 'one');
  expect(bus.propose('a', 7, 'other').refused).toEqual(['NONCE_REUSED']);
});

test('remembered pushes are read back after a restart', () => {
  const bus = new LogBus(['a']);
  bus.elect('a', 1);
  bus.propose('a', 7);
  bus.settle('a');
  bus.start('a', MemoryLogStore.from(bus.store('a').snapshot()));
  bus.elect('a', 2);
  expect(bus.propose('a', 7).committed[0]?.logNumber).toBe(1);
});

test('a follower takes appends from the leader of its term alone', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  const entry = buildEntry({ index: 2, term: 1, logNumber: 1, createdAt: 0 }, null, null);
  const match = {
    previousIndex: 1,
    previousTerm: 1,
    previousHash: hashAt(bus, 'b', 1),
    floorLogNumber: null,
  };
  const message = { type: 'append', epoch: 1, ...match, commitIndex: 2 } as const;
  bus.log('b').receive('c', { ...message, term: 1, entries: [entry] }, 0);
  bus.log('b').receive('a', { ...message, term: 0, entries: [entry] }, 0);
  expect(bus.log('b').log.last?.index).toBe(1);
});

test('an entry whose hash does not follow is refused and nothing is stored', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  const forged = buildEntry({ index: 2, term: 1, logNumber: 0, createdAt: 0 }, null, null);
  const append = {
    type: 'append',
    term: 1,
    epoch: 1,
    previousIndex: 1,
    previousTerm: 1,
    previousHash: hashAt(bus, 'b', 1),
    floorLogNumber: null,
    commitIndex: 1,
    entries: [forged],
  } as const;
  expect(() => bus.log('b').receive('a', append, 0)).toThrow(ProtocolError);
  expect(bus.log('b').log.last?.index).toBe(1);
});

test('a committed entry is never replaced', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.propose('a', 1);
  bus.settle('a');
  const first = bus.store('a').entryAt(1);
  if (first === null) throw new Error('no entry');
  const other = buildEntry({ index: 2, term: 2, logNumber: 1, createdAt: 5 }, null, first);
  bus.store('b').saveHardState({ term: 2, votedFor: 'c' });
  bus.log('b').follow(2, 'c');
  const append = {
    type: 'append',
    term: 2,
    epoch: 1,
    previousIndex: 1,
    previousTerm: 1,
    previousHash: hashAt(bus, 'b', 1),
    floorLogNumber: null,
    commitIndex: 2,
    entries: [other],
  } as const;
  bus.log('b').receive('c', append, 0);
  expect(bus.terms('b')).toEqual([1, 1]);
  expect(bus.log('b').agreesWithLeader).toBe(false);
  expect(bus.log('b').divergedFrom).toMatchObject({ leader: 'c', sharedIndex: 1, isFound: true });
});

test('a link that comes and goes has no entry sent again that the follower was known to hold', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  for (let nonce = 1; nonce <= 20; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  const before = bus.entriesSentTo('c');
  for (let loss = 0; loss < 3; loss++) {
    bus.log('a').lost('c');
    bus.log('a').lost('c');
    bus.now += PROCESS_MET_MS_MIN;
    bus.log('a').heard('c', run(1), bus.now);
    bus.log('a').lost('c');
    bus.now += 2 * PROCESS_MET_MS_MIN;
    bus.log('a').heard('c', run(1), bus.now);
    bus.settle('a');
  }
  expect(bus.entriesSentTo('c')).toBe(before);
  expect(bus.log('a').matchIndexOf('c')).toBe(21);
});

test('what a node knows to be committed is on its disk once all is saved, on a follower too', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.propose('a', 1);
  bus.settle('a');
  expect([bus.store('a').commitIndex, bus.store('b').commitIndex]).toEqual([1, 1]);
  for (const name of bus.names) {
    expect(bus.log(name).log.commitIndex).toBe(2);
    bus.log(name).saveAll();
    expect(bus.store(name).commitIndex).toBe(2);
  }
});

test('a leader of one commits by itself', () => {
  const bus = new LogBus(['a']);
  bus.elect('a', 1);
  const outcome = bus.propose('a', 1);
  bus.settle('a');
  expect(outcome.committed).toHaveLength(1);
});

test('staged entries of a leader that is none any more are forgotten', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.start('a', votingStore());
  bus.elect('a', 1);
  bus.propose('a', 1);
  bus.log('a').follow(1, null);
  expect(bus.log('a').log.last?.index).toBe(1);
  expect(bus.log('a').needsFlush).toBe(false);
});

test('a follower far behind is sent several appends from the disk, one a step, before it answers', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.cut.add('a>c');
  bus.elect('a', 1);
  const value = 'x'.repeat(200_000);
  for (let nonce = 1; nonce <= 40; nonce++) bus.propose('a', nonce, value);
  bus.settle('a');
  bus.start('a', bus.store('a'));
  bus.elect('a', 2, ['b']);
  bus.cut.clear();
  bus.log('c').follow(2, 'a');
  bus.log('a').heard('c', run(1), bus.now);
  // The probe and its refusal, the first append and its answer.
  for (let messages = 0; messages < 4; messages++) bus.deliverOne();

  const sentBySteps: number[] = [];
  while (bus.log('a').needsFlush) {
    const before = appendsTo(bus, 'c');
    bus.log('a').flush(bus.now);
    sentBySteps.push(appendsTo(bus, 'c') - before);
  }
  expect(sentBySteps).toEqual(Array.from({ length: APPENDS_IN_FLIGHT_MAX - 1 }, () => 1));
});

function appendsTo(bus: LogBus, name: string): number {
  return bus.sent.filter(({ to, message }) => to === name && message.type === 'append').length;
}
