import type { Refusal } from '../../../../src/mokka/messages/pushes';
import { AddCounts } from '../../../../src/counts/AddCounts';
import {
  FORWARD_BYTES_IN_FLIGHT_MAX,
  FORWARD_BYTES_MAX,
  FORWARD_PUSHES_MAX,
  FORWARDS_IN_FLIGHT_MAX,
  PUSH_RETRY_MS,
  PUSHES_WAITING_BYTES_MAX,
  PUSHES_WAITING_MAX,
  VALUE_BYTES_MAX,
} from '../../../../src/limits';
import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { LogApi } from '../../../../src/mokka/pushes/LogApi';
import type { PushLog } from '../../../../src/mokka/pushes/LogApiParts';
import type { ForwardMessage, LogMessage } from '../../../../src/mokka/messages/LogMessage';
import {
  buildEntry,
  GENESIS,
  encodePayload,
  entryHashHex,
  payloadId,
  type Entry,
  type PushId,
} from '../../../../src/entry/Entry';

const SESSION = '00000000000000aa';
const IDENTITY = 'ab'.repeat(16);
const COMMITTED = 44;

/** The pushing half of a node that follows another, and what commits an entry in its log. */
function follower(leader: string | null = 'leader'): {
  api: LogApi;
  sent: LogMessage[];
  pass: (ms: number) => void;
  commit: (entry: Entry) => void;
  counts: AddCounts;
} {
  const sent: LogMessage[] = [];
  const entries: Entry[] = [];
  let now = 0;
  const log: PushLog = {
    leads: false,
    takesPushes: false,
    agreedLeader: leader,
    agreesWithLeader: leader !== null,
    clusterCommitIndex: COMMITTED,
    canPropose: () => true,
    foresee: () => undefined,
    propose: () => 'NO_LEADER',
    log: {
      identity: IDENTITY,
      get commitIndex() {
        return COMMITTED + entries.length;
      },
      floor: GENESIS,
      entryAt: (index) => entries[index - COMMITTED - 1] ?? null,
    },
  };
  const counts = new AddCounts();
  const api: LogApi = new LogApi(SESSION, {
    limits: LOG_LIMITS,
    log,
    gate: { refusal: () => null },
    answered: { answered: () => undefined },
    counts,
    outbox: { send: (_peer, message) => sent.push(message) },
    flushes: { want: () => api.forward() },
    clock: { now: () => now },
    wallClock: { now: () => 1 },
  });
  const pass = (ms: number): void => {
    now += ms;
    api.tick(now);
  };
  const commit = (entry: Entry): void => {
    entries.push(entry);
    api.findCommitted();
  };
  return { api, sent, pass, commit, counts };
}

function sinceOf(message: LogMessage | undefined): number | null | undefined {
  return (message as ForwardMessage | undefined)?.pushes[0]?.since;
}

function entryOf(id: PushId, value: string): Entry {
  return buildEntry({ index: 9, term: 3, logNumber: 8, createdAt: 5 }, encodePayload(id, 'key', value), null);
}

describe('an entry that the own log commits while another node leads', () => {
  const id = { session: SESSION, nonce: 7 };

  test('is the answer to the push that made it', async () => {
    const { api, commit } = follower();
    const pushed = api.push('key', { value: 'value', nonce: 7 });
    const entry = entryOf(id, 'value');
    commit(entry);
    expect(await pushed).toEqual({
      index: 8,
      term: 3,
      hash: entryHashHex(entry),
      createdAt: 5,
      log: { key: 'key', value: { value: 'value', nonce: 7 } },
    });
    expect(api.idle).toBe(true);
  });

  test('refuses the push whose nonce another log took', async () => {
    const { api, commit } = follower();
    const pushed = api.push('key', { value: 'value', nonce: 7 });
    commit(entryOf(id, 'another'));
    await expect(pushed).rejects.toMatchObject({ code: 'NONCE_REUSED' });
  });

  test.each([
    ['another session', { session: '00000000000000bb', nonce: 7 }],
    ['another nonce', { session: SESSION, nonce: 8 }],
  ])('is no answer to a push of %s', (_, other) => {
    const { api, commit } = follower();
    void api.push('key', { value: 'value', nonce: 7 }).catch(() => undefined);
    commit(entryOf(other, 'value'));
    commit(buildEntry({ index: 10, term: 3, logNumber: 8, createdAt: 5 }, null, null));
    expect(api.idle).toBe(false);
    api.close();
  });
});

