import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sharedToken } from '../../../src/http/access/sharedToken';
import { OpenedDoor, writeTokens } from './FakeHttpNode';

let opened: OpenedDoor;
afterEach(() => opened.close());

const ORIGIN = 'https://page.example';

/** The status of what is asked with headers that fetch does not let through. */
function statusOf(path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${opened.door.address}${path}`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

describe('tokens', () => {
  beforeEach(async () => (opened = await OpenedDoor.open()));

  test.each([
    ['read', { '/v1/log': 200, '/v1/info': 200, '/v1/status': 200 }, 403],
    ['append', { '/v1/log': 403, '/v1/info': 403, '/v1/status': 403 }, 201],
    ['admin', { '/v1/log': 200, '/v1/info': 200, '/v1/status': 200 }, 201],
  ] as const)('one with the scope %s', async (scope, reads, appends) => {
    const headers = { authorization: `Bearer token-of-${scope}` };
    for (const [path, status] of Object.entries(reads))
      expect((await opened.fetch(path, { headers })).status).toBe(status);
    const answer = await opened.post({ key: 'a', value: '1' }, headers);
    expect(answer.status).toBe(appends);
    if (appends === 403) expect(answer.headers.get('www-authenticate')).toContain('insufficient_scope');
  });

  test.each(['', 'Bearer nobody', 'Basic dG9rZW4=', 'Bearer'])(
    '%p is 401, with a challenge',
    async (authorization) => {
      const answer = await opened.fetch('/v1/info', { headers: { authorization } });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        401,
        'UNAUTHENTICATED',
      ]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
    },
  );

  test('probes and the document need none, and every other path has one', async () => {
    const headers = { authorization: '' };
    for (const path of ['/livez', '/readyz', '/openapi.json'])
      expect((await opened.fetch(path, { headers })).status).toBe(200);
    expect((await opened.fetch('/v1/log/1', { headers })).status).toBe(401);
  });

  test('a file that changes is read again: a token that is taken out is out', async () => {
    writeTokens(opened.tokensFile, ['read']);
    while ((await opened.fetch('/v1/info')).status === 200) await pause(50);
    const headers = { authorization: 'Bearer token-of-read' };
    expect((await opened.fetch('/v1/info', { headers })).status).toBe(200);
  });
});

describe('a file of tokens', () => {
  beforeEach(async () => (opened = await OpenedDoor.open()));

  test('that others can read, or that is none, ends the start', async () => {
    chmodSync(opened.tokensFile, 0o644);
    await expect(OpenedDoor.open({ tokensFile: opened.tokensFile })).rejects.toMatchObject({
      code: 'BAD_KEY',
    });
    chmodSync(opened.tokensFile, 0o600);
    writeFileSync(opened.tokensFile, '{"tokens":[{"sha256":"00","scopes":["read"]}]}');
    await expect(OpenedDoor.open({ tokensFile: opened.tokensFile })).rejects.toThrow(/64 hex digits/);
  });

  test('the one that the demo’s nodes share is made once, for its owner alone', () => {
    const directory = mkdtempSync(join(tmpdir(), 'mokka-token-'));
    const path = join(directory, 'token');
    const token = sharedToken(path);
    expect([sharedToken(path), readFileSync(path, 'utf8')]).toEqual([token, `${token}\n`]);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o640);
    expect(() => sharedToken(path)).toThrow(/chmod 600/);
    rmSync(directory, { recursive: true });
  });
});

describe('where a request comes from', () => {
  beforeEach(async () => (opened = await OpenedDoor.open({ origins: [ORIGIN] })));

  test.each([
    ['localhost:2100', 200],
    ['127.0.0.1', 200],
    ['[::1]:80', 200],
    ['page.example', 200],
    ['rebound.example:2100', 403],
    ['127.0.0.1.example', 403],
  ])('a Host of %s is %d', async (host, status) => {
    expect(await statusOf('/livez', { host })).toBe(status);
  });

  test('a listed origin is let in, another reads nothing', async () => {
    const listed = await opened.fetch('/v1/info', { headers: { origin: ORIGIN } });
    expect(listed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(listed.headers.get('access-control-expose-headers')).toContain('Mokka-Since');
    expect(listed.headers.get('vary')).toContain('Origin');
    const other = await opened.fetch('/v1/info', { headers: { origin: 'https://other.example' } });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
  });

  test('a browser that asks before is told what may be sent', async () => {
    const ask = { origin: ORIGIN, 'access-control-request-method': 'POST', authorization: '' };
    const answer = await opened.fetch('/v1/log', { method: 'OPTIONS', headers: ask });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-headers')).toContain('Mokka-Session');
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    expect((await opened.fetch('/v1/log', { headers: { ...ask, origin: ORIGIN } })).status).toBe(401);
    const asksNothing = { origin: ORIGIN };
    expect((await opened.fetch('/v1/log', { method: 'OPTIONS', headers: asksNothing })).status).toBe(405);
  });
});

describe('paths and methods', () => {
  beforeEach(async () => (opened = await OpenedDoor.open()));

  test('another path is 404, another method 405 with those there are', async () => {
    expect((await opened.fetch('/v2')).status).toBe(404);
    const answer = await opened.fetch('/v1/log', { method: 'DELETE' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, GET']);
    expect(await answer.json()).toMatchObject({ code: 'BAD_COMMAND' });
  });

  test('an address that others reach is refused without TLS, unless it is said to be meant', async () => {
    await expect(OpenedDoor.open({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    const plain = await OpenedDoor.open({ host: '0.0.0.0', plain: true });
    await plain.close();
  });

  test('a port that is taken is told as such', async () => {
    const port = Number(new URL(opened.door.address).port);
    await expect(OpenedDoor.open({ port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining('HTTP_PORT') as string,
    });
  });
});
