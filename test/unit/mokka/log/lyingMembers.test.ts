import fc from 'fast-check';
import { ProtocolError } from '../../../../src/errors';
import { DIVERGENCE_PROBE_MS, PROCESS_MET_MS_MIN } from '../../../../src/limits';
import {
  decodeLogMessage,
  encodeLogMessage,
  type AppendedMessage,
  type AppendMessage,
  type LogMessage,
} from '../../../../src/mokka/messages/LogMessage';
import { buildEntry, encodePayload, entryHash, GENESIS_HASH, type Entry } from '../../../../src/entry/Entry';
import { LogBus, run, SESSION } from './LogBus';
import { runs } from '../../../runs';

/** What a member that lies, or whose key was stolen, can do to an honest one: never break its own invariants. */

/** A message as it arrives: what breaks its format never does. */
function arrived<Message extends LogMessage>(message: Message): Message {
  return decodeLogMessage(encodeLogMessage(message)) as Message;
}

/** Runs what a peer's message leads to; returns whether the peer was blamed. Anything else is the node's own fault. */
function blames(work: () => void): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof ProtocolError) return true;
    throw error;
  }
}

/** Entries of the given terms after an entry, with right hashes. */
function entriesAfter(previous: Entry | null, terms: readonly number[], salt: number): Entry[] {
  let last = previous;
  return terms.map((term, at) => {
    const payload = at % 2 === 0 ? null : encodePayload({ session: SESSION, nonce: salt }, 'lie', `${salt}`);
    const header = {
      index: (last?.index ?? 0) + 1,
      term,
      logNumber: (last?.logNumber ?? 0) + (payload === null ? 0 : 1),
      createdAt: 1,
    };
    last = buildEntry(header, payload, last);
    return last;
  });
}

function append(fields: Partial<AppendMessage>): AppendMessage {
  return {
    type: 'append',
    term: 5,
    epoch: 1,
    previousIndex: 0,
    previousTerm: 0,
    previousHash: GENESIS_HASH,
    floorLogNumber: null,
    commitIndex: 0,
    entries: [],
    ...fields,
  };
}

function appended(fields: Partial<AppendedMessage>): AppendedMessage {
  return {
    type: 'appended',
    term: 1,
    incarnation: run(1),
    // The first began when the leader did, the second when it met this process.
    epoch: 2,
    success: true,
    matchIndex: 0,
    divergedAt: null,
    commitIndex: 0,
    voter: true,
    room: 'some',
    ...fields,
  };
}

describe('a leader that lies', () => {
  test('cannot replace what it sent, and so not have committed what is gone', () => {
    const bus = new LogBus(['a', 'b']);
    bus.store('a').saveHardState({ term: 5, votedFor: 'b' });
    bus.log('a').follow(5, 'b');
    bus.log('a').receive('b', append({ entries: entriesAfter(null, [3, 3, 3, 3, 3], 1) }), 0);
    const other = append({ entries: entriesAfter(null, [4], 2), commitIndex: 5 });
    expect(() => bus.log('a').receive('b', other, 0)).toThrow('would replace its own entry 1');
    bus.log('a').receive('b', { type: 'commit', term: 5, commitIndex: 5 }, 0);
    expect(bus.log('a').log.commitIndex).toBe(5);
  });

  test.each([-1, 1, 2])('is blamed for an index that is off by %i, though the hashes are right', (off) => {
    const bus = new LogBus(['a', 'b']);
    bus.store('a').saveHardState({ term: 5, votedFor: 'b' });
    bus.log('a').follow(5, 'b');
    const [first = null] = entriesAfter(null, [5, 5], 1).slice(1);
    const payload = encodePayload({ session: SESSION, nonce: 9 }, 'lie', '');
    const header = { index: 3, term: 5, logNumber: 2 + off, createdAt: 1 };
    const entries = [...entriesAfter(null, [5, 5], 1), buildEntry(header, payload, first)];
    expect(() => bus.log('a').receive('b', append({ entries }), 0)).toThrow(ProtocolError);
    expect(bus.log('a').log.last).toBeNull();
  });

  const terms = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }).map((all) => all.sort());
  const step = fc.oneof(
    fc.record({
      do: fc.constant('append' as const),
      back: fc.nat({ max: 4 }),
      previousTerm: fc.option(fc.nat({ max: 5 })),
      terms,
      commitIndex: fc.nat({ max: 20 }),
      badHash: fc.boolean(),
    }),
    fc.record({ do: fc.constant('learn' as const), commitIndex: fc.nat({ max: 20 }) }),
    fc.record({ do: fc.constant('readmit' as const), index: fc.nat({ max: 10 }) }),
    fc.record({ do: fc.constant('follow' as const), again: fc.boolean() }),
    fc.constant({ do: 'lead' as const }),
  );

  test('never stops a follower, nor changes what it knows to be committed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const bus = new LogBus(['a', 'b']);
        const log = bus.log('a');
        const store = bus.store('a');
        let term = 5;
        const follow = (leader: string | null): void => {
          store.saveHardState({ term, votedFor: leader });
          log.follow(term, leader);
        };
        follow('b');
        const committed = new Map<number, string>();
        for (const [salt, next] of steps.entries()) {
          if (next.do === 'append') {
            const previousIndex = Math.max(0, (store.last?.index ?? 0) - next.back);
            const previous = store.entryAt(previousIndex);
            const entries = entriesAfter(next.badHash ? null : previous, next.terms, salt);
            const message = append({
              term,
              previousIndex,
              previousTerm: next.previousTerm ?? previous?.term ?? 0,
              previousHash: next.badHash || previous === null ? GENESIS_HASH : entryHash(previous),
              floorLogNumber: null,
              commitIndex: next.commitIndex,
              entries,
            });
            blames(() => log.receive('b', arrived(message), 0));
          } else if (next.do === 'learn')
            log.receive('b', { type: 'commit', term, commitIndex: next.commitIndex }, 0);
          else if (next.do === 'readmit')
            blames(() =>
              log.receive(
                'b',
                {
                  type: 'readmit',
                  term,
                  incarnation: run(1),
                  index: next.index,
                  identity: '2d'.repeat(16),
                },
                0,
              ),
            );
          else if (next.do === 'follow') {
            if (!next.again) term++;
            log.follow(term, null);
            follow('b');
          } else {
            term++;
            store.saveHardState({ term, votedFor: 'a' });
            log.lead(term, ['b']);
            log.flush(0);
            term++;
            follow('b');
          }
          for (const [index, bytes] of committed)
            expect(store.entryAt(index)?.bytes.toString('hex')).toBe(bytes);
          for (let index = committed.size + 1; index <= log.log.commitIndex; index++)
            committed.set(index, store.entryAt(index)?.bytes.toString('hex') ?? 'none');
        }
      }),
      { numRuns: runs(500, 100) },
    );
  });
});

