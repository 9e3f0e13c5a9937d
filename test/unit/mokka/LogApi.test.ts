import { PUSH_RETRY_MS } from '../../../src/limits';
import { LogApi } from '../../../src/mokka/LogApi';
import type { ForwardMessage, LogMessage } from '../../../src/mokka/messages/LogMessage';
import { buildEntry, encodePayload, entryHashHex, type Entry, type PushId } from '../../../src/storage/Entry';

const SESSION = '00000000000000aa';
const COMMITTED = 44;

/** The pushing half of a node that follows another. */
function follower(): { api: LogApi; sent: LogMessage[]; pass: (ms: number) => void } {
  const sent: LogMessage[] = [];
  let now = 0;
  const api: LogApi = new LogApi({
    session: SESSION,
    self: 'self',
    refusal: () => null,
    leader: () => 'leader',
    propose: () => false,
    send: (_peer, message) => sent.push(message),
    knownCommitIndex: () => COMMITTED,
    onAnswered: () => undefined,
    wantFlush: () => api.flush(),
    now: () => now,
    wallClock: () => 1,
  });
  const pass = (ms: number): void => {
    now += ms;
    api.tick(now);
  };
  return { api, sent, pass };
}

function sinceOf(message: LogMessage | undefined): number | null | undefined {
  return (message as ForwardMessage | undefined)?.pushes[0]?.since;
}

function entryOf(id: PushId, value: string): Entry {
  return buildEntry({ position: 9, term: 3, index: 8, createdAt: 5 }, encodePayload(id, 'key', value), null);
}

describe('an entry that the own log commits while another node leads', () => {
  const id = { session: SESSION, nonce: 7 };

  test('is the answer to the push that made it', async () => {
    const { api } = follower();
    const pushed = api.push('key', { value: 'value', nonce: 7 });
    const entry = entryOf(id, 'value');
    api.followed(entry);
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
    const { api } = follower();
    const pushed = api.push('key', { value: 'value', nonce: 7 });
    api.followed(entryOf(id, 'another'));
    await expect(pushed).rejects.toMatchObject({ code: 'NONCE_REUSED' });
  });

  test.each([
    ['another session', { session: '00000000000000bb', nonce: 7 }],
    ['another nonce', { session: SESSION, nonce: 8 }],
  ])('is no answer to a push of %s', (_, other) => {
    const { api } = follower();
    void api.push('key', { value: 'value', nonce: 7 }).catch(() => undefined);
    api.followed(entryOf(other, 'value'));
    api.followed(buildEntry({ position: 10, term: 3, index: 8, createdAt: 5 }, null, null));
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
      refused: [{ session: SESSION, nonce: 7, refused: 'STALE_NONCE', since }],
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
