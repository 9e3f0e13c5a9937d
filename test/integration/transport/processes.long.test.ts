import { ANSWER_MS_MAX, LINK_BYTES_UNANSWERED_MAX } from '../../../src/limits';
import type { TCPMokka } from '../../../src/TCPMokka';
import { makeMembers, MemberProcess, startMember, until, type TestMember } from './members';

jest.mock('../../../src/mokka/ReplicatedMokka', () => jest.requireActual<object>('./FakeReplicatedMokka'));
// There are no elections to warm up for, and in jest's sandbox a round of it takes a second.
jest.mock('../../../src/mokka/warmUp', () => ({ warmUpVoting: () => () => undefined }));

const MiB = 1024 * 1024;

/** So long the node's own event loop is blocked, ms: less than after which a peer is given up. */
const BLOCK_MS = ANSWER_MS_MAX / 2;

let members: TestMember[];
let node: TCPMokka;
let child: MemberProcess;
let peerKey: string;
let peerAddress: string;

beforeEach(async () => {
  members = await makeMembers(2);
  [node] = members.slice(0, 1).map((self) => startMember(self, members)) as [TCPMokka];
  [peerKey] = [...node.nodes.keys()] as [string];
  peerAddress = node.nodes.get(peerKey)?.address ?? '';
  await startChild();
});

afterEach(async () => {
  await child.kill();
  await node.disconnect();
});

async function startChild(): Promise<void> {
  child = new MemberProcess();
  await child.ready();
  child.tell({ do: 'start', self: 1, members });
  await until('both ends are up', () => isUp() && child.reports.some(({ is }) => is === 'link'));
}

function isUp(): boolean {
  return node.linkState(peerKey).connected;
}

function packets(): { bytes: number; at: number }[] {
  return child.reports.flatMap((report) => (report.is === 'packet' ? [report] : []));
}

function block(ms: number): number {
  const end = Date.now() + ms;
  while (Date.now() < end);
  return end;
}

test('a packet leaves before write returns: it arrives while the sender blocks its event loop', async () => {
  for (const bytes of [100, 100_000]) {
    const before = packets().length;
    const blockedUntil = await new Promise<number>((resolve) =>
      setImmediate(() => {
        node.write(peerAddress, Buffer.alloc(bytes));
        resolve(block(BLOCK_MS));
      }),
    );
    await until('the packet has come', () => packets().length === before + 1);
    expect(packets().at(-1)?.at).toBeLessThan(blockedUntil - 100);
  }
});

test('two turns of the event loop, each with a packet and a block: neither packet waits', async () => {
  const ends: number[] = [];
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      node.write(peerAddress, Buffer.alloc(100));
      ends.push(block(BLOCK_MS));
      if (ends.length < 2) setImmediate(turn);
      else resolve();
    };
    setImmediate(turn);
  });
  await until('both packets have come', () => packets().length === 2);
  packets().forEach(({ at }, i) => expect(at).toBeLessThan((ends[i] ?? 0) - 100));
});

test('a killed peer is known to be down before any time is up, and is linked when it listens again', async () => {
  const down = new Promise((resolve) => node.once('link', (_key: string, up: boolean) => resolve(up)));
  const killedAt = performance.now();
  child.signal('SIGKILL');
  expect(await down).toBe(false);
  expect(performance.now() - killedAt).toBeLessThan(ANSWER_MS_MAX);
  await child.kill();
  child = new MemberProcess();
  await child.ready();
  child.tell({ do: 'start', self: 1, members });
  await until('its own link is up', () => child.reports.some(({ is }) => is === 'link'));
  await until('the link to it is up', isUp);
});

test('a frozen peer costs a bounded amount of memory, and is linked again when it wakes', async () => {
  child.signal('SIGSTOP');
  const memory = (): number => process.memoryUsage().external;
  const before = memory();
  let written = 0;
  let peak = 0;
  while (isUp()) {
    node.write(peerAddress, Buffer.alloc(MiB));
    written += MiB;
    peak = Math.max(peak, memory() - before);
    expect(written).toBeLessThanOrEqual(LINK_BYTES_UNANSWERED_MAX + MiB);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(node.linkState(peerKey).reason).toContain('too much unanswered');
  expect(peak).toBeLessThan(64 * MiB);
  for (let i = 0; i < 100; i++) node.write(peerAddress, Buffer.alloc(MiB));
  child.signal('SIGCONT');
  await until('the link is up again', isUp);
});

test('a frozen peer is given up when its answers are overdue', async () => {
  child.signal('SIGSTOP');
  node.write(peerAddress, Buffer.from('are you there?'));
  await until('the link is down', () => !isUp());
  expect(node.linkState(peerKey).reason).toContain('has not answered');
  child.signal('SIGCONT');
  await until('the link is up again', isUp);
  expect(node.sockets.get(peerAddress)?.callbacks).toEqual({});
});

test('a peer that falls silent is known to be away, though nothing is sent to it', async () => {
  child.signal('SIGSTOP');
  await until('the link is down', () => !isUp(), 10_000);
  expect(node.linkState(peerKey).reason).toContain('has not answered');
  child.signal('SIGCONT');
  await until('the link is up again', isUp, 10_000);
});

test('an idle link stays up, and its requests are answered', async () => {
  let downs = 0;
  node.on('link', () => downs++);
  const link = node.sockets.get(peerAddress);
  if (link === undefined) throw new Error('no link');
  await until('some were sent', () => link.ids >= 3, 20_000);
  await until('all are answered', () => Object.keys(link.callbacks).length === 0);
  expect(downs).toBe(0);
  expect(packets()).toEqual([]);
});

test('a long block of its own makes a node give up no peer that has answered', async () => {
  let downs = 0;
  node.on('link', () => downs++);
  node.write(peerAddress, Buffer.from('one'));
  block(3500);
  const before = packets().length;
  node.write(peerAddress, Buffer.from('two'));
  await until('both are there', () => packets().length >= before + 1);
  expect(downs).toBe(0);
});