// Simulator, seed 600025387: a leader that could not commit refused a push again and again, since it had forgotten
// too much; each time `since` rose by one, above what was committed. The next leader appended the push below it, and
// the one after that, which had forgotten this too, appended it again.
test('a push that is refused as stale is taken for absent only from what the leader has committed', () => {
  const { api, sent, pass } = follower();
  void api.push('key', { value: 'value', nonce: 7 }).catch(() => undefined);
  const refuse = (since: number, commitIndex: number): void =>
    api.answered({
      type: 'answers',
      term: 1,
      commitIndex,
      committed: [],
      refused: [{ session: SESSION, nonce: 7, refused: 'STALE_NONCE', since, lastLogNumber: null }],
    });
  expect(sent.map(sinceOf)).toEqual([COMMITTED]);

  refuse(COMMITTED, COMMITTED);
  expect(sent).toHaveLength(1);
  pass(PUSH_RETRY_MS);
  expect(sent.map(sinceOf)).toEqual([COMMITTED, COMMITTED]);

  refuse(COMMITTED, COMMITTED + 6);
  expect(sent.map(sinceOf)).toEqual([COMMITTED, COMMITTED, COMMITTED + 6]);
  api.close();
});

test('each add is counted once, by its answer, and those that are committed by what they took', async () => {
  const { api, pass, commit, counts } = follower();
  const id = { session: SESSION, nonce: 7 };
  const pushed = [api.push('key', { value: 'v', nonce: 7 }), api.push('key', { value: 'v', nonce: 7 })];
  expect(api.waitingCount).toBe(2);
  pass(3);
  commit(entryOf(id, 'v'));
  await Promise.all(pushed);
  expect(api.waitingCount).toBe(0);
  expect([counts.committed.cumulative.at(-1), counts.committed.totalMs]).toEqual([2, 6]);

  const refused = [
    api.push('', { value: 'no key' }),
    api.push('key', { value: 'late' }, { deadline: 1 }),
    ...Array.from({ length: PUSHES_WAITING_MAX }, () => api.push('key', { value: 'one too many' })),
  ];
  const settled = Promise.allSettled(refused);
  pass(PUSH_RETRY_MS);
  api.close();
  await settled;
  const told = await refusals(refused);
  expect(Object.keys(told).sort()).toEqual(['BAD_ARGUMENT', 'BUSY', 'UNKNOWN_OUTCOME']);
  expect(Object.fromEntries(counts.codes.map((code) => [code, counts.refusedWith(code)]))).toEqual(told);
  expect(counts.committed.cumulative.at(-1)).toBe(2);
});

/** The codes of what was refused, and how many pushes were. */
async function refusals(pushes: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await Promise.all(
    pushes.map((push) =>
      push.catch((thrown: unknown) => {
        const code = String(Reflect.get(thrown as object, 'code'));
        counts[code] = (counts[code] ?? 0) + 1;
      }),
    ),
  );
  return counts;
}

