import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { NodeInfo as CoreInfo } from '../../../src/api';
import type { LogEntry as CoreEntry } from '../../../src/entry/Entry';
import type { RequestErrorCode as CoreCode } from '../../../src/errors';
import {
  ConditionFailedError,
  connect,
  type LogClient,
  type LogEntry,
  type NodeInfo,
  RequestError,
  type RequestErrorCode,
  TrimmedError,
} from '../../../src/client';
import { clientOf, errorOf, fake, inOrder, stopFakes } from './clientFixture';
import { entry, FakeNode, refuse, tell } from './FakeNode';

afterEach(stopFakes);

/** A fetch whose request is sent, and never answered. */
const cutAfterSending: typeof fetch = () =>
  Promise.reject(
    new TypeError('fetch failed', { cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }) }),
  );

test('its types and codes are those that a node has', () => {
  const told = (value: CoreEntry): LogEntry => value;
  const info = (value: CoreInfo): NodeInfo => value;
  const code = (value: CoreCode): RequestErrorCode => value;
  const codeBack = (value: RequestErrorCode): CoreCode => value;
  expect([told, info, code, codeBack]).toHaveLength(4);
});

describe('a key', () => {
  test('its last log and its history are asked for as text, whatever it is', async () => {
    const node = await fake((asked, answer) =>
      tell(answer, 200, asked.url?.includes('/log?') === true ? { logs: [entry(7)], next: 7 } : entry(9)),
    );
    const log = clientOf([node]);
    expect((await log.latest('a/b ключ?'))?.index).toBe(9);
    expect(await log.history('a/b')).toEqual({ logs: [entry(7)], next: 7 });
    await log.history('a', { limit: 3, before: 7 });
    expect(node.asked.map(({ url }) => url)).toEqual([
      `/v1/keys/${encodeURIComponent('a/b ключ?')}`,
      '/v1/keys/a%2Fb/log?limit=100',
      '/v1/keys/a/log?limit=3&before=7',
    ]);
  });

  test.each(['', '.', '..', '\ud800'])('%p cannot be asked for', async (key) => {
    const node = await fake((_, answer) => tell(answer, 200, entry(9)));
    const log = clientOf([node]);
    expect(await errorOf(log.latest(key))).toMatchObject({ code: 'BAD_ARGUMENT' });
    expect(await errorOf(log.history(key))).toMatchObject({ code: 'BAD_ARGUMENT' });
    expect(node.asked).toEqual([]);
  });

  test('without a log is null', async () => {
    const problem = { code: 'NOT_FOUND', detail: 'there is no log of this key yet', status: 404 };
    const node = await fake((_, answer) => tell(answer, 404, problem));
    expect(await clientOf([node]).latest('none')).toBeNull();
  });

  test('an append may name its last log', async () => {
    const node = await fake((_, answer) => tell(answer, 201, entry(42)));
    await clientOf([node]).append('order', 'b', { ifKeyLast: 41 });
    expect(node.asked[0]?.headers).toMatchObject({ 'mokka-if-key-last': '41' });
  });
});

