import { AddCounts } from '../../../../src/counts/AddCounts';
import { buildEntry, encodePayload, GENESIS, type Entry } from '../../../../src/entry/Entry';
import { PUSH_RETRY_MS } from '../../../../src/limits';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import type { Proposal, ProposalResult } from '../../../../src/mokka/log/Replication';
import { LogApi } from '../../../../src/mokka/pushes/LogApi';

const SESSION = '00000000000000aa';
const CALLERS = { session: '00000000000000bb' };
const IDENTITY = 'ab'.repeat(16);
/** What the own log has committed, and what the cluster has as far as this node has heard. */
const COMMITTED = 44;
const CLUSTER_COMMITTED = 46;

/** The pushing half of a node that leads, whose log takes pushes as a test says. */
class Leader {
  /** What the log makes of the next push. */
  result: ProposalResult = 'NO_LEADER';
  readonly proposed: Pick<Proposal, 'since' | 'ifLast'>[] = [];
  readonly counts = new AddCounts();
  readonly log = {
    leads: true,
    takesPushes: true,
    agreedLeader: null,
    agreesWithLeader: true,
    clusterCommitIndex: CLUSTER_COMMITTED,
    /** Of what is asked of a key. */
    isKnown: true,
    canPropose: ({ ifKeyLast }: Pick<Proposal, 'ifKeyLast'>): boolean =>
      ifKeyLast === null || this.log.isKnown,
    foresee: (): void => undefined,
    propose: ({ since, ifLast }: Proposal): ProposalResult => {
      this.proposed.push({ since, ifLast });
      return this.result;
    },
    log: {
      identity: IDENTITY as string | null,
      commitIndex: COMMITTED,
      floor: GENESIS,
      entryAt: (index: number): Entry => buildEntry({ index, ...HEADER }, null, null),
    },
  };
  private now = 0;
  readonly api = new LogApi(SESSION, {
    limits: LOG_LIMITS,
    log: this.log,
    gate: { refusal: () => null },
    answered: { answered: () => undefined },
    counts: this.counts,
    outbox: { send: () => undefined },
    flushes: { want: () => undefined },
    clock: { now: () => this.now },
    wallClock: { now: () => 1 },
  });

  /** Pushes and has the log take it; resolves with the index or the code of the answer. */
  push(options: object = {}): Promise<string> {
    const answer = this.api.push('key', { value: 'value', nonce: 7 }, options).then(
      ({ index }) => String(index),
      (thrown: unknown) => String(Reflect.get(Object(thrown), 'code')),
    );
    this.proposeAll();
    return answer;
  }

  proposeAll(): void {
    while (this.api.proposeNext());
  }

  commitTo(commitIndex: number): void {
    this.log.log.commitIndex = commitIndex;
    this.api.findCommitted();
  }

  pass(ms: number): void {
    this.now += ms;
    this.api.tick(this.now);
    this.proposeAll();
  }
}

const HEADER = { term: 3, logNumber: 8, createdAt: 5 };

let leader: Leader;
beforeEach(() => (leader = new Leader()));
afterEach(() => leader.api.close());

describe('a condition that failed', () => {
  test('is told at once where the log that it was judged by is committed', async () => {
    leader.result = { lastLogNumber: 45, judgedAt: COMMITTED };
    const told = leader.push({ ifLast: 41 });
    expect(leader.api.idle).toBe(true);
    expect(await told).toBe('CONDITION_FAILED');
  });

  test('is told once that log is committed, and no sooner: another leader may not have it', async () => {
    leader.result = { lastLogNumber: 45, judgedAt: COMMITTED + 2 };
    const told = leader.push({ ifLast: 41 });
    leader.commitTo(COMMITTED + 1);
    expect(leader.api.idle).toBe(false);
    leader.commitTo(COMMITTED + 2);
    expect(leader.api.idle).toBe(true);
    expect(await told).toBe('CONDITION_FAILED');
  });

  test('is not told by what a leader of before judged: the push is tried with the next', async () => {
    leader.result = { lastLogNumber: 45, judgedAt: COMMITTED + 2 };
    const told = leader.push({ ifLast: 41 });
    leader.api.leaderChanged();
    leader.result = buildEntry(
      { index: COMMITTED, ...HEADER },
      encodePayload({ session: SESSION, nonce: 7 }, 'key', 'value'),
      null,
    );
    leader.commitTo(COMMITTED + 2);
    expect(leader.api.idle).toBe(false);
    leader.proposeAll();
    expect(await told).toBe('8');
  });

  test('is told nobody whose time was up before', async () => {
    leader.result = { lastLogNumber: 45, judgedAt: COMMITTED + 2 };
    const told = leader.push({ ifLast: 41, deadline: 10 });
    leader.pass(PUSH_RETRY_MS);
    expect(await told).toBe('UNKNOWN_OUTCOME');
    leader.commitTo(COMMITTED + 2);
    expect(leader.api.waitingCount).toBe(0);
    expect(leader.counts.refusedWith('CONDITION_FAILED')).toBe(0);
  });
});

describe('what a push may be before', () => {
  test('a node tells what its cluster has committed as far as it has heard', async () => {
    expect(leader.api.since).toBe(`${IDENTITY}-${CLUSTER_COMMITTED}`);
    void leader.push();
    expect(leader.proposed).toEqual([{ since: CLUSTER_COMMITTED, ifLast: null }]);
    leader.log.log.identity = null;
    expect(leader.api.since).toBeNull();
    expect(await leader.push({ ...CALLERS, since: `${IDENTITY}-3` })).toBe('NO_LEADER');
  });

  test('a caller’s session has that of its caller, or none', () => {
    void leader.push(CALLERS);
    void leader.push({ session: '00000000000000cc', since: `${IDENTITY}-3` });
    expect(leader.proposed.map(({ since }) => since)).toEqual([null, 3]);
  });

  test('of another cluster it is refused, whatever its number', async () => {
    expect(await leader.push({ ...CALLERS, since: `${'cd'.repeat(16)}-3` })).toBe('STALE_NONCE');
    expect(leader.proposed).toEqual([]);
  });
});

test('a leader that cannot say yet whether a push is in its log is asked again', async () => {
  const told = leader.push();
  expect(leader.api.idle).toBe(false);
  leader.result = { lastLogNumber: 45, judgedAt: COMMITTED };
  leader.pass(PUSH_RETRY_MS);
  expect(leader.proposed).toHaveLength(2);
  leader.api.close();
  expect(await told).toBe('UNKNOWN_OUTCOME');
});

test('a push that was tried before is not taken for absent when it is refused as stale: the try may be stored', async () => {
  const told = leader.push();
  leader.result = 'STALE_NONCE';
  leader.log.clusterCommitIndex += 5;
  leader.pass(PUSH_RETRY_MS);
  expect(leader.proposed.map(({ since }) => since)).toEqual([CLUSTER_COMMITTED, CLUSTER_COMMITTED]);
  expect(await told).toBe('UNKNOWN_OUTCOME');
});

test('at its first try it is taken for absent from what the cluster has committed, and tried so', () => {
  leader.result = 'STALE_NONCE';
  void leader.push({ deadline: 1e6 });
  expect(leader.api.idle).toBe(false);
  leader.log.clusterCommitIndex += 5;
  leader.pass(PUSH_RETRY_MS);
  expect(leader.proposed.map(({ since }) => since).slice(0, 3)).toEqual([
    CLUSTER_COMMITTED,
    CLUSTER_COMMITTED,
    CLUSTER_COMMITTED + 5,
  ]);
});
