import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listenPrivately, removeSocket } from '../../../../src/cli/socket/privateSocket';

const NAME = 'commands.sock';
const OTHERS = 0o077;

let directory: string;
let umask: number;
let servers: Server[];
beforeEach(() => {
  umask = process.umask(0);
  directory = mkdtempSync(join(tmpdir(), 'mokka-socket-'));
  chmodSync(directory, 0o777);
  servers = [];
});
afterEach(() => {
  jest.restoreAllMocks();
  process.umask(umask);
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

const open = (where = directory): Promise<void> => {
  const server = createServer();
  servers.push(server);
  return listenPrivately(server, where, NAME);
};

test('nobody else can reach the socket, not even when it was only just bound', async () => {
  const listen = Reflect.get(Server.prototype, 'listen') as (this: Server, path: string) => Server;
  let bound = 0;
  jest.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...given: unknown[]) {
    const path = String(given[0]);
    listen.call(this, path);
    bound++;
    const closed = [path, dirname(path)].filter((each) => (statSync(each).mode & OTHERS) === 0);
    expect(closed).not.toEqual([]);
    return this;
  });
  await open();
  expect(bound).toBe(1);
  expect(lstatSync(join(directory, NAME)).mode & OTHERS).toBe(0);
  expect(readdirSync(directory)).toEqual([NAME]);
});

describe('what stands in its place', () => {
  const socket = (): string => join(directory, NAME);
  const folder = (): string => join(directory, `${NAME}.new`);
  const elsewhere = (): string => join(directory, 'elsewhere');

  test.each<[string, () => void, string]>([
    ['a directory', () => mkdirSync(socket()), NAME],
    ['a file', () => writeFileSync(socket(), 'kept'), NAME],
    ['a link that leads nowhere', () => symlinkSync(elsewhere(), socket()), NAME],
    ['a directory of others beside it', () => mkdirSync(folder(), 0o755), `${NAME}.new`],
    ['a file beside it', () => writeFileSync(folder(), 'kept'), `${NAME}.new`],
    ['a link beside it', () => symlinkSync(elsewhere(), folder()), `${NAME}.new`],
    [
      'a directory that holds something, beside it',
      () => {
        mkdirSync(folder(), 0o700);
        writeFileSync(join(folder(), 'own'), 'kept');
      },
      `${NAME}.new`,
    ],
  ])('%s is refused by code, in one line, and stays', async (_what, make, name) => {
    make();
    const failure: unknown = await open().then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'STORE_FAILED' });
    expect(String(failure)).toContain(`${join(directory, name)} is a `);
    expect(String(failure)).not.toContain('\n');
    expect(readdirSync(directory)).toEqual([name]);
    expect(existsSync(elsewhere())).toBe(false);
  });

  test('a link to a socket is neither followed nor replaced', async () => {
    const other = join(directory, 'other');
    mkdirSync(other);
    await open(other);
    symlinkSync(join(other, NAME), socket());
    await expect(open()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(readlinkSync(socket())).toBe(join(other, NAME));
    expect(lstatSync(join(other, NAME)).isSocket()).toBe(true);
  });

  test('what killed processes left is replaced', async () => {
    mkdirSync(folder(), 0o700);
    const left = createServer();
    servers.push(left);
    await new Promise<void>((resolve) => left.listen(join(folder(), NAME), resolve));
    await open();
    await open();
    expect(readdirSync(directory)).toEqual([NAME]);
  });

  test('a stop removes the socket, but nothing else in its place', async () => {
    await open();
    removeSocket(socket());
    removeSocket(socket());
    expect(readdirSync(directory)).toEqual([]);
    mkdirSync(socket());
    removeSocket(socket());
    expect(readdirSync(directory)).toEqual([NAME]);
  });
});

test('a directory that does not exist is told in one line', async () => {
  await expect(open(join(directory, 'gone'))).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringMatching(/^cannot make .*gone\/commands\.sock, .*: see that [^\n]*$/) as string,
  });
});
