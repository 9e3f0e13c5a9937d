import { KEYS } from '../storage/logFixture';
import { OpenedDoor } from './FakeHttpNode';

let opened: OpenedDoor;
beforeEach(async () => (opened = await OpenedDoor.open()));
afterEach(() => opened.close());

async function bodyOf(answer: Response): Promise<Record<string, unknown>> {
  return (await answer.json()) as Record<string, unknown>;
}

test('the last log of a key, whatever its text; it is kept nowhere', async () => {
  for (const key of KEYS) for (const value of ['old', 'last']) opened.node.add(key, value);
  for (const [at, key] of KEYS.entries()) {
    const answer = await opened.fetch(`/v1/keys/${encodeURIComponent(key)}`);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await answer.json()).toEqual(opened.node.log[2 * at + 1]);
  }
});

test('the logs of a key, the latest first, and how to go on', async () => {
  for (let at = 0; at < 7; at++) opened.node.add(at % 2 === 0 ? 'a/b' : 'other', String(at));
  const first = await opened.fetch('/v1/keys/a%2Fb/log?limit=3');
  expect(first.headers.get('cache-control')).toBe('no-store');
  const { log } = opened.node;
  expect(await bodyOf(first)).toEqual({ logs: [log[6], log[4], log[2]], next: 3 });
  const rest = await opened.fetch('/v1/keys/a%2Fb/log?limit=3&before=3');
  expect(await bodyOf(rest)).toEqual({ logs: [log[0]], next: null });
  const none = await opened.fetch('/v1/keys/none/log');
  expect(await bodyOf(none)).toEqual({ logs: [], next: null });
});

test.each([
  [404, 'NOT_FOUND', '/v1/keys/none'],
  [400, 'BAD_ARGUMENT', '/v1/keys/%ff'],
  [400, 'BAD_ARGUMENT', '/v1/keys/%e2%82/log'],
  [400, 'BAD_ARGUMENT', '/v1/keys/a/log?limit=0'],
  [400, 'BAD_ARGUMENT', '/v1/keys/a/log?limit=1001'],
  [400, 'BAD_ARGUMENT', '/v1/keys/a/log?before=0'],
  [404, 'BAD_COMMAND', '/v1/keys/'],
  [404, 'BAD_COMMAND', '/v1/keys/a/b'],
])('%d %s: %s', async (status, code, path) => {
  const answer = await opened.fetch(path);
  expect([answer.status, (await bodyOf(answer))['code']]).toEqual([status, code]);
});

test('it takes the scope read', async () => {
  opened.node.add('a', '1');
  for (const [token, status] of [
    ['read', 200],
    ['append', 403],
    ['none', 401],
  ] as const)
    for (const path of ['/v1/keys/a', '/v1/keys/a/log']) {
      const answer = await opened.fetch(path, { headers: { authorization: `Bearer token-of-${token}` } });
      expect([path, answer.status]).toEqual([path, status]);
    }
});

test('a log is stored only behind the last one of its key, where it asks for that', async () => {
  const push = (value: string, ifKeyLast: string): Promise<Response> =>
    opened.post({ key: 'a', value }, { 'mokka-if-key-last': ifKeyLast });
  expect((await push('1', '0')).status).toBe(201);
  opened.node.add('other', 'x');
  const refused = await push('2', '0');
  expect([refused.status, await bodyOf(refused)]).toMatchObject([
    412,
    { code: 'CONDITION_FAILED', lastIndex: 1 },
  ]);
  expect((await push('2', '1')).status).toBe(201);
  expect((await push('3', '-1')).status).toBe(400);
  const lines = await opened.post(
    '{"key":"a","value":"3","ifKeyLast":1}\n{"key":"a","value":"3","ifKeyLast":3}\n',
    { 'content-type': 'application/x-ndjson' },
  );
  const answers = (await lines.text()).trim().split('\n');
  expect(answers.map((line) => JSON.parse(line) as object)).toMatchObject([
    { ok: false, error: { code: 'CONDITION_FAILED', lastIndex: 3 } },
    { ok: true, result: { index: 4 } },
  ]);
  const inHeader = await opened.post('{"key":"a","value":"4"}\n', {
    'content-type': 'application/x-ndjson',
    'mokka-if-key-last': '4',
  });
  expect(inHeader.status).toBe(400);
});
