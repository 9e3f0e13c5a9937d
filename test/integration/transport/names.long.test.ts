import { networkInterfaces } from 'node:os';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { StartError } from '../../../src/errors';
import { helloOf } from '../../../src/transport/hello';
import { Link } from '../../../src/transport/Link';
import { Listener } from '../../../src/transport/Listener';
import type { NameLookup } from '../../../src/transport/nameLookup';
import { makeNodeCertificate, signingPart } from '../../../src/transport/tls/NodeCertificate';
import { makeMembers, until, type TestMember } from './members';

const ABSENT = '192.0.2.1';
const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
let self: TestMember;
let peer: TestMember;
const ends: { close: () => Promise<void> }[] = [];

beforeEach(async () => {
  [self, peer] = (await makeMembers(2)) as [TestMember, TestMember];
});

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end.close()));
});

function identityOf({
  keys,
}: TestMember): ConstructorParameters<typeof Link>[1] & ReturnType<typeof makeNodeCertificate> {
  const hello = helloOf([self.keys.publicKey, peer.keys.publicKey], null);
  return { ...makeNodeCertificate(keys.secretKey), hello: () => hello };
}

/** The peer listens by a name that has these addresses. */
async function listen(...addresses: string[]): Promise<{ listener: Listener; absent: string[] }> {
  const { tlsOptions, hello } = identityOf(peer);
  const memberOf = (key: string): string | null =>
    key === signingPart(self.keys.publicKey) ? self.keys.publicKey : null;
  const listener = new Listener(tlsOptions, hello, memberOf, () => Promise.resolve(addresses));
  ends.push(listener);
  const bound = once(listener, 'bound');
  listener.bind(`tcp://host-b:${peer.port}`);
  const [absent] = (await bound) as [string[]];
  return { listener, absent };
}

/** This node's link to the peer by its name. */
function linkBy(lookUp: NameLookup): Link {
  const address = `tcp://host-b:${peer.port}`;
  const link = new Link({ address, publicKey: peer.keys.publicKey }, identityOf(self), lookUp);
  ends.push(link);
  link.open();
  return link;
}

function untilUp(link: Link): Promise<void> {
  return until('the link is up', () => link.state.connected);
}

test('a node listens on each address of its name that its machine has, and on no other', async () => {
  const own = ['127.0.0.1', '127.0.0.2', ...(hasIPv6 ? ['::1'] : [])];
  const { absent } = await listen(ABSENT, ...own);
  expect(absent).toEqual([ABSENT]);
  for (const host of own) {
    const socket: Socket = connect(peer.port, host);
    await once(socket, 'connect');
    socket.destroy();
  }
  const other = connect(peer.port, '127.0.0.3');
  const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

test('a name none of whose addresses is here, or that does not resolve, ends the start with the reason', async () => {
  const lookups: [NameLookup, string][] = [
    [() => Promise.resolve([ABSENT]), `this machine has no address ${ABSENT}`],
    [
      () => Promise.reject(Object.assign(new Error('queryA'), { code: 'ENOTFOUND' })),
      'the name host-b does not resolve (ENOTFOUND)',
    ],
  ];
  for (const [lookUp, why] of lookups) {
    const { tlsOptions, hello } = identityOf(peer);
    const listener = new Listener(tlsOptions, hello, () => null, lookUp);
    ends.push(listener);
    const unbound = once(listener, 'unbound');
    listener.bind(`tcp://host-b:${peer.port}`);
    const [error] = (await unbound) as [StartError];
    expect(error).toMatchObject({ code: 'CANNOT_LISTEN', message: expect.stringContaining(why) as string });
  }
});

test('a taken port on one of two addresses ends the start, once', async () => {
  const taken = createServer().listen(peer.port, '127.0.0.2');
  await once(taken, 'listening');
  const { tlsOptions, hello } = identityOf(peer);
  const lookUp: NameLookup = () => Promise.resolve(['127.0.0.1', '127.0.0.2']);
  const listener = new Listener(tlsOptions, hello, () => null, lookUp);
  ends.push(listener);
  const unbound = once(listener, 'unbound');
  listener.bind(`tcp://host-b:${peer.port}`);
  const [error] = (await unbound) as [StartError];
  expect(error.code).toBe('PORT_TAKEN');
  expect(error.message).toContain('another process listens there');
  taken.close();
});

test('all addresses of a peer are tried; the reason names the one that was', async () => {
  const link = linkBy(() => Promise.resolve(['127.0.0.9', '127.0.0.1']));
  for (const address of ['127.0.0.9', '127.0.0.1'])
    await until(
      `${address} is tried`,
      () => link.state.reason === `nothing listens there (${address}): is the node running?`,
    );
  await listen('127.0.0.1');
  await untilUp(link);
});

test('a link that broke is made again without the name, which hangs by then; the reason names it meanwhile', async () => {
  const { listener } = await listen('127.0.0.1');
  let asked = 0;
  const link = linkBy(() => (asked++ === 0 ? Promise.resolve(['127.0.0.1']) : new Promise(() => undefined)));
  await untilUp(link);
  await listener.close();
  await until(
    'the name is told',
    () => link.state.reason?.includes('the name host-b does not resolve') === true,
  );
  expect(link.state.reason).toMatch(
    /^nothing listens there \(127\.0\.0\.1\).*; the name .*\(for \d+ s: no answer\)$/,
  );
  await listen('127.0.0.1');
  await untilUp(link);
  expect(asked).toBe(2);
});

test('a slow look-up is waited for, beyond the limit of a connect, and once', async () => {
  await listen('127.0.0.1');
  let asked = 0;
  let answer: (found: string[]) => void = () => undefined;
  const link = linkBy(() => {
    asked++;
    return new Promise((resolve) => (answer = resolve));
  });
  await until('it is told', () =>
    /^the name host-b does not resolve \(for [3-9] s: no answer\)$/.test(link.state.reason ?? ''),
  );
  expect(asked).toBe(1);
  answer(['127.0.0.1']);
  await untilUp(link);
});

test('a link that is closed while its name is looked up does not connect later', async () => {
  const { listener } = await listen('127.0.0.1');
  const come = jest.fn();
  listener.on('connect', come);
  let answer: (found: string[]) => void = () => undefined;
  const link = linkBy(() => new Promise((resolve) => (answer = resolve)));
  await link.close();
  answer(['127.0.0.1']);
  const probe = connect(peer.port, '127.0.0.1');
  await until('a later connection has come', () => come.mock.calls.length > 0);
  expect(come).toHaveBeenCalledTimes(1);
  probe.destroy();
});
