import { Link } from '../../../src/transport/Link';
import { helloOf } from '../../../src/transport/hello';
import { makeNodeCertificate } from '../../../src/transport/tls/NodeCertificate';
import type { TCPMokka } from '../../../src/TCPMokka';
import {
  addressOf,
  makeMembers,
  startMember,
  until,
  untilLinked,
  type TestLog,
  type TestMember,
} from './members';

jest.mock('../../../src/mokka/ReplicatedMokka', () => jest.requireActual<object>('./FakeReplicatedMokka'));
// There are no elections to warm up for, and in jest's sandbox a round of it takes a second.
jest.mock('../../../src/mokka/warmUp', () => ({ warmUpVoting: () => () => undefined }));
const nodes: TCPMokka[] = [];
const links: Link[] = [];

function start(self: TestMember | undefined, members: TestMember[], log?: TestLog): TCPMokka {
  if (self === undefined) throw new Error('no such member');
  const node = startMember(self, members, log);
  nodes.push(node);
  return node;
}

async function startAll(count: number): Promise<TCPMokka[]> {
  const members = await makeMembers(count);
  const started = members.map((member) => start(member, members));
  await untilLinked(...started);
  return started;
}

/** Every packet that a node gets, as `sender: text`. */
function received(node: TCPMokka): string[] {
  const packets: string[] = [];
  node.on('data', (packet: Buffer, from: string) => packets.push(`${from}: ${packet.toString()}`));
  return packets;
}

/** The packets that a node sends to another in requests of their own. */
function sendsOf(from: TCPMokka, to: TCPMokka): jest.SpiedFunction<Link['send']> {
  const link = from.sockets.get(to.address);
  if (link === undefined) throw new Error('no link');
  return jest.spyOn(link, 'send');
}

afterEach(async () => {
  await Promise.all(
    [...links.splice(0), ...nodes.splice(0)].map((end) => ('close' in end ? end.close() : end.disconnect())),
  );
});

test.each([2, 3])('%i members exchange packets, each known by the key of its link', async (count) => {
  const members = await startAll(count);
  const inboxes = members.map(received);
  for (const from of members)
    for (const to of members) if (to !== from) from.write(to.address, Buffer.from(`to ${to.publicKey}`));
  await until('all packets have come', () => inboxes.every((inbox) => inbox.length === count - 1));
  members.forEach((member, i) => {
    const others = members.filter((other) => other !== member);
    expect(inboxes[i]?.sort()).toEqual(
      others.map((other) => `${other.publicKey}: to ${member.publicKey}`).sort(),
    );
  });
});

test('packets of every size arrive whole and in order', async () => {
  const [a, b] = await startAll(2);
  if (a === undefined || b === undefined) throw new Error('two nodes');
  const sizes = [0, 1, 16_383, 16_384, 16_385, 65_536, 1_100_000, 3_000_000, 7];
  const got: Buffer[] = [];
  b.on('data', (packet: Buffer) => got.push(packet));
  sizes.forEach((size, i) => a.write(b.address, Buffer.alloc(size, i)));
  await until('all packets have come', () => got.length === sizes.length);
  sizes.forEach((size, i) => expect(got[i]?.equals(Buffer.alloc(size, i))).toBe(true));
});

test('what is written to the sender while its packet is handled goes back in the answer', async () => {
  const [a, b, c] = await startAll(3);
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes');
  const inboxes = [received(a), received(c)];
  const sent = [sendsOf(b, a), sendsOf(b, c), sendsOf(a, b)];
  b.on('data', () => {
    for (let i = 0; i < 15; i++) b.write(a.address, Buffer.from(`answer ${i}`));
    b.write(c.address, Buffer.from('told'));
    setImmediate(() => b.write(a.address, Buffer.from('later')));
  });
  a.write(b.address, Buffer.from('question'));
  await until('all packets have come', () => inboxes[0]?.length === 16 && inboxes[1]?.length === 1);
  // 13 in the answer; two that found no room, and the later one, are requests of their own.
  expect(sent.map(({ mock }) => mock.calls.length)).toEqual([3, 1, 1]);
  expect(inboxes[0]?.length).toBe(new Set(inboxes[0]).size);
});

test('write to nobody, to a peer that is away, and of what is too large neither throws nor waits', async () => {
  const members = await makeMembers(2);
  const node = start(members[0], members);
  const peer = addressOf(members[1] ?? fail()).replace(/\/\w+$/, '');
  node.write(peer, Buffer.from('x'));
  node.write('tcp://127.0.0.1:1', Buffer.from('x'));
  const late = start(members[1], members);
  const inbox = received(late);
  await untilLinked(node, late);
  node.write(peer, Buffer.alloc(5 * 1024 * 1024));
  node.write(peer, Buffer.from('after'));
  await until('the packet has come', () => inbox.length > 0);
  expect(inbox).toEqual([`${node.publicKey}: after`]);
});