describe('more than a node takes at once', () => {
  const push = (api: LogApi, value = 'value', deadline = 1000): Promise<unknown> =>
    api.push('key', { value }, { deadline });

  test('by number: the rest is told at once that nothing was stored, and there is room again after the answers', async () => {
    const { api, sent, pass } = follower();
    const accepted = Array.from({ length: PUSHES_WAITING_MAX }, () => push(api));
    const rest = [push(api), push(api)];
    expect(await refusals(rest)).toEqual({ BUSY: 2 });
    expect(sent.length).toBeGreaterThan(0);
    for (let ms = 0; ms < 3000; ms += 50) pass(50);
    // Those that the leader was never sent are in no log.
    expect(await refusals(accepted)).toEqual({
      BUSY: PUSHES_WAITING_MAX - FORWARDS_IN_FLIGHT_MAX,
      UNKNOWN_OUTCOME: FORWARDS_IN_FLIGHT_MAX,
    });
    expect(api.idle).toBe(true);
    void push(api).catch(() => undefined);
    expect(api.idle).toBe(false);
    api.close();
  });

  test('by bytes', async () => {
    const { api, commit } = follower();
    const value = 'v'.repeat(VALUE_BYTES_MAX);
    const fit = Math.floor(PUSHES_WAITING_BYTES_MAX / (VALUE_BYTES_MAX + 100));
    const all = Array.from({ length: fit + 1 }, () => push(api, value));
    expect(await refusals(all.slice(-1))).toEqual({ BUSY: 1 });
    // There is room again for what was answered.
    commit(entryOf({ session: SESSION, nonce: 1 }, value));
    await all[0];
    const more = push(api, value);
    const answered = refusals([...all.slice(1, -1), more]);
    api.close();
    expect((await answered)['BUSY']).toBeUndefined();
  });

  test('a push that is made many times counts as often', async () => {
    const { api, commit } = follower();
    const again = Array.from({ length: PUSHES_WAITING_MAX + 5 }, () =>
      api.push('key', { value: 'value', nonce: 7 }),
    );
    expect(await refusals(again.slice(-5))).toEqual({ BUSY: 5 });
    commit(entryOf({ session: SESSION, nonce: 7 }, 'value'));
    await Promise.all(again.slice(0, -5));
    const more = refusals(Array.from({ length: PUSHES_WAITING_MAX }, () => push(api)));
    api.close();
    expect((await more)['BUSY']).toBeUndefined();
  });

  test('a follower has few under way, in messages that are read in a short step, and sends on as they are answered', () => {
    const { api, sent, pass, commit } = follower();
    for (let nonce = 1; nonce <= 3 * FORWARDS_IN_FLIGHT_MAX; nonce++)
      void api.push('key', { value: 'value', nonce }).catch(() => undefined);
    const pushesSent = (): number[] => sent.map((message) => (message as ForwardMessage).pushes.length);
    const total = (): number => pushesSent().reduce((sum, count) => sum + count, 0);
    expect(total()).toBe(FORWARDS_IN_FLIGHT_MAX);
    expect(Math.max(...pushesSent())).toBeLessThanOrEqual(FORWARD_PUSHES_MAX);
    pass(PUSH_RETRY_MS / 2);
    expect(total()).toBe(FORWARDS_IN_FLIGHT_MAX);
    for (let nonce = 1; nonce <= 10; nonce++) commit(entryOf({ session: SESSION, nonce }, 'value'));
    expect(total()).toBe(FORWARDS_IN_FLIGHT_MAX + 10);
    api.close();
  });
});

test('all that was under way to one leader is sent to the next, however much that was', () => {
  const { api, sent } = follower();
  for (let nonce = 1; nonce <= FORWARDS_IN_FLIGHT_MAX; nonce++)
    void api.push('key', { value: 'value', nonce }).catch(() => undefined);
  for (let leaders = 1; leaders <= 3; leaders++) {
    const pushesSent = sent.reduce((sum, message) => sum + (message as ForwardMessage).pushes.length, 0);
    expect(pushesSent).toBe(leaders * FORWARDS_IN_FLIGHT_MAX);
    api.leaderChanged();
  }
  api.close();
});

test('a follower has few bytes under way, in messages of few bytes, and sends on as they are answered', () => {
  const { api, sent, commit } = follower();
  const value = 'v'.repeat(FORWARD_BYTES_MAX / 3);
  const inFlight = Math.ceil(FORWARD_BYTES_IN_FLIGHT_MAX / value.length);
  for (let nonce = 1; nonce <= 3 * inFlight; nonce++)
    void api.push('key', { value, nonce }).catch(() => undefined);
  const bytesSent = (): number[] =>
    sent.map((message) =>
      (message as ForwardMessage).pushes.reduce((bytes, { payload }) => bytes + payload.length, 0),
    );
  const total = (): number => bytesSent().reduce((sum, bytes) => sum + bytes, 0);
  for (let nonce = 1; nonce <= 2 * inFlight; nonce++) {
    const answered = (nonce - 1) * value.length;
    // What is under way may exceed the limit by one message.
    expect(total() - answered).toBeGreaterThan(FORWARD_BYTES_IN_FLIGHT_MAX - FORWARD_BYTES_MAX);
    expect(total() - answered).toBeLessThan(FORWARD_BYTES_IN_FLIGHT_MAX + 2 * FORWARD_BYTES_MAX);
    commit(entryOf({ session: SESSION, nonce }, value));
  }
  expect(Math.max(...bytesSent())).toBeLessThanOrEqual(FORWARD_BYTES_MAX);
  api.close();
});

