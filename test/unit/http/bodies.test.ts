import { request } from 'node:http';
import { entryHashHex, type LogEntry } from '../../../src/entry/Entry';
import { RequestError } from '../../../src/errors';
import { HTTP_BODY_BYTES_MAX, HTTP_BYTES_OWN } from '../../../src/httpLimits';
import { OpenedDoor } from './FakeHttpNode';

let opened: OpenedDoor;
beforeEach(async () => (opened = await OpenedDoor.open()));
afterEach(() => opened.close());

const LOG = { key: 'super', value: 'test' };

/** The status of a push whose length its request does not tell. */
function pushChunked(body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer token-of-admin' };
    const asked = request(`${opened.door.address}/v1/log`, { method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.once('error', reject);
    for (let at = 0; at < body.length; at += HTTP_BYTES_OWN) asked.write(body.slice(at, at + HTTP_BYTES_OWN));
    asked.end();
  });
}

describe('a body', () => {
  test('may come without its length, and is then no longer than any', async () => {
    const log = (length: number): string => JSON.stringify({ ...LOG, value: 'v'.repeat(length) });
    expect(await pushChunked(log(1))).toBe(201);
    expect(await pushChunked(log(3 * HTTP_BYTES_OWN))).toBe(201);
    expect(opened.node.log[1]?.log.value.value).toHaveLength(3 * HTTP_BYTES_OWN);
    expect(await pushChunked(log(HTTP_BODY_BYTES_MAX))).toBe(413);
    expect(opened.node.log).toHaveLength(2);
  });

  test('that fills what it may is taken', async () => {
    const padded = JSON.stringify(LOG).padEnd(HTTP_BODY_BYTES_MAX);
    expect((await opened.post(padded)).status).toBe(201);
    expect((await opened.post(`${padded} `)).status).toBe(413);
  });

  test('may hold the character that stands for what is no text', async () => {
    expect((await opened.post({ ...LOG, value: 'a\uFFFDb' })).status).toBe(201);
    expect(opened.node.log[0]?.log.value.value).toBe('a\uFFFDb');
  });

  test('whose value is not UTF-8 is refused, and not stored as something else', async () => {
    const body = Buffer.concat([Buffer.from('{"key":"a","value":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const headers = { 'content-type': 'application/json' };
    const answer = await opened.fetch('/v1/log', { method: 'POST', body, headers });
    expect(answer.status).toBe(400);
    expect(opened.node.log).toEqual([]);
  });

  test.each(['Application/JSON', 'application/json; charset=utf-8', 'application/json ;charset=utf-8'])(
    'as %s is JSON',
    async (type) => {
      const answer = await opened.post(LOG, { 'content-type': type });
      expect([answer.status, answer.headers.get('etag')]).toEqual([
        201,
        `"${opened.node.log[0]?.hash ?? ''}"`,
      ]);
    },
  );

  test.each(['application/ndjson', 'application/jsonl'])('as %s is lines', async (type) => {
    const answer = await opened.post(`${JSON.stringify(LOG)}\n`, { 'content-type': type });
    expect(await answer.json()).toMatchObject({ ok: true, result: { index: 1 } });
    expect(answer.headers.get('mokka-since')).toBe('mark-0');
  });

  test('names the field that is wrong', async () => {
    expect(await (await opened.post({ key: 'a', value: 1 })).json()).toMatchObject({
      detail: expect.stringMatching(/^value /) as string,
    });
  });
});

describe('answers to lines', () => {
  const post = (lines: string): Promise<Response> =>
    opened.post(lines, { 'content-type': 'application/x-ndjson' });
  const told = async (answer: Response): Promise<unknown[]> =>
    (await answer.text())
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { ok: unknown }).ok);

  test('keep their order, though a later one is known first', async () => {
    let release: () => void = () => undefined;
    opened.node.held = new Promise((resolve) => (release = resolve));
    const answer = await post(`${JSON.stringify(LOG)}\nnonsense\n${JSON.stringify(LOG)}\n`);
    while (opened.node.pushes.length < 2) await new Promise(setImmediate);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    release();
    expect(await told(answer)).toEqual([true, false, true]);
  });

  test('wait for one between them, though a later one is known', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { push } = opened.node.logApi;
    opened.node.logApi.push = async (key, value, options) => {
      if (key === 'slow') await held;
      return push(key, value, options);
    };
    const slow = JSON.stringify({ ...LOG, key: 'slow' });
    const answer = await post(`${JSON.stringify(LOG)}\n${slow}\nnonsense\n`);
    while (opened.node.log.length < 1) await new Promise(setImmediate);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    release();
    expect(await told(answer)).toEqual([true, true, false]);
  });

  test('come all, where they are more than one write takes', async () => {
    const line = JSON.stringify({ ...LOG, value: 'v'.repeat(HTTP_BYTES_OWN) });
    expect(await told(await post(`${line}\n`.repeat(40)))).toEqual(Array.from({ length: 40 }, () => true));
    expect(opened.node.log).toHaveLength(40);
  });
});

