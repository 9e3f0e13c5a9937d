import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOKENS_MAX } from '../../../src/httpLimits';
import { Authority } from '../../../src/http/access/Authority';
import type { Scope } from '../../../src/http/access/scopes';
import { drawToken, formatTokenFile, hashToken, readTokenFile } from '../../../src/http/access/tokenFile';
import { Tokens } from '../../../src/http/access/Tokens';
import { writeTokens } from './FakeHttpNode';

let directory: string;
let path: string;
let unreadable: Error[];
let tokens: Tokens;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-tokens-'));
  path = join(directory, 'tokens.json');
  unreadable = [];
  tokens = new Tokens(path, 'given', (error) => unreadable.push(error));
});
afterEach(() => {
  tokens.close();
  rmSync(directory, { recursive: true });
});

describe('a file of tokens that a node looks at again and again', () => {
  test('need not be there yet', async () => {
    await tokens.open();
    expect(tokens.scopesOf('given')).toContain('admin');
    writeTokens(path, ['read']);
    await tokens['look']();
    expect(tokens.scopesOf('token-of-read')).toEqual(['read']);
    expect(tokens.scopesOf('given')).toContain('admin');
  });

  test('takes its tokens with it when it is removed, and not the one that is given', async () => {
    writeTokens(path, ['read']);
    await tokens.open();
    rmSync(path);
    await tokens['look']();
    expect(tokens.scopesOf('token-of-read')).toBeNull();
    expect(tokens.scopesOf('given')).toContain('admin');
    expect(unreadable).toEqual([]);
  });

  test('leaves what it had while it cannot be read, which is told once', async () => {
    writeTokens(path, ['read']);
    await tokens.open();
    writeFileSync(path, 'half of a fi');
    await tokens['look']();
    await tokens['look']();
    expect(tokens.scopesOf('token-of-read')).toEqual(['read']);
    expect(unreadable).toMatchObject([{ code: 'BAD_KEY' }]);
    writeTokens(path, ['append']);
    await tokens['look']();
    expect(tokens.scopesOf('token-of-read')).toBeNull();
    expect(tokens.scopesOf('token-of-append')).toEqual(['append']);
  });
});

test('a file of the same length in its place is another', async () => {
  writeTokens(path, ['read']);
  await tokens.open();
  const sha256 = hashToken('another').toString('hex');
  writeFileSync(`${path}.new`, formatTokenFile([{ sha256, scopes: ['read'] }]), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  await tokens['look']();
  expect([tokens.scopesOf('token-of-read'), tokens.scopesOf('another')]).toEqual([null, ['read']]);
});

test('a file that cannot even be looked at leaves what it had too, and is told once', async () => {
  const inside = join(directory, 'inside');
  mkdirSync(inside);
  writeTokens(join(inside, 'tokens.json'), ['read']);
  const deeper = new Tokens(join(inside, 'tokens.json'), null, (error) => unreadable.push(error));
  await deeper.open();
  rmSync(inside, { recursive: true });
  writeFileSync(inside, 'no directory');
  for (let look = 0; look < 3; look++) await deeper['look']();
  expect(deeper.scopesOf('token-of-read')).toEqual(['read']);
  expect(unreadable).toMatchObject([{ code: 'BAD_KEY' }]);
  await expect(deeper.open()).rejects.toMatchObject({ code: 'BAD_KEY' });
  deeper.close();
});

describe('what a file of tokens may not hold', () => {
  const stored = { sha256: hashToken('a').toString('hex'), scopes: ['read'] as const };
  test.each<[string, object[]]>([
    ['a token without a scope', [{ ...stored, scopes: [] }]],
    ['a scope that there is not', [{ ...stored, scopes: ['write'] }]],
    ['a field that there is not', [{ ...stored, expires: 1 }]],
    ['too many tokens', Array.from({ length: TOKENS_MAX + 1 }, () => stored)],
  ])('%s', (_, list) => {
    writeFileSync(path, JSON.stringify({ tokens: list }), { mode: 0o600 });
    expect(() => readTokenFile(path)).toThrow(expect.objectContaining({ code: 'BAD_KEY' }) as Error);
  });

  test('as many as it may hold are read', () => {
    writeFileSync(path, formatTokenFile(Array.from({ length: TOKENS_MAX }, () => stored)), { mode: 0o600 });
    expect(readTokenFile(path)).toHaveLength(TOKENS_MAX);
  });
});

/** Asks on a connection of its own. */
function ask(known: Tokens, authorization: string, scope: Scope): void {
  new Authority(known).check({ headers: { authorization }, socket: new Socket() }, scope);
}

test('a token has 256 bits, and comes as clients write it', () => {
  const token = drawToken();
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  for (const drawn of [token, 'a.b~c+d/e-f==']) {
    const known = new Tokens(null, drawn, () => undefined);
    for (const authorization of [`Bearer ${drawn}`, `bearer   ${drawn} `])
      expect(() => ask(known, authorization, 'read')).not.toThrow();
  }
});

test.each([
  ['Bearer nobody', 401, 'error="invalid_token"'],
  ['Bearer given and more', 401, 'realm'],
  ['Bearer token-of-read', 403, 'scope="append"'],
])('%s is told what it lacks', async (authorization, status, challenge) => {
  writeTokens(path, ['read']);
  await tokens.open();
  expect(() => ask(tokens, authorization, 'append')).toThrow(
    expect.objectContaining({
      status,
      headers: { 'www-authenticate': expect.stringContaining(challenge) as string },
    }) as Error,
  );
});

describe('what a connection was let in with', () => {
  const socket = new Socket();
  let authority: Authority;
  const asked = (authorization: string, scope: Scope = 'read'): string => {
    try {
      authority.check({ headers: { authorization }, socket }, scope);
      return 'let in';
    } catch (thrown) {
      return (thrown as { code: string }).code;
    }
  };
  beforeEach(async () => {
    writeTokens(path, ['read', 'append']);
    await tokens.open();
    authority = new Authority(tokens);
  });

  test('is known again, and allows no more than it did', () => {
    const hashed = jest.spyOn(tokens, 'scopesOf');
    for (let request = 0; request < 3; request++) expect(asked('Bearer token-of-read')).toBe('let in');
    expect(asked('Bearer token-of-read', 'append')).toBe('FORBIDDEN');
    expect(hashed).toHaveBeenCalledTimes(1);
    expect(asked('Bearer token-of-append', 'append')).toBe('let in');
    expect(asked('Bearer token-of-rea')).toBe('UNAUTHENTICATED');
    expect(asked('Bearer token-of-reax')).toBe('UNAUTHENTICATED');
    expect(asked('')).toBe('UNAUTHENTICATED');
  });

  test('ends with its token', async () => {
    expect(asked('Bearer token-of-read')).toBe('let in');
    writeTokens(path, ['append']);
    await tokens['look']();
    expect(asked('Bearer token-of-read')).toBe('UNAUTHENTICATED');
    writeTokens(path, ['append', 'read']);
    await tokens['look']();
    expect(asked('Bearer token-of-read')).toBe('let in');
    rmSync(path);
    await tokens['look']();
    expect(asked('Bearer token-of-read')).toBe('UNAUTHENTICATED');
  });
});