describe('a push whose answer is overdue', () => {
  const pushed = (api: LogApi, nonce: number): void =>
    void api.push('key', { value: 'value', nonce }).catch(() => undefined);
  const answer = ({ commit }: ReturnType<typeof follower>, nonce: number): void =>
    commit(entryOf({ session: SESSION, nonce }, 'value'));
  const pass = (follows: ReturnType<typeof follower>, ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) follows.pass(50);
  };

  test('is not sent again while the leader works off what was sent before it', () => {
    const follows = follower();
    const { api, sent } = follows;
    for (let nonce = 1; nonce <= 10; nonce++) pushed(api, nonce);
    for (let nonce = 1; nonce <= 9; nonce++) {
      pass(follows, PUSH_RETRY_MS / 2);
      answer(follows, nonce);
    }
    expect(sent).toHaveLength(10);
    pass(follows, PUSH_RETRY_MS + 50);
    expect(sent).toHaveLength(11);
    api.close();
  });

  test('is sent again when a later one has its answer', () => {
    const follows = follower();
    const { api, sent } = follows;
    pushed(api, 1);
    for (let nonce = 2; nonce <= 10; nonce++) {
      pass(follows, PUSH_RETRY_MS / 4);
      pushed(api, nonce);
      answer(follows, nonce);
    }
    expect(sent).toHaveLength(10 + 2);
    api.close();
  });
});

test('without a leader what ended is forgotten, however long there is none', async () => {
  const { api, pass } = follower(null);
  for (let round = 0; round < 5; round++) {
    const pushes = Array.from({ length: PUSHES_WAITING_MAX }, () =>
      api.push('key', { value: 'value' }, { deadline: 10 }),
    );
    const answered = refusals(pushes);
    for (let ms = 0; !api.idle; ms += 50) pass(50);
    expect(await answered).toEqual({ NO_LEADER: PUSHES_WAITING_MAX });
  }
  const { held } = api['unsent'];
  expect(held).toBeLessThanOrEqual(2 * PUSHES_WAITING_MAX);
});

test('pushes that are open when the node stops: what was never sent was not stored', async () => {
  const lonely = follower(null);
  const unsent = lonely.api.push('key', { value: 'value' });
  lonely.api.close();
  await expect(unsent).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  const { api } = follower();
  const sent = api.push('key', { value: 'value' });
  api.close();
  await expect(sent).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
});

describe('what programs without types give is BAD_ARGUMENT, never a TypeError', () => {
  const good = { value: 'value' };
  test.each<[string, unknown[]]>([
    ['a key that is a number', [7, good]],
    ['a key that is none', [undefined, good]],
    ['a key with half of a surrogate pair', ['key\ud800', good]],
    ['a value with the halves of a pair in the wrong order', ['key', { value: '\udc00\ud800' }]],
    ['a key that is a Buffer', [Buffer.from('key'), good]],
    ['no value', ['key']],
    ['a value without its object', ['key', 'value']],
    ['a value that is null', ['key', null]],
    ['a value that is a number', ['key', { value: 7 }]],
    ['a nonce that is a text', ['key', { value: 'value', nonce: '7' }]],
    ['a nonce that is a bigint', ['key', { value: 'value', nonce: 7n }]],
    ['a nonce that is a fraction', ['key', { value: 'value', nonce: 0.5 }]],
    ['options that are null', ['key', good, null]],
    ['options that are a number', ['key', good, 1000]],
    ['a session that is a number', ['key', good, { session: 7 }]],
    ['a session of other digits', ['key', good, { session: 'xyz' }]],
    ['a deadline that is a text', ['key', good, { deadline: '1000' }]],
    ['a deadline that is not a number', ['key', good, { deadline: NaN }]],
    ['a deadline below 0', ['key', good, { deadline: -1 }]],
  ])('%s', async (_, given) => {
    const { api } = follower();
    const push = api.push.bind(api) as (...given: unknown[]) => Promise<unknown>;
    await expect(push(...given)).rejects.toMatchObject({
      name: 'RequestError',
      code: 'BAD_ARGUMENT',
      message: expect.not.stringContaining('\n') as string,
    });
    expect(api.idle).toBe(true);
  });
});