describe('a follower that lies', () => {
  test('cannot match what the leader has not on its own disk', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    bus.propose('a', 1);
    const saved = bus.store('a').last?.index ?? 0;
    const beyond = appended({ matchIndex: saved + 1 });
    expect(() => bus.log('a').receive('c', beyond, 0)).toThrow(ProtocolError);
    expect(bus.log('a').log.commitIndex).toBe(saved);
  });

  test('cannot make the log grow by losing its disk at every message', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    const before = bus.log('a').log.last?.index ?? 0;
    for (let n = 0; n < 1000; n++) {
      bus.now += 1;
      bus.log('a').heard('c', run(n), bus.now);
      for (const voter of [false, true, false])
        for (let epoch = n; epoch < n + 5; epoch++)
          bus.log('a').receive('c', appended({ incarnation: run(n), epoch, voter }), bus.now);
      bus.settle('a');
    }
    const grown = (bus.log('a').log.last?.index ?? 0) - before;
    expect(grown).toBeLessThanOrEqual(1000 / PROCESS_MET_MS_MIN + 1);
  });

  test('is not said to hold other entries any more when it takes that back, or names a position past the log', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    const { last } = bus.log('a').log;
    const beyond = appended({ success: false, divergedAt: (last?.index ?? 0) + 1 });
    expect(() => bus.log('a').receive('c', beyond, 0)).toThrow(ProtocolError);
    expect(bus.log('a').divergedFollowers).toEqual([]);
    bus.log('a').receive('c', appended({ success: false, divergedAt: 1 }), 0);
    expect(bus.log('a').divergedFollowers).toEqual([{ peer: 'c', index: 1 }]);
    bus.now += DIVERGENCE_PROBE_MS;
    bus.log('a').heard('c', run(1), bus.now);
    bus.settle('a');
    expect(bus.log('a').divergedFollowers).toEqual([]);
  });

  test('is a voter for as long as its process lives', () => {
    const bus = new LogBus(['a', 'b', 'c']);
    bus.elect('a', 1);
    const before = bus.log('a').log.last?.index;
    for (const voter of [false, true, false]) {
      bus.log('a').receive('c', appended({ matchIndex: 1, voter }), 0);
      bus.settle('a');
    }
    expect(bus.log('a').log.last?.index).toBe(before);
  });

  const step = fc.oneof(
    fc.record({
      do: fc.constant('appended' as const),
      fields: fc.record({
        incarnation: fc.nat({ max: 2 }).map(run),
        epoch: fc.nat({ max: 6 }),
        success: fc.boolean(),
        matchIndex: fc.nat({ max: 12 }),
        commitIndex: fc.nat({ max: 12 }),
        voter: fc.boolean(),
      }),
    }),
    fc.record({ do: fc.constant('heard' as const), run: fc.nat({ max: 2 }) }),
    fc.record({ do: fc.constantFrom('propose' as const, 'settle' as const, 'lost' as const) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 2000 }) }),
  );

  test('never stops a leader, nor has it commit what no honest follower holds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        // Five members, since the lie of one of three is a quorum with the leader.
        const bus = new LogBus(['a', 'b', 'c', 'd', 'e']);
        bus.elect('a', 1);
        let nonce = 0;
        for (const next of steps) {
          if (next.do === 'appended') {
            blames(() => bus.log('a').receive('e', arrived(appended(next.fields)), bus.now));
          } else if (next.do === 'heard') bus.log('a').heard('e', run(next.run), bus.now);
          else if (next.do === 'propose') bus.propose('a', ++nonce);
          else if (next.do === 'lost') bus.log('a').lost('e');
          else if (next.do === 'wait') bus.now += next.ms;
          else bus.settle('a');
          const { commitIndex } = bus.log('a').log;
          const holders = ['b', 'c', 'd'].filter((name) => (bus.store(name).last?.index ?? 0) >= commitIndex);
          expect(holders.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: runs(300, 60) },
    );
  });
});
