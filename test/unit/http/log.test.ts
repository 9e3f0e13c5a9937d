import { RequestError } from '../../../src/errors';
import { OpenedDoor } from './FakeHttpNode';

let opened: OpenedDoor;
beforeEach(async () => (opened = await OpenedDoor.open()));
afterEach(() => opened.close());

const LOG = { key: 'super', value: 'test' };
const SESSION = { 'mokka-session': '00000000000000aa', 'mokka-nonce': '1' };

async function problemOf(answer: Response): Promise<Record<string, unknown>> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return (await answer.json()) as Record<string, unknown>;
}

/** Lines of a stream, until so many came. */
async function linesOf(answer: Response, count: number): Promise<string[]> {
  let text = '';
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  while (text.split('\n').filter((line) => line !== '').length < count) {
    const read = await reader?.read();
    if (read === undefined || read.done) break;
    text += decoder.decode(read.value as Uint8Array, { stream: true });
  }
  await reader?.cancel();
  return text.split('\n').filter((line) => line !== '');
}

describe('a push', () => {
  test('is answered 201 with the entry, its Location and a Mokka-Since', async () => {
    const answer = await opened.post(LOG);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual(opened.node.log[0]);
    expect(answer.headers.get('location')).toBe('/v1/log/1');
    expect(answer.headers.get('mokka-since')).toBe('mark-1');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('who has no token learns nothing of the log, not even how far it is', async () => {
    for (const path of ['/livez', '/readyz', '/openapi.json', '/v1/info']) {
      const answer = await opened.fetch(path, { headers: { authorization: 'Bearer none' } });
      expect([path, answer.headers.has('mokka-since')]).toEqual([path, false]);
    }
    expect((await opened.fetch('/v1/info')).headers.has('mokka-since')).toBe(true);
  });

  test('before the cluster has formed no answer has a Mokka-Since', async () => {
    opened.node.logApi.since = null;
    expect((await opened.fetch('/v1/info')).headers.has('mokka-since')).toBe(false);
  });

  test.each([
    ['the same session and nonce', { ...SESSION, 'mokka-since': 'mark-0' }],
    ['the same Idempotency-Key', { 'idempotency-key': 'a1b2' }],
  ])('tried again with %s is the first one', async (_name, headers) => {
    const first = await (await opened.post(LOG, headers)).json();
    const again = await opened.post(LOG, headers);
    expect([again.status, await again.json()]).toEqual([201, first]);
    expect(opened.node.log).toHaveLength(1);
  });

  test('an Idempotency-Key is a session of its own, quoted or not; another key is another', async () => {
    for (const key of ['k', '"k"', 'other']) await opened.post(LOG, { 'idempotency-key': key });
    const [one, quoted, other] = opened.node.pushes.map(({ options }) => options.session);
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect([quoted === one, other === one]).toEqual([true, false]);
  });

  test('on a condition that does not hold is 412, with the last index', async () => {
    opened.node.add('a', '1');
    const answer = await opened.post(LOG, { 'mokka-if-last': '0' });
    expect(answer.status).toBe(412);
    expect(await problemOf(answer)).toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 1 });
    expect((await opened.post(LOG, { 'mokka-if-last': '1' })).status).toBe(201);
  });

  test.each([
    ['a since without a session', { 'mokka-since': 'x' }, LOG],
    ['a nonce without a session', { 'mokka-nonce': '1' }, LOG],
    ['a session without a nonce', { 'mokka-session': '00000000000000aa' }, LOG],
    ['a session that is none', { ...SESSION, 'mokka-session': 'x' }, LOG],
    ['a nonce that is none', { ...SESSION, 'mokka-nonce': '-1' }, LOG],
    ['both names', { ...SESSION, 'idempotency-key': 'x' }, LOG],
    ['a condition that is none', { 'mokka-if-last': '01' }, LOG],
    ['a value that is no text', {}, { key: 'a', value: 1 }],
    ['a field that there is not', {}, { ...LOG, ttl: 1 }],
    ['what is no JSON', {}, '{'],
    ['what is not UTF-8', {}, null],
  ])('%s is 400', async (_name, headers, body) => {
    const answer = await opened.fetch('/v1/log', {
      method: 'POST',
      body:
        body === null
          ? Buffer.from([0x22, 0xff, 0x22])
          : typeof body === 'string'
            ? body
            : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
    expect([answer.status, (await problemOf(answer))['code']]).toEqual([400, 'BAD_ARGUMENT']);
    expect(opened.node.log).toHaveLength(0);
  });

  test('of another Content-Type is 415, of over 2 MiB 413', async () => {
    expect((await opened.post(LOG, { 'content-type': 'text/plain' })).status).toBe(415);
    const tooLarge = await opened.post({ key: 'a', value: 'x'.repeat(2 ** 21) });
    expect([tooLarge.status, (await problemOf(tooLarge))['code']]).toEqual([413, 'TOO_LARGE']);
  });

  test.each([
    ['NONCE_REUSED', 422, null],
    ['STALE_NONCE', 409, null],
    ['NO_LEADER', 503, '1'],
    ['BUSY', 503, '1'],
    ['NODE_UNREACHABLE', 503, '1'],
    ['HISTORIES_DIFFER', 503, '1'],
    ['UNKNOWN_OUTCOME', 504, null],
    ['TOO_LARGE', 413, null],
  ] as const)('%s is %d', async (code, status, retryAfter) => {
    opened.node.fails = code;
    const answer = await opened.post(LOG);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(await problemOf(answer)).toEqual({
      type: `urn:mokka-cluster:problem:${code}`,
      title: expect.any(String) as string,
      status,
      detail: `it fails: ${code}`,
      code,
      advice: expect.any(String) as string,
    });
  });
});

describe('lines of pushes', () => {
  const post = (lines: string, headers: Record<string, string> = {}): Promise<Response> =>
    opened.post(lines, { 'content-type': 'application/x-ndjson', ...headers });

  test('each is answered in its order, as a pipe answers', async () => {
    const line = JSON.stringify({ ...LOG, session: '00000000000000aa', nonce: 3, since: 'mark-0' });
    const answer = await post(
      `${line}\nnonsense\n\n${line}\n{"key":"b","value":"2","ifLast":9}\n{"key":"c","value":"3"}`,
    );
    const told = (await answer.text())
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    const [first, second] = opened.node.log;
    expect(told).toEqual([
      { command: 'add_log', ok: true, result: first, since: 'mark-1' },
      {
        command: 'add_log',
        ok: false,
        error: { code: 'BAD_ARGUMENT', message: expect.any(String) as string },
      },
      { command: 'add_log', ok: true, result: first, since: expect.any(String) as string },
      {
        command: 'add_log',
        ok: false,
        error: { code: 'CONDITION_FAILED', message: 'another last log', lastIndex: 1 },
      },
      { command: 'add_log', ok: true, result: second },
    ]);
    expect(opened.node.pushes[0]?.options).toEqual({ session: '00000000000000aa', since: 'mark-0' });
  });

  test('headers that name one push are 400', async () => {
    for (const header of [...Object.keys(SESSION), 'mokka-since', 'mokka-if-last', 'idempotency-key'])
      expect((await post('{"key":"a","value":"1"}', { [header]: '1' })).status).toBe(400);
    expect(opened.node.log).toHaveLength(0);
  });

  test('a thousand of them, of which 256 wait at once', async () => {
    let release: () => void = () => undefined;
    opened.node.held = new Promise((resolve) => (release = resolve));
    const asked = post(`${JSON.stringify(LOG)}\n`.repeat(1000));
    const answer = await asked;
    while (opened.node.pushes.length < 256) await new Promise(setImmediate);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(opened.node.pushes).toHaveLength(256);
    release();
    expect((await answer.text()).trim().split('\n')).toHaveLength(1000);
    expect(opened.node.log).toHaveLength(1000);
  });
});

describe('reading', () => {
  beforeEach(() => {
    for (const value of ['1', '2', '3']) opened.node.add('a', value);
  });

  test('an entry never changes: its ETag is its hash', async () => {
    const answer = await opened.fetch('/v1/log/2');
    const etag = `"${opened.node.log[1]?.hash ?? ''}"`;
    expect(await answer.json()).toEqual(opened.node.log[1]);
    expect(answer.headers.get('etag')).toBe(etag);
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(answer.headers.get('vary')).toContain('Authorization');
    const again = await opened.fetch('/v1/log/2', { headers: { 'if-none-match': `"x", ${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  test('what is not there is 404, and not kept', async () => {
    const answer = await opened.fetch('/v1/log/4');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([404, 'no-store']);
    expect((await problemOf(answer))['code']).toBe('NOT_FOUND');
  });

  test('a full page never changes; one that is not says whether there is more', async () => {
    const full = await opened.fetch('/v1/log?from=2&limit=2');
    expect(await full.json()).toEqual({ logs: opened.node.log.slice(1), next: 4 });
    expect(full.headers.get('etag')).toBe(`"${opened.node.log[2]?.hash ?? ''}"`);
    const last = await opened.fetch('/v1/log?from=3');
    expect(await last.json()).toEqual({ logs: opened.node.log.slice(2), next: 4, upToDate: true });
    expect(last.headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    '/v1/log?form=1',
    '/v1/log?from=0',
    '/v1/log?limit=1001',
    '/v1/log?wait=51',
    '/v1/log?follow=x',
    '/v1/log/x',
    '/v1/log?follow=sse&limit=1',
  ])('%s is 400', async (path) => {
    const answer = await opened.fetch(path);
    expect([answer.status, (await problemOf(answer))['code']]).toEqual([400, 'BAD_ARGUMENT']);
  });

  test('a long poll at a node that is cut off ends with 503', async () => {
    opened.node.storedLogs.page = () => Promise.reject(new RequestError('NO_LEADER', 'nobody confirms'));
    const answer = await opened.fetch('/v1/log?from=9&wait=1');
    expect([answer.status, (await problemOf(answer))['code']]).toEqual([503, 'NO_LEADER']);
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  test('a long poll is answered by the log that it waits for, or when its time is over', async () => {
    const waits = opened.fetch('/v1/log?from=4&wait=50');
    await opened.followed(1);
    opened.node.add('b', '4');
    expect(await (await waits).json()).toMatchObject({ logs: [{ index: 4 }], next: 5 });
    expect(await (await opened.fetch('/v1/log?from=9&wait=1')).json()).toEqual({
      logs: [],
      next: 9,
      upToDate: true,
    });
  });

  test('events have the index as their id; Last-Event-ID resumes', async () => {
    const headers = { 'last-event-id': '2' };
    const answer = await opened.fetch('/v1/log?follow=sse&from=1', { headers });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    opened.node.add('b', '4');
    const data = (index: number): string => `data: ${JSON.stringify(opened.node.log[index - 1])}`;
    expect(await linesOf(answer, 5)).toEqual([':', 'id: 3', data(3), 'id: 4', data(4)]);
  });

  test('lines, each log once and in order, those that come too', async () => {
    const answer = await opened.fetch('/v1/log?follow=ndjson');
    for (let value = 4; value <= 2000; value++) opened.node.add('b', String(value));
    const indexes = (await linesOf(answer, 2000)).map(
      (line) => (JSON.parse(line) as { index: number }).index,
    );
    expect(indexes.slice(0, 2000)).toEqual(Array.from({ length: 2000 }, (_, at) => at + 1));
  });

  test('when the door closes, those who follow or wait are let go', async () => {
    const follows = await opened.fetch('/v1/log?follow=ndjson&from=9');
    const waits = opened.fetch('/v1/log?from=9&wait=50');
    await opened.followed(2);
    await opened.door.stop(5000);
    expect((await follows.text()).trim()).toBe('');
    expect((await waits).status).toBe(200);
    await expect(opened.fetch('/livez')).rejects.toThrow();
  });
});

test.each([
  '/v1/log/2',
  '/v1/log',
  '/v1/log?from=2&wait=1',
  '/v1/log?from=2&follow=sse',
  '/v1/log?from=2&follow=ndjson',
])('GET %s of what is trimmed is 410 with the floor', async (path) => {
  for (const value of ['1', '2', '3']) opened.node.add('a', value);
  opened.node.floor = 2;
  const answer = await opened.fetch(path);
  expect(answer.status).toBe(410);
  expect(await problemOf(answer)).toMatchObject({ code: 'TRIMMED', floor: 2 });
  expect((await opened.fetch('/v1/log?from=3')).status).toBe(200);
});
