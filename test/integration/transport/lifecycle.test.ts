import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { StartError } from '../../../src/errors';
import { helloOf, type Hello } from '../../../src/transport/hello';
import { Link } from '../../../src/transport/Link';
import { makeNodeCertificate } from '../../../src/transport/tls/NodeCertificate';
import { TCPMokka, type TCPMokkaSettings } from '../../../src/TCPMokka';
import {
  addressOf,
  makeMembers,
  startMember,
  until,
  untilLinked,
  MemberProcess,
  type TestMember,
} from './members';

jest.mock('../../../src/mokka/ReplicatedMokka', () => jest.requireActual<object>('./FakeReplicatedMokka'));
// There are no elections to warm up for, and in jest's sandbox a round of it takes a second.
jest.mock('../../../src/mokka/warmUp', () => ({ warmUpVoting: () => () => undefined }));
function pick(members: TestMember[], index: number): TestMember {
  const member = members[index];
  if (member === undefined) throw new Error('no such member');
  return member;
}

/** The code that an action ends with. */
function codeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof StartError ? error.code : error;
  }
}

async function expectFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await new Promise((resolve) => server.close(resolve));
}

test('disconnect frees the port and leaves no link; connect works again', async () => {
  const members = await makeMembers(2);
  const [a, b] = [startMember(pick(members, 0), members), startMember(pick(members, 1), members)];
  await untilLinked(a, b);
  await a.disconnect();
  await expectFree(pick(members, 0).port);
  await until('b knows', () => !b.linkState(a.publicKey).connected);
  a.connect();
  await untilLinked(a, b);
  await Promise.all([a.disconnect(), b.disconnect()]);
});

test('what a listener of link throws is uncaught, and the link does what it was about', async () => {
  const members = await makeMembers(2);
  const node = startMember(pick(members, 0), members);
  const [link] = node.sockets.values();
  node.on('link', () => {
    throw new Error('of the listener');
  });
  const uncaught = jest.spyOn(process, 'nextTick').mockImplementation();
  expect(link?.emit('link', true)).toBe(true);
  const [rethrow] = uncaught.mock.calls.map(([work]) => work as () => void);
  uncaught.mockRestore();
  expect(rethrow).toThrow('of the listener');
  await node.disconnect();
});

test('disconnect twice, and before connect, does nothing', async () => {
  const members = await makeMembers(2);
  const node = startMember(pick(members, 0), members);
  await node.disconnect();
  await node.disconnect();
  await expectFree(pick(members, 0).port);
});

test('a taken port is fatal, by its code, with the port and what to do', async () => {
  const members = await makeMembers(2);
  const server = createServer().listen(pick(members, 0).port, '127.0.0.1');
  await once(server, 'listening');
  const node = startMember(pick(members, 0), members);
  const [error] = (await once(node, 'fatal')) as [StartError];
  expect(error).toMatchObject({ code: 'PORT_TAKEN', exitStatus: 1 });
  expect(error.message).toContain(`127.0.0.1:${pick(members, 0).port}`);
  expect(error.message).toContain('START_PORT');
  await node.disconnect();
  await new Promise((resolve) => server.close(resolve));
});

test("a secretKey that is not the address's is refused at once, and not shown", async () => {
  const members = await makeMembers(2);
  const { secretKey } = pick(members, 1).keys;
  const settings = { address: addressOf(pick(members, 0)), privateKey: '1'.repeat(64), secretKey };
  const make = (): TCPMokka => new TCPMokka(settings as unknown as TCPMokkaSettings);
  expect(codeOf(make)).toBe('BAD_KEY');
  expect(make).not.toThrow(secretKey.slice(0, 64));
});

test('the reason says that nobody listens, and then that the link is up', async () => {
  const members = await makeMembers(2);
  const a = startMember(pick(members, 0), members);
  const changes: unknown[][] = [];
  a.on('link', (...change: unknown[]) => changes.push(change));
  const key = pick(members, 1).keys.publicKey;
  await until('it was tried', () => a.linkState(key).reason?.includes('nothing listens') === true);
  const b = startMember(pick(members, 1), members);
  await untilLinked(a, b);
  await b.disconnect();
  await until('the loss is told', () => changes.length === 2);
  expect(changes).toEqual([
    [key, true],
    [key, false],
  ]);
  await a.disconnect();
});

test('a link that closes before its next try makes none, though the peer listens by then', async () => {
  const members = await makeMembers(2);
  const { keys, port } = pick(members, 1);
  const { secureContext } = makeNodeCertificate(pick(members, 0).keys.secretKey);
  const hello = (): Hello =>
    helloOf(
      members.map((member) => member.keys.publicKey),
      null,
    );
  const link = new Link(
    { address: `tcp://127.0.0.1:${port}`, publicKey: keys.publicKey },
    { secureContext, hello },
  );
  link.open();
  await until('it was tried', () => link.state.reason?.includes('nothing listens') === true);
  const closed = link.close();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  await closed;
  await once(connect(port, '127.0.0.1').resume(), 'close');
  expect(connections).toBe(1);
  await new Promise((resolve) => server.close(resolve));
});

test('a node that closes while it tries to connect ends by itself, with nothing on stderr', async () => {
  const members = await makeMembers(3);
  const child = new MemberProcess();
  try {
    await child.ready();
    child.tell({ do: 'start', self: 0, members });
    const peer = startMember(pick(members, 1), members);
    await until('one link is up', () => child.reports.some(({ is }) => is === 'link'));
    child.tell({ do: 'disconnect' });
    await until('it is closed', () => child.reports.some(({ is }) => is === 'disconnected'));
    expect(await child.end()).toBe(0);
    expect(child.stderr).toBe('');
    await peer.disconnect();
  } finally {
    await child.kill();
  }
});
