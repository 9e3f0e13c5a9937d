import { connect } from 'node:net';
import { OpenedDoor } from './FakeHttpNode';

let opened: OpenedDoor;
beforeAll(async () => (opened = await OpenedDoor.open()));
afterAll(() => opened.close());

/** All that the door answers to these bytes until it closes the connection, or an answer is whole. */
function answersTo(sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(opened.door.address).port), '127.0.0.1', () =>
      socket.write(sent, 'latin1'),
    );
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (text.endsWith('}')) socket.end();
    });
    socket.once('error', reject).once('close', () => resolve(text));
  });
}

const HOST = 'Host: 127.0.0.1\r\n';
const TOKEN = 'Authorization: Bearer token-of-admin\r\n';
const JSON_LOG = '{"key":"a","value":"1"}';
const post = (headers: string, body: string): string =>
  `POST /v1/log HTTP/1.1\r\n${HOST}${TOKEN}Content-Type: application/json\r\n${headers}\r\n${body}`;
const get = (path: string, headers = HOST): string => `GET ${path} HTTP/1.1\r\n${headers}\r\n`;

test.each([
  ['no request at all', 'NONSENSE\r\n\r\n', 400, 'BAD_ARGUMENT'],
  ['the beginning of TLS', '\x16\x03\x01\x00\xc8\x01', 400, 'BAD_ARGUMENT'],
  ['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'BAD_ARGUMENT'],
  ['lines that end with LF alone', 'GET /livez HTTP/1.1\nHost: 127.0.0.1\n\n', 400, 'BAD_ARGUMENT'],
  ['a folded header', get('/livez', `${HOST}X: a\r\n b\r\n`), 400, 'BAD_ARGUMENT'],
  ['no Host', get('/livez', ''), 400, 'BAD_ARGUMENT'],
  ['two Hosts', get('/livez', `${HOST}Host: example.org\r\n`), 400, 'BAD_ARGUMENT'],
  ['two tokens', get('/v1/info', `${HOST}${TOKEN}Authorization: Bearer x\r\n`), 401, 'UNAUTHENTICATED'],
  [
    'two ways to tell a length',
    post('Transfer-Encoding: chunked\r\nContent-Length: 23\r\n', '0\r\n\r\n'),
    400,
    'BAD_ARGUMENT',
  ],
  ['two lengths', post('Content-Length: 23\r\nContent-Length: 23\r\n', JSON_LOG), 400, 'BAD_ARGUMENT'],
  ['a head that is too long', get(`/${'a'.repeat(20_000)}`), 431, 'TOO_LARGE'],
  ['CONNECT', `CONNECT 127.0.0.1:80 HTTP/1.1\r\n${HOST}\r\n`, 405, 'BAD_COMMAND'],
  ['TRACE', `TRACE /v1/log HTTP/1.1\r\n${HOST}\r\n`, 405, 'BAD_COMMAND'],
])('%s is a problem with its code', async (_, sent, status, code) => {
  const [head = '', body = ''] = (await answersTo(sent)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} \\w`));
  expect(head.toLowerCase()).toContain('\r\ncontent-type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ status, code });
  expect(opened.node.pushes).toEqual([]);
});

test('what is malformed behind a request that is answered yet does not stand in its answer', async () => {
  let go: () => void = () => undefined;
  opened.node.held = new Promise((resolve) => (go = resolve));
  const answered = answersTo(`${post(`Content-Length: ${JSON_LOG.length}\r\n`, JSON_LOG)}NONSENSE\r\n\r\n`);
  expect(await answered).not.toContain('400');
  go();
});

test('a body that breaks off, or whose chunk has no length, is not stored, and its connection is closed', async () => {
  const before = opened.node.pushes.length;
  for (const chunk of ['zz\r\nabc\r\n', `17\r\n${JSON_LOG}\n0\n\n`])
    expect(await answersTo(post('Transfer-Encoding: chunked\r\n', chunk))).toBe('');
  expect(opened.node.pushes).toHaveLength(before);
});

test.each([
  ['an expectation that is not known', `${HOST}Expect: something\r\n`, '/livez'],
  ['an address without a path', HOST, 'http://127.0.0.1'],
])('%s is served', async (_, headers, path) => {
  const headed = `${headers}Connection: close\r\n`;
  expect(await answersTo(get(path, headed))).toMatch(/^HTTP\/1\.1 200 /);
});
