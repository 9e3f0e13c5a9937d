import { get } from 'node:http';
import type { Route } from '../../../src/http/contract/Route';
import { noQuerySchema } from '../../../src/http/contract/schemas';
import { RouteTable } from '../../../src/http/RouteTable';
import { OpenedDoor } from './FakeHttpNode';

function routeOf(method: 'get' | 'post', path: string): Route {
  const served = { summary: path, querySchema: noQuerySchema, answers: {}, serve: () => undefined };
  return { method, path, scope: 'read', ...served };
}

const [getAll, postOne, getOne, getKey, getHistory, root] = [
  routeOf('get', '/v1/log'),
  routeOf('post', '/v1/log'),
  routeOf('get', '/v1/log/{index}'),
  routeOf('get', '/v1/keys/{key}'),
  routeOf('get', '/v1/keys/{key}/log'),
  routeOf('get', '/'),
] as const;
const table = new RouteTable([getAll, postOne, getOne, getKey, getHistory, root]);

test.each([
  ['GET', '/v1/log', getAll, {}, {}],
  ['HEAD', '/v1/log', getAll, {}, {}],
  ['POST', '/v1/log?', postOne, {}, {}],
  ['GET', '/v1/log/17', getOne, { index: '17' }, {}],
  ['GET', '/v1/log/a%20b', getOne, { index: 'a b' }, {}],
  ['GET', '/v1/log/1%2f2', getOne, { index: '1/2' }, {}],
  ['GET', '/v1/keys/a', getKey, { key: 'a' }, {}],
  ['GET', '/v1/keys/log', getKey, { key: 'log' }, {}],
  ['GET', '/v1/k%65ys/%25%32%46%2F%D0%BA%00', getKey, { key: '%2F/к\0' }, {}],
  ['GET', '/v1/keys/a%2Flog?limit=1', getKey, { key: 'a/log' }, { limit: '1' }],
  ['GET', '/v1/keys/a%2Flog/log?limit=1', getHistory, { key: 'a/log' }, { limit: '1' }],
  ['GET', '/v1/keys/log/log', getHistory, { key: 'log' }, {}],
  ['GET', '/v1/%6cog', getAll, {}, {}],
  ['GET', '/v1/log?from=1&from=2&a+b=%63&x', getAll, {}, { from: '1', 'a b': 'c', x: '' }],
  ['GET', 'http://10.0.0.1:2100/v1/log/3?a=1', getOne, { index: '3' }, { a: '1' }],
  ['GET', '/', root, {}, {}],
  ['GET', 'http://10.0.0.1:2100', root, {}, {}],
])('%s %s', (method, target, route, path, query) => {
  const asked = table.find(method, target);
  expect(asked.route).toBe(route);
  expect([asked.path, { ...asked.query }]).toEqual([path, query]);
});

test.each([
  '*',
  '/v1',
  '/v1/log/',
  '/v1/log/1/2',
  '/v1/keys',
  '/v1/keys/',
  '/v1/keys//log',
  '/v1/keys/a/b/log',
  '/v1/keys/a/logs',
  '//v1/log',
  '/V1/log',
  'ftp://h/v1/log',
])('there is no path %p', (target) => {
  const { route } = table.find('GET', target);
  expect(route.scope).toBeNull();
  expect(() => route.serve(undefined as never, undefined as never)).toThrow(/no such path/);
});

test.each(['/v1/log/%ff', '/v1/keys/%', '/v1/keys/%ff', '/v1/keys/%c3%28/log', '/v1/keys/%zz'])(
  'percents in %p stand for no text',
  (target) => {
    const { route } = table.find('GET', target);
    expect(() => route.serve(undefined as never, undefined as never)).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT' }) as Error,
    );
  },
);

test('a method that a path does not take is told those that it takes', () => {
  for (const [target, allow] of [
    ['/v1/log', 'GET, POST'],
    ['/v1/log/1', 'GET'],
  ] as const) {
    const { route } = table.find('DELETE', target);
    expect(() => route.serve(undefined as never, undefined as never)).toThrow(
      expect.objectContaining({ status: 405, headers: { allow } }) as Error,
    );
  }
});

test('a query cannot name what every object has', () => {
  const { query } = table.find('GET', '/v1/log?__proto__=1&constructor=2');
  expect(Object.entries(query)).toEqual([
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
});

test('HEAD is answered as GET is, without a body', async () => {
  const opened = await OpenedDoor.open();
  opened.node.add('key', 'value');
  const headers = { authorization: 'Bearer token-of-read' };
  const length = await new Promise((resolve, reject) => {
    get(`${opened.door.address}/v1/log/1`, { method: 'HEAD', headers }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      answer.once('end', () =>
        resolve([answer.statusCode, Number(answer.headers['content-length']) > 0, bytes]),
      );
    }).once('error', reject);
  });
  expect(length).toEqual([200, true, 0]);
  await opened.close();
});