test('nodes whose configurations differ refuse each other, and both name the field', async () => {
  const members = await makeMembers(5);
  const [first, second, third, fourth, fifth] = members;
  const logs: TestLog[] = [{ errors: [] }, { errors: [] }, { errors: [] }];
  const three = start(first, members.slice(0, 3), logs[0]);
  const five = start(second, members, logs[1]);
  const unknown = start(fourth, members, logs[2]);
  await until('all are refused', () =>
    [
      three.linkState(five.publicKey),
      five.linkState(three.publicKey),
      unknown.linkState(three.publicKey),
    ].every(({ reason }) => reason?.includes('cluster size')),
  );
  expect(three.linkState(five.publicKey)).toEqual({
    connected: false,
    reachesThis: false,
    reason: 'cluster size 5 there, 3 here: give all nodes the same configuration',
  });
  expect(five.linkState(three.publicKey).reason).toContain('cluster size 3 there, 5 here');
  await untilLinkedTo(five, unknown);
  await until('all have logged it', () => logs.every(({ errors }) => errors.length > 0));
  expect(logs[0]?.errors.some((line) => line.includes(five.address) && line.includes('cluster size 5'))).toBe(
    true,
  );
  expect(logs[0]?.errors.some((line) => line.includes('a stranger') && line.includes('cluster size 5'))).toBe(
    true,
  );

  const otherThird = start(third, [first ?? fail(), third ?? fail(), fifth ?? fail()]);
  await until('other members are refused', () =>
    [three.linkState(otherThird.publicKey), otherThird.linkState(three.publicKey)].every(({ reason }) =>
      reason?.includes("members' public keys differ"),
    ),
  );
});

test('a refused peer is logged once, however often it tries', async () => {
  const members = await makeMembers(3);
  const log: TestLog = { errors: [] };
  const node = start(members[0], members, log);
  const other = start(members[1], members.slice(0, 2));
  let refusals = 0;
  other.sockets.get(node.address)?.on('refused', () => refusals++);
  await until('it has tried four times', () => refusals >= 4);
  expect(log.errors).toHaveLength(1);
  expect(log.errors[0]).not.toContain(members[0]?.keys.secretKey);
});

test('another node at the address is refused by its key', async () => {
  const members = await makeMembers(3);
  const [a, b, c] = members;
  const impostor: TestMember = { keys: (c ?? fail()).keys, port: (b ?? fail()).port };
  const node = start(a, members);
  const wrong = start(impostor, [a ?? fail(), { ...(b ?? fail()), port: (c ?? fail()).port }, impostor]);
  await until(
    'the reason is known',
    () => node.linkState((b ?? fail()).keys.publicKey).reason?.includes('key') === true,
  );
  expect(node.linkState((b ?? fail()).keys.publicKey)).toEqual({
    connected: false,
    reachesThis: false,
    reason: 'its key is not that of the member with this address',
  });
  expect(node.linkState(wrong.publicKey).connected).toBe(false);
});

test('links are made anew when a member joins later, with the new fingerprint', async () => {
  const members = await makeMembers(3);
  const [a, b, c] = members;
  const two = members.slice(0, 2);
  const nodeA = start(a, two);
  const nodeB = start(b, two);
  await untilLinked(nodeA, nodeB);
  nodeA.nodeApi.join(addressOf(c ?? fail()));
  await until(
    'the others differ now',
    () => nodeB.linkState(nodeA.publicKey).reason?.includes('size') === true,
  );
  nodeB.nodeApi.join(addressOf(c ?? fail()));
  const nodeC = start(c, members);
  await untilLinked(nodeA, nodeB, nodeC);
});

test("a member's second connection takes the place of its first", async () => {
  const members = await makeMembers(2);
  const [a, b] = members;
  const node = start(a, members);
  const identity = {
    secureContext: makeNodeCertificate((b ?? fail()).keys.secretKey).secureContext,
    hello: () =>
      helloOf(
        members.map(({ keys }) => keys.publicKey),
        null,
      ),
  };
  const inbox = received(node);
  const [first, second] = [0, 1].map(() => {
    const link = new Link({ address: node.address, publicKey: node.publicKey }, identity);
    links.push(link);
    return link;
  });
  first?.open();
  await until('the first is up', () => first?.state.connected === true);
  const lost = new Promise((resolve) => first?.once('link', resolve));
  second?.open();
  expect(await lost).toBe(false);
  await first?.close();
  await until('the second is up', () => second?.state.connected === true);
  second?.send(Buffer.from('here'));
  await until('it is heard', () => inbox.length > 0);
  expect(inbox).toEqual([`${b?.keys.publicKey}: here`]);
});

async function untilLinkedTo(one: TCPMokka, other: TCPMokka): Promise<void> {
  await until('both are linked', () =>
    [one.linkState(other.publicKey), other.linkState(one.publicKey)].every(({ connected }) => connected),
  );
}

function fail(): never {
  throw new Error('missing in the test');
}
