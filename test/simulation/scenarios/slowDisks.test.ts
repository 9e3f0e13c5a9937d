import { story, type Scenario } from './Scenario';

/** Disks whose every write takes longer than an election timeout (CASES 36): heartbeat 50 ms, electionTimeout 200 ms. */

/** A candidacy is two writes, and the first entry of a leader one; some are lost until the writes are measured. */
const ELECTED_WITHIN_WRITES = 30;
const LOAD_MS = 20_000;

function elect(it: Scenario, ms: number, among = it.nodes): number {
  it.until('a leader', () => it.cluster.leader !== null, ELECTED_WITHIN_WRITES * ms);
  return it.leader(among);
}

/** Pushes one after the other for a while: none may take an election, so the leader stays. */
function pushForLong(it: Scenario, among = it.nodes): void {
  const leader = it.leader(among);
  const term = it.term(leader);
  const end = it.cluster.now + LOAD_MS * 1000;
  for (let at = 0; it.cluster.now < end; at++) it.push(among[at % among.length] ?? 0);
  expect([it.leader(among), it.term(leader)]).toEqual([leader, term]);
}

const SIZES = [3, 5];
const WRITES = [250, 400, 900];

describe.each(SIZES)('%i members', (size) => {
  test.each(WRITES)('all write in %i ms: a leader, commits, and no other leader under load', (ms) =>
    story(
      size,
      (it) => {
        it.slowDisks(ms);
        it.start(...it.nodes);
        elect(it, ms);
        pushForLong(it);
        expect(it.term(0)).toBeLessThan(10);
      },
      { notStarted: [0, 1, 2, 3, 4] },
    ),
  );

  test.each(WRITES)('all write in %i ms: a killed leader is replaced', (ms) =>
    story(size, (it) => {
      const first = it.leader();
      it.push(first);
      it.slowDisks(ms);
      it.push(first);
      it.crash(first);
      const rest = it.nodes.filter((node) => node !== first);
      it.until('another leader', () => it.cluster.leader !== null, ELECTED_WITHIN_WRITES * ms);
      pushForLong(it, rest);
      it.start(first);
      it.expectEqualLogs();
    }),
  );
});

test.each(WRITES)('two of three write in %i ms: a leader, commits, and no other leader under load', (ms) =>
  story(
    3,
    (it) => {
      it.slowDisks(ms, [0, 1]);
      it.start(...it.nodes);
      elect(it, ms);
      pushForLong(it);
      const leader = it.leader();
      it.crash(leader);
      const rest = it.nodes.filter((node) => node !== leader);
      it.until('another leader', () => it.cluster.leader !== null, ELECTED_WITHIN_WRITES * ms);
      pushForLong(it, rest);
    },
    { notStarted: [0, 1, 2] },
  ),
);

test('a disk that was slow for a time changes no timeout later', () =>
  story(3, (it) => {
    it.slowDisks(400);
    it.pushMany(it.leader(), 3);
    it.slowDisks(0);
    for (let count = 0; count < 10; count++) it.push(it.leader());
    // Heartbeats tell it.
    it.wait(200);
    const old = it.leader();
    it.freeze(old);
    const rest = it.nodes.filter((node) => node !== old);
    it.until('another leader', () => it.cluster.leaders.some((node) => rest.includes(node)), 600);
  }));
