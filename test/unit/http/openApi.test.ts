import { z } from 'zod';
import { allRoutes } from '../../../src/http/routes/allRoutes';
import { OpenedDoor } from './FakeHttpNode';

interface Content {
  readonly content?: Readonly<Record<string, { schema: Parameters<typeof z.fromJSONSchema>[0] }>>;
}

interface Operation {
  readonly parameters: readonly { name: string; in: string; required: boolean }[];
  readonly security: readonly object[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let opened: OpenedDoor;
let document: Document;
beforeAll(async () => {
  const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('mokka_term 1\n') };
  opened = await OpenedDoor.open({}, { metrics });
  opened.node.add('a', '1');
  document = (await (await opened.fetch('/openapi.json')).json()) as Document;
});
afterAll(() => opened.close());

/** What the document says of an answer; fails where it says nothing. */
function checkBody(path: string, method: string, status: string, type: string, body: string): void {
  const answer = document.paths[path]?.[method]?.responses[status];
  const schema = answer?.content?.[type]?.schema;
  if (schema === undefined) throw new Error(`${method} ${path} ${status} ${type} is not in the document`);
  const checked = z.fromJSONSchema(schema);
  if (type.startsWith('text/')) expect(typeof body).toBe('string');
  else if (type.endsWith('ndjson'))
    for (const line of body.trim().split('\n')) checked.parse(JSON.parse(line));
  else if (path !== '/openapi.json') checked.parse(JSON.parse(body));
}

test('every route is in it, with its parameters, and nothing else', () => {
  expect(document.openapi).toBe('3.1.0');
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(listed.sort()).toEqual(
    allRoutes(true)
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
  );
  const read = document.paths['/v1/log']?.['get'];
  const query = read?.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  expect(query).toEqual(['from', 'limit', 'wait', 'follow']);
  expect(document.paths['/v1/log/{index}']?.['get']?.parameters[0]).toMatchObject({
    in: 'path',
    required: true,
  });
});

test('what it says needs no token needs none, and all else needs one', async () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { security }] of Object.entries(methods)) {
      const answer = await opened.fetch(path.replace('{index}', '1').replace('{key}', 'a'), {
        method: method.toUpperCase(),
        headers: { authorization: '' },
      });
      expect([path, answer.status === 401]).toEqual([path, security.length > 0]);
    }
});

test.each([
  ['/v1/log', '/v1/log?from=1&limit=1'],
  ['/v1/log', '/v1/log?from=2'],
  ['/v1/log/{index}', '/v1/log/1'],
  ['/v1/keys/{key}', '/v1/keys/a'],
  ['/v1/keys/{key}/log', '/v1/keys/a/log'],
  ['/v1/keys/{key}/log', '/v1/keys/none/log?limit=1&before=7'],
  ['/v1/info', '/v1/info'],
  ['/v1/status', '/v1/status'],
  ['/metrics', '/metrics'],
  ['/livez', '/livez'],
  ['/readyz', '/readyz'],
  ['/readyz', '/readyz?verbose'],
  ['/openapi.json', '/openapi.json'],
])('%s answers %s as it says', async (path, asked) => {
  const answer = await opened.fetch(asked);
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  checkBody(path, 'get', String(answer.status), type, await answer.text());
});

test('a push, lines of them and errors are answered as it says', async () => {
  const pushed = await opened.post({ key: 'b', value: '2' });
  checkBody('/v1/log', 'post', '201', 'application/json', await pushed.text());
  const lines = await opened.post('{"key":"c","value":"3"}\n{}\n', {
    'content-type': 'application/x-ndjson',
  });
  checkBody('/v1/log', 'post', '200', 'application/x-ndjson', await lines.text());
  for (const refused of [await opened.post({}), await opened.fetch('/v1/log/99')])
    checkBody('/v1/log', 'post', 'default', 'application/problem+json', await refused.text());
});

test('a trim is answered as it says', async () => {
  const trimmed = await opened.fetch('/v1/trim', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"index":3}',
  });
  const body = await trimmed.text();
  expect([trimmed.status, body]).toEqual([200, '{"floor":3}']);
  checkBody('/v1/trim', 'post', '200', 'application/json', body);
  const otherType = await opened.fetch('/v1/trim', { method: 'POST', body: '{"index":3}' });
  expect(otherType.status).toBe(415);
});

test('a node that is not ready says so as it says', async () => {
  opened.node.info = { ...opened.node.info, leader: null };
  const answer = await opened.fetch('/readyz?verbose');
  expect(answer.status).toBe(503);
  const body = await answer.text();
  checkBody('/readyz', 'get', '503', 'application/json', body);
  expect(JSON.parse(body)).toMatchObject({
    checks: expect.arrayContaining([{ name: 'leader known', ok: false }]) as unknown,
  });
  expect((await opened.fetch('/livez')).status).toBe(200);
});
