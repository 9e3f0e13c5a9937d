import fc from 'fast-check';
import { DIVERGENCE_PROBE_MS } from '../../../../src/limits';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { hashAt, LogBus, run, votingStore } from './LogBus';
import { runs } from '../../../runs';

/**
 * Two histories: a, b and c share some entries, then a commits with b what c does not hold. b goes back to what it shared
 * with c, as when an old copy of its directory is put back, and c leads it in a later term.
 */
function twoHistories(shared: number, lost: number, later: number, sameTerm = false): LogBus {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  for (let nonce = 1; nonce <= shared; nonce++) bus.propose('a', nonce);
  bus.settle('a');
  const old = bus.store('b').snapshot();
  for (const pair of ['a>c', 'c>a']) bus.cut.add(pair);
  for (let nonce = 1; nonce <= lost; nonce++) bus.propose('a', shared + nonce);
  bus.settle('a');
  bus.start('b', MemoryLogStore.from(old));
  const term = sameTerm ? 1 : 2;
  if (sameTerm) bus.start('c', MemoryLogStore.from({ ...old, hardState: { term: 0, votedFor: null } }));
  bus.elect('c', term, ['b']);
  for (let nonce = 1; nonce <= later; nonce++) bus.propose('c', 1000 + nonce);
  bus.settle('c');
  bus.cut.clear();
  return bus;
}

/** a hears of c's lead. */
function meet(bus: LogBus, term: number): void {
  if (bus.store('a').hardState.term < term) bus.store('a').saveHardState({ term, votedFor: 'c' });
  bus.log('a').follow(term, 'c');
  bus.log('c').heard('a', run(1), bus.now);
  bus.settle('c');
}

test('both nodes find where their histories part, and neither takes anything of the other', () => {
  const count = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(fc.nat({ max: 40 }), count, fc.nat({ max: 40 }), (shared, lost, later) => {
      const bus = twoHistories(shared, lost, later);
      const before = bus.store('a').snapshot();
      meet(bus, 2);
      const at = 1 + shared;
      expect(bus.log('a').divergedFrom).toMatchObject({ leader: 'c', sharedIndex: at, isFound: true });
      expect(bus.log('c').divergedFollowers).toEqual([{ peer: 'a', index: at + 1 }]);
      expect(bus.log('a').agreesWithLeader).toBe(false);
      expect(bus.store('a').snapshot().entries).toEqual(before.entries);
      expect(bus.log('a').log.commitIndex).toBe(at + lost);
      expect(hashAt(bus, 'a', at)).toEqual(hashAt(bus, 'c', at));
    }),
    { numRuns: runs(60, 20) },
  );
});

test('a leader whose quorum holds other entries for committed tells and takes nothing beyond what all share', () => {
  const bus = twoHistories(5, 3, 3);
  expect(bus.log('c').sharedIndex).toBeNull();
  meet(bus, 2);
  expect(bus.log('a').sharedIndex).toBe(6);
  // c leads with b, which agrees.
  expect(bus.log('c').sharedIndex).toBeNull();
  bus.elect('a', 3);
  expect(bus.log('a').divergedFollowers).toHaveLength(2);
  expect(bus.log('a').sharedIndex).toBe(6);
  // It follows nobody from whom it could differ.
  expect(bus.log('a').divergedFrom).toBeNull();
});

test('a follower whose link is lost is not said to differ any more: its next process may hold anything', () => {
  const bus = twoHistories(5, 3, 3);
  meet(bus, 2);
  expect(bus.log('c').divergedFollowers).toHaveLength(1);
  bus.log('c').lost('a');
  expect(bus.log('c').divergedFollowers).toEqual([]);
});