describe('append', () => {
  test('is asked for with the token, its session, a nonce of its own, since and the condition', async () => {
    const node = await fake((_, answer) => tell(answer, 201, entry(42)));
    const log = clientOf([node]);
    expect((await log.append('order', '{"a":1}', { ifLast: 41 })).index).toBe(42);
    await log.append('order', 'b');
    const [first, second] = node.asked.map(({ headers }) => headers);
    expect(JSON.parse(node.asked[0]?.body ?? '')).toEqual({ key: 'order', value: '{"a":1}' });
    expect(first).toMatchObject({
      authorization: 'Bearer secret',
      'content-type': 'application/json',
      'mokka-session': expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      'mokka-nonce': '1',
      'mokka-since': 'mark-1',
      'mokka-if-last': '41',
    });
    expect(second).toMatchObject({ 'mokka-session': first?.['mokka-session'], 'mokka-nonce': '2' });
    expect(second).toMatchObject({ 'mokka-since': 'mark-2' });
    expect(second).not.toHaveProperty('mokka-if-last');
  });

  test('503, 504 and a cut connection are tried again, at any node, as the same append', async () => {
    const serve = inOrder(
      (answer) => refuse(answer, 503, 'NO_LEADER'),
      (answer) => refuse(answer, 504, 'UNKNOWN_OUTCOME'),
      (answer) => answer.destroy(),
      (answer) => answer.writeHead(502).end('<h1>Bad gateway</h1>'),
      (answer) => tell(answer, 201, entry(7)),
    );
    const both = [await fake(serve), await fake(serve)];
    expect((await clientOf(both).append('key', 'value')).index).toBe(7);
    const tries = both.flatMap(({ asked }) => asked);
    const names = tries.map(({ headers }) =>
      ['mokka-session', 'mokka-nonce', 'mokka-since'].map((name) => headers[name]).join(),
    );
    expect(tries).toHaveLength(5);
    expect(new Set(names).size).toBe(1);
    for (const { asked } of both) expect(asked.length).toBeGreaterThan(1);
  });

  test('that no try can have stored brings a since as young as its first try did; else the same', async () => {
    let marks = 0;
    const serve =
      (...codes: [number, string][]): Parameters<typeof FakeNode.start>[0] =>
      (_, answer) => {
        const [status, code] = codes.shift() ?? [201, ''];
        answer.setHeader('mokka-since', `mark of try ${++marks}`);
        if (status === 201) tell(answer, status, entry(marks));
        else refuse(answer, status, code);
      };
    const sinces = ({ asked }: FakeNode): unknown[] => asked.map(({ headers }) => headers['mokka-since']);
    const refused = await fake(serve([503, 'NO_LEADER'], [503, 'BUSY']));
    await clientOf([refused]).append('key', 'value');
    expect(sinces(refused)).toEqual(['mark-1', 'mark of try 1', 'mark of try 2']);
    marks = 0;
    const lost = await fake(serve([503, 'NO_LEADER'], [504, 'UNKNOWN_OUTCOME'], [503, 'NO_LEADER']));
    await clientOf([lost]).append('key', 'value');
    expect(sinces(lost)).toEqual(['mark-1', 'mark of try 1', 'mark of try 1', 'mark of try 1']);
    marks = 0;
    const named = await fake(serve([503, 'NO_LEADER'], [503, 'NO_LEADER']));
    await clientOf([named], { session: 'billing' }).append('key', 'value', { nonce: 1, since: 'kept' });
    expect(sinces(named)).toEqual(['kept', 'kept', 'kept']);
  });

  test('a read, and a since that is asked for, never end as what may have been stored', async () => {
    const silent = await fake((_, answer) => answer.writeHead(504).end());
    const log = clientOf([silent], { deadline: 100 });
    expect(await errorOf(log.get(1))).toMatchObject({ code: 'NODE_UNREACHABLE' });
    const dead = connect({ endpoints: [silent.url], fetch: cutAfterSending, deadline: 100 });
    expect(await errorOf(dead.append('key', 'value'))).toMatchObject({ code: 'NODE_UNREACHABLE' });
  });

  test.each([
    [409, 'STALE_NONCE'],
    [400, 'BAD_ARGUMENT'],
    [401, 'UNAUTHENTICATED'],
    [422, 'NONCE_REUSED'],
    [500, 'INTERNAL'],
  ])('%i is never tried again', async (status, code) => {
    const node = await fake((_, answer) => refuse(answer, status, code));
    expect(await errorOf(clientOf([node]).append('key', 'value'))).toMatchObject({ code });
    expect(node.asked).toHaveLength(1);
  });

  test('412 is a ConditionFailedError with the last index', async () => {
    const node = await fake((_, answer) => refuse(answer, 412, 'CONDITION_FAILED', { lastIndex: 45 }));
    const error = await errorOf(clientOf([node]).append('key', 'value', { ifLast: 41 }));
    expect(error).toBeInstanceOf(ConditionFailedError);
    expect(error).toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 45 });
  });

  test('412 by a log that is shorter is no answer where an earlier try may be under way', async () => {
    const shorter = (answer: ServerResponse): void =>
      refuse(answer, 412, 'CONDITION_FAILED', { lastIndex: 40 });
    const lost = await fake(inOrder((answer) => answer.destroy(), shorter));
    expect(await errorOf(clientOf([lost]).append('key', 'value', { ifLast: 41 }))).toMatchObject({
      code: 'UNKNOWN_OUTCOME',
    });
    const refused = await fake(inOrder((answer) => refuse(answer, 503, 'BUSY'), shorter));
    expect(await errorOf(clientOf([refused]).append('key', 'value', { ifLast: 41 }))).toMatchObject({
      code: 'CONDITION_FAILED',
    });
  });

  test('the deadline ends the tries: nothing was stored, or it is not known', async () => {
    const busy = await fake((_, answer) => refuse(answer, 503, 'NO_LEADER'));
    // The longest pauses: from 1.6 to 3.2 s there is one, and the deadline falls into it, however busy the machine is.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.999);
    const options = { deadline: 3000 };
    expect(await errorOf(clientOf([busy], options).append('key', 'value'))).toMatchObject({
      code: 'NO_LEADER',
    });
    const lost = await fake(
      inOrder(
        (answer) => answer.destroy(),
        (answer) => refuse(answer, 503, 'NO_LEADER'),
      ),
    );
    expect(await errorOf(clientOf([lost], options).append('key', 'value'))).toMatchObject({
      code: 'UNKNOWN_OUTCOME',
    });
    const gone = await fake(() => undefined);
    gone.stop();
    expect(await errorOf(clientOf([gone], options).append('key', 'value'))).toMatchObject({
      code: 'NODE_UNREACHABLE',
    });
    random.mockRestore();
  });

  test('a node that says nothing is given up for the next', async () => {
    const silent = await fake(() => undefined);
    const well = await fake((_, answer) => tell(answer, 201, entry(1)));
    const cut = await fake((_, answer) => void answer.writeHead(201).write('{'));
    // It begins with the first.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0);
    for (const dead of [silent, cut]) {
      const log = clientOf([dead, well], { idle: 200 });
      expect((await log.append('key', 'value')).index).toBe(1);
      expect(dead.asked).toHaveLength(1);
      // It stays with the one that answered.
      await log.append('key', 'value');
      expect(dead.asked).toHaveLength(1);
    }
    random.mockRestore();
  });

  test('its signal ends it with the signal’s reason, also while it waits for its turn', async () => {
    const silent = await fake(() => undefined);
    const log = clientOf([silent], { underWay: 1 });
    const stop = new AbortController();
    const reason = new Error('enough');
    const both = [log.append('a', '', { signal: stop.signal }), log.append('b', '', { signal: stop.signal })];
    stop.abort(reason);
    for (const asked of both) await expect(asked).rejects.toBe(reason);
    await expect(log.append('c', '', { signal: stop.signal })).rejects.toBe(reason);
  });

  test('so many are under way and no more', async () => {
    const held: ServerResponse[] = [];
    let told: () => void = () => undefined;
    const node = await fake((_, answer) => {
      held.push(answer);
      told();
    });
    const log = clientOf([node], { underWay: 2 });
    const all = ['a', 'b', 'c', 'd', 'e'].map((value) => log.append('key', value));
    let most = 0;
    for (let answered = 0; answered < all.length; answered++) {
      while (held.length < Math.min(2, all.length - answered)) await new Promise<void>((go) => (told = go));
      most = Math.max(most, held.length);
      const answer = held.shift();
      if (answer !== undefined) tell(answer, 201, entry(answered + 1));
    }
    await Promise.all(all);
    expect(most).toBe(2);
  });

  test('a named session is the hash of its name; each append brings its nonce and since', async () => {
    const node = await fake((_, answer) => tell(answer, 201, entry(1)));
    const log = clientOf([node], { session: 'billing' });
    const since = await log.since();
    await log.append('key', 'value', { nonce: 17, since });
    expect(node.asked[0]?.headers).toMatchObject({
      'mokka-session': createHash('sha256').update('billing').digest('hex').slice(0, 16),
      'mokka-nonce': '17',
      'mokka-since': 'mark-1',
    });
    for (const options of [{}, { nonce: 1 }, { since }])
      expect(await errorOf(log.append('key', 'value', options))).toMatchObject({ code: 'BAD_ARGUMENT' });
    expect(await errorOf(clientOf([node]).append('key', 'value', { nonce: 1, since }))).toMatchObject({
      code: 'BAD_ARGUMENT',
    });
  });
});