describe('a push that its caller named', () => {
  const session = '00000000000000bb';
  const id = { session, nonce: 7 };
  const since = `${IDENTITY}-${COMMITTED}`;
  const named = (api: LogApi, options: object = {}): Promise<string> =>
    api.push('key', { value: 'value', nonce: 7 }, { session, ...options }).then(
      ({ index }) => String(index),
      (thrown: unknown) => String(Reflect.get(Object(thrown), 'code')),
    );
  const refuse = (
    api: LogApi,
    refused: Refusal,
    given: number | null,
    lastLogNumber: number | null = null,
  ): void =>
    api.answered({
      ...{ type: 'answers', term: 1, commitIndex: COMMITTED + 6, committed: [] },
      refused: [{ ...id, refused, since: given, lastLogNumber }],
    });

  test('is sent with its own since, which never rises: it may be a retry', async () => {
    const { api, sent } = follower();
    const pushed = named(api, { since });
    expect(sent.map(sinceOf)).toEqual([COMMITTED]);
    refuse(api, 'STALE_NONCE', COMMITTED);
    expect(await pushed).toBe('STALE_NONCE');
    expect(sent).toHaveLength(1);
  });

  test.each([
    [
      'with a since: what it may do is found by that',
      { since },
      COMMITTED,
      /more was appended after this `since`/,
    ],
    ['without one', {}, null, /older than what is remembered of its session/],
  ])('is told why it is stale, %s', async (_, options, given, message) => {
    const { api } = follower();
    const pushed = api.push('key', { value: 'value', nonce: 7 }, { session, ...options });
    refuse(api, 'STALE_NONCE', given);
    await expect(pushed).rejects.toMatchObject({
      code: 'STALE_NONCE',
      message: expect.stringMatching(message) as string,
    });
  });

  test('is refused while one of its name and of another value waits, which is not disturbed', async () => {
    const { api, commit } = follower();
    const first = named(api);
    const other = api.push('key', { value: 'another', nonce: 7 }, { session });
    await expect(other).rejects.toMatchObject({ code: 'NONCE_REUSED' });
    commit(entryOf(id, 'value'));
    expect(await first).toBe('8');
  });

  test('fails by its condition as the leader says, with the last log; but not by what an earlier try was told', async () => {
    const { api, sent } = follower();
    const pushed = api.push('key', { value: 'value', nonce: 7 }, { session, since, ifLast: 41 });
    expect(sent).toMatchObject([{ pushes: [{ since: COMMITTED, ifLast: 41 }] }]);
    refuse(api, 'CONDITION_FAILED', COMMITTED - 1, 44);
    refuse(api, 'CONDITION_FAILED', COMMITTED, 45);
    await expect(pushed).rejects.toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 45 });
  });

  test('that names no place does not fail by one, whatever the leader says', () => {
    const { api } = follower();
    void named(api, { since });
    refuse(api, 'CONDITION_FAILED', COMMITTED, 45);
    expect(api.idle).toBe(false);
    api.close();
  });

  test('that went to two leaders, and whose place is not there yet, may be stored yet', async () => {
    const { api, pass } = follower();
    const pushed = named(api, { since, ifLast: 50 });
    pass(PUSH_RETRY_MS);
    refuse(api, 'CONDITION_FAILED', COMMITTED, 45);
    expect(await pushed).toBe('UNKNOWN_OUTCOME');
    const behind = named(api, { since, ifLast: 41 });
    pass(PUSH_RETRY_MS);
    refuse(api, 'CONDITION_FAILED', COMMITTED, 45);
    expect(await behind).toBe('CONDITION_FAILED');
  });
});

test('nonces that the node picks increase within a millisecond, and are above those that its own users gave', () => {
  const { api, sent } = follower();
  for (const nonce of [undefined, undefined, 70, undefined])
    void api.push('key', nonce === undefined ? { value: 'v' } : { value: 'v', nonce }).catch(() => undefined);
  const pushes = sent.flatMap((message) => (message.type === 'forward' ? message.pushes : []));
  expect(pushes.map(({ payload }) => payloadId(payload).nonce)).toEqual([1, 2, 70, 71]);
  api.close();
});