test('what one leader lacks says nothing of the next one, which is searched anew', () => {
  const bus = twoHistories(5, 3, 3);
  meet(bus, 2);
  const { entries, ...state } = bus.store('a').snapshot();
  bus.start('b', MemoryLogStore.from({ ...state, commitIndex: 3, entries: entries.slice(0, 3) }));
  bus.elect('b', 3, ['a']);
  expect(bus.log('a').divergedFrom).toMatchObject({ leader: 'b', sharedIndex: 3, isFound: true });
  expect(bus.log('b').divergedFollowers).toEqual([{ peer: 'a', index: 4 }]);
});

test('once a leader holds what a follower knows to be committed, nothing is left of the difference', () => {
  const bus = twoHistories(5, 3, 3);
  meet(bus, 2);
  const committed = bus.log('a').log.commitIndex;
  bus.start('c', MemoryLogStore.from(bus.store('a').snapshot()));
  bus.elect('c', 3, ['a']);
  expect(bus.log('a').agreesWithLeader).toBe(true);
  expect(bus.log('a').divergedFrom).toBeNull();
  expect(bus.log('a').sharedIndex).toBeNull();
  expect(bus.log('a').log.last?.index).toBe(committed + 1);
});

test('a term that is the same by chance hides nothing: hashes tell the entries apart', () => {
  const bus = twoHistories(5, 3, 3, true);
  meet(bus, 1);
  expect(bus.log('a').divergedFrom?.isFound).toBe(true);
  expect(bus.log('a').agreesWithLeader).toBe(false);
});

test('the leader looks again, seldom, and a follower whose data were taken away gets the log', () => {
  const bus = twoHistories(10, 5, 5);
  meet(bus, 2);
  const sentTo = bus.entriesSentTo('a');
  bus.log('c').heard('a', run(1), bus.now + DIVERGENCE_PROBE_MS - 1);
  bus.settle('c');
  expect(bus.entriesSentTo('a')).toBe(sentTo);
  bus.now += DIVERGENCE_PROBE_MS;
  bus.log('c').heard('a', run(1), bus.now);
  bus.settle('c');
  expect(bus.entriesSentTo('a')).toBeGreaterThan(sentTo);
  expect(bus.log('c').divergedFollowers).toHaveLength(1);

  bus.start('a', votingStore(), run(2));
  bus.now += DIVERGENCE_PROBE_MS;
  meet(bus, 2);
  bus.log('c').heard('a', run(2), bus.now);
  bus.now += DIVERGENCE_PROBE_MS;
  bus.log('c').heard('a', run(2), bus.now);
  bus.settle('c');
  expect(bus.log('c').divergedFollowers).toEqual([]);
  expect(bus.log('a').divergedFrom).toBeNull();
  expect(bus.terms('a')).toEqual(bus.terms('c'));
});

test('a follower takes nothing from a leader before one append has shown that both agree', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.log('b').follow(2, 'c');
  bus.store('b').saveHardState({ term: 2, votedFor: 'c' });
  expect(bus.log('b').agreesWithLeader).toBe(false);
  bus.elect('c', 2, ['b']);
  expect(bus.log('b').agreesWithLeader).toBe(true);
  bus.log('b').follow(3, null);
  expect(bus.log('b').agreesWithLeader).toBe(false);
});

test('a leader that comes back in a later term has to show it anew: its log may have been cut meanwhile', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.lostTypes.add('appended');
  bus.propose('a', 1);
  bus.settle('a');
  expect(bus.log('b').log.last?.index).toBe(2);
  bus.store('b').saveHardState({ term: 3, votedFor: 'a' });
  bus.log('b').follow(3, 'a');
  expect(bus.log('b').agreesWithLeader).toBe(false);
  bus.log('b').receive('a', { type: 'commit', term: 3, commitIndex: 2 }, bus.now);
  expect(bus.log('b').log.commitIndex).toBe(1);
});

test('so has the one that was followed before this node led', () => {
  const bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1);
  bus.log('b').lead(2, ['a', 'c']);
  bus.log('b').follow(2, null);
  bus.log('b').follow(2, 'a');
  expect(bus.log('b').agreesWithLeader).toBe(false);
});