describe('reads', () => {
  test('get gives null for what a quorum has confirmed not to be there', async () => {
    const node = await fake(({ url }, answer) =>
      url === '/v1/log/1' ? tell(answer, 200, entry(1)) : refuse(answer, 404, 'NOT_FOUND'),
    );
    const log = clientOf([node]);
    expect(await log.get(1)).toEqual(entry(1));
    expect(await log.get(2)).toBeNull();
  });

  test('entries and info', async () => {
    const page = { logs: [entry(5)], next: 6 };
    const node = await fake(({ url }, answer) =>
      tell(answer, 200, url === '/v1/info' ? { committedIndex: 9 } : page),
    );
    const log = clientOf([node]);
    expect(await log.entries({ from: 5, limit: 1 })).toEqual({ ...page, upToDate: false });
    expect((await log.info()).committedIndex).toBe(9);
    expect(node.asked.map(({ url }) => url)).toEqual(['/v1/log?from=5&limit=1', '/v1/info']);
  });

  test('what is no node is said at once', async () => {
    const other = await fake((_, answer) => void answer.writeHead(404).end('<h1>Not here</h1>'));
    expect(await errorOf(clientOf([other]).info())).toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining('is no node') as string,
    });
  });

  test.each([[[]], [['nonsense']], [['ftp://host']]])('endpoints %j are refused', (endpoints) => {
    expect(() => connect({ endpoints })).toThrow(RequestError);
  });
});