describe('reading', () => {
  beforeEach(() => {
    for (const value of ['1', '2', '3']) opened.node.add('a', value);
  });

  test('begins with the first log, in pages of 100', async () => {
    for (let value = 4; value <= 101; value++) opened.node.add('a', String(value));
    const page = (await (await opened.fetch('/v1/log')).json()) as { logs: LogEntry[]; next: number };
    expect([page.logs[0]?.index, page.next]).toEqual([1, 101]);
  });

  test.each(['-1', '1.5', 'x', '1e2', '0x10'])('after the event %s is 400', async (seen) => {
    const answer = await opened.fetch('/v1/log?follow=sse', { headers: { 'last-event-id': seen } });
    expect(answer.status).toBe(400);
    expect((await opened.fetch('/v1/log?follow=sse&wait=1')).status).toBe(400);
  });

  test('after an event without an id goes on where it is told to', async () => {
    const answer = await opened.fetch('/v1/log?follow=sse&from=3', { headers: { 'last-event-id': '' } });
    const reader = answer.body?.getReader();
    let text = '';
    while (!text.includes('id: 3'))
      text += new TextDecoder().decode((await reader?.read())?.value as Uint8Array);
    await reader?.cancel();
    expect(text).not.toContain('id: 1');
  });

  test.each([
    ['sse', 'event: problem\ndata: '],
    ['ndjson', '{"error":'],
  ])('as %s ends with what the node can tell no more of, behind all logs', async (follow, begins) => {
    const [entry] = opened.node.stored;
    opened.node.storedLogs.follow = async function* () {
      await Promise.resolve();
      if (entry !== undefined) yield [entry];
      throw new RequestError('NODE_UNREACHABLE', 'this node has stopped');
    };
    const answer = await opened.fetch(`/v1/log?follow=${follow}`);
    const text = await answer.text();
    expect(text.indexOf(begins)).toBeGreaterThan(
      text.indexOf(entry === undefined ? 'no log' : entryHashHex(entry)),
    );
    expect(text).toContain('NODE_UNREACHABLE');
  });

  test('what cannot begin is told by its status', async () => {
    opened.node.storedLogs.follow = async function* () {
      await Promise.resolve();
      yield* [];
      throw new RequestError('NODE_UNREACHABLE', 'this node has stopped');
    };
    expect((await opened.fetch('/v1/log?follow=sse')).status).toBe(503);
  });

  test.each(['*', 'W/"HASH"', '"x" , "HASH"'])('%s is a tag that a client may have', async (tags) => {
    const tag = tags.replace('HASH', opened.node.log[0]?.hash ?? '');
    expect((await opened.fetch('/v1/log/1', { headers: { 'if-none-match': tag } })).status).toBe(304);
  });

  test('a fault of the node is told without its words, which are for its log', async () => {
    opened.node.storedLogs.page = () => Promise.reject(new TypeError('secret words'));
    const answer = await opened.fetch('/v1/log');
    const text = await answer.text();
    expect([answer.status, text.includes('secret words')]).toEqual([500, false]);
    expect(text).toContain('INTERNAL');
  });
});