describe('follow', () => {
  const line = (index: number): string => `${JSON.stringify(entry(index))}\n`;
  const stream = (answer: ServerResponse, text: string): ServerResponse => {
    answer.writeHead(200, { 'content-type': 'application/x-ndjson' });
    answer.write(`\n${text}`);
    return answer;
  };

  async function take(log: LogClient, count: number, options: object = {}): Promise<number[]> {
    const seen: number[] = [];
    for await (const { index } of log.follow(options)) {
      seen.push(index);
      if (seen.length === count) break;
    }
    return seen;
  }

  test('goes on behind the last log, whatever ends a connection, without a gap or a repeat', async () => {
    const node = await fake(
      inOrder(
        (answer) => stream(answer, line(3) + line(4)).end(),
        (answer) => refuse(answer, 503, 'NODE_UNREACHABLE'),
        (answer) => stream(answer, line(5) + line(6).slice(0, 20)).end(),
        (answer) =>
          stream(answer, `${line(6)}{"error":{"code":"NODE_UNREACHABLE","message":"it stops"}}\n`).end(),
        // Not what comes next: a repeat, and a gap.
        (answer) => stream(answer, line(6)),
        (answer) => stream(answer, line(8)),
        (answer) => stream(answer, line(7)),
      ),
    );
    expect(await take(clientOf([node]), 5, { from: 3 })).toEqual([3, 4, 5, 6, 7]);
    const from = node.asked.map(({ url }) => Number(/from=(\d+)/.exec(url)?.[1]));
    expect(from).toEqual([3, 5, 5, 6, 7, 7, 7]);
  });

  test('a connection on which nothing comes is given up; comments keep it', async () => {
    const silent = await fake(
      inOrder(
        (answer) => stream(answer, line(1)),
        (answer) => {
          stream(answer, '');
          let comments = 0;
          const timer = setInterval(() => {
            answer.write(++comments < 10 ? '\n' : line(2));
            if (comments === 10) clearInterval(timer);
          }, 60);
        },
      ),
    );
    expect(await take(clientOf([silent], { idle: 400 }), 2)).toEqual([1, 2]);
    expect(silent.asked).toHaveLength(2);
  });

  test('it reads characters that are cut anywhere', async () => {
    const told = { ...entry(1), log: { key: 'ключ', value: { value: '🙂\u2028', nonce: 1 } } };
    const node = await fake((_, answer) => {
      answer.writeHead(200);
      const bytes = Buffer.from(`\n${JSON.stringify(told)}\n`);
      const send = (at: number): void => {
        if (at < bytes.length) answer.write(bytes.subarray(at, at + 1), () => setImmediate(send, at + 1));
      };
      send(0);
    });
    for await (const seen of clientOf([node]).follow()) {
      expect(seen).toEqual(told);
      break;
    }
  });

  test('it ends with its signal, and not with an error', async () => {
    const node = await fake((_, answer) => stream(answer, line(1)));
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const { index } of clientOf([node]).follow({ signal: stop.signal })) {
      seen.push(index);
      setImmediate(() => stop.abort());
    }
    expect(seen).toEqual([1]);
    expect(await take(clientOf([node]), 1, { signal: stop.signal })).toEqual([]);
  });

  test('it throws what no try can mend, and when no node has told anything until the deadline', async () => {
    const refusing = await fake((_, answer) => refuse(answer, 403, 'FORBIDDEN'));
    expect(await errorOf(take(clientOf([refusing]), 1))).toMatchObject({ code: 'FORBIDDEN' });
    const ending = await fake((_, answer) => stream(answer, '').end());
    expect(await errorOf(take(clientOf([ending]), 1, { deadline: 300 }))).toMatchObject({
      code: 'NODE_UNREACHABLE',
    });
  });

  test('who only reads is not told that something may have been stored, when a node takes the question and is silent', async () => {
    const silent = await fake(() => undefined);
    const deadline = 300;
    const log = clientOf([silent]);
    const reads = [take(log, 1, { deadline }), log.info({ deadline }), log.get(1, { deadline })];
    for (const error of await Promise.all(reads.map(errorOf)))
      expect(error).toMatchObject({ code: 'NODE_UNREACHABLE' });
  });
});

test.each([
  ['by its status', (_: unknown, answer: ServerResponse) => refuse(answer, 410, 'TRIMMED', { floor: 40 })],
  [
    'by its last line',
    (_: unknown, answer: ServerResponse) =>
      answer.writeHead(200).end('{"error":{"code":"TRIMMED","message":"TRIMMED it is","floor":40}}\n'),
  ],
])('who follows what is trimmed is told the floor, %s', async (_name, serve) => {
  const following = clientOf([await fake(serve)]).follow({ from: 7 });
  const thrown = await following.next().catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(TrimmedError);
  expect(thrown).toMatchObject({ code: 'TRIMMED', floor: 40, message: 'TRIMMED it is' });
});

test('a read of what is trimmed is told the floor', async () => {
  const log = clientOf([await fake((_, answer) => refuse(answer, 410, 'TRIMMED', { floor: 40 }))]);
  await expect(log.get(7)).rejects.toBeInstanceOf(TrimmedError);
  await expect(log.entries()).rejects.toMatchObject({ floor: 40 });
});
