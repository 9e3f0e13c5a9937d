import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { MemberStatus, NodeInfo } from '../../../src/api';
import { Cluster, freeStartPort, SERVES_WITHIN_MS } from '../cluster/Cluster';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** What `info` says on a node when nothing can be committed at it: each cause in its own words, on real processes. */
jest.setTimeout(180_000);

/** Until a cause is told rather than that an election is under way. */
const TOLD_WITHIN_MS = 30_000;

let cluster: Cluster;
afterEach(() => cluster.end());

async function serving(): Promise<{ leader: number; followers: number[] }> {
  cluster = await Cluster.createBehindProxies();
  cluster.startAll();
  const { index: leader } = (await cluster.leader()).options;
  await cluster.node(leader).addLog('before', 'it');
  await cluster.converged();
  return { leader, followers: [0, 1, 2].filter((index) => index !== leader) };
}

async function expectProblem(node: NodeProcess, words: RegExp): Promise<void> {
  let info: NodeInfo | null = null;
  const look = async (): Promise<true | undefined> => {
    info = await node.info();
    return words.test(info.problem ?? '') ? true : undefined;
  };
  await until(TOLD_WITHIN_MS, `node ${node.options.index} says ${String(words)}`, look, () =>
    JSON.stringify(info),
  );
}

/** Changes where a node believes that a member is: `tcp://` and what follows. */
function moveMember(inFileOf: number, member: number, address: string): void {
  const file = cluster.links.clusterFileOf(inFileOf);
  const content = JSON.parse(readFileSync(file, 'utf8')) as { members: { address: string }[] };
  const moved = content.members[member];
  if (moved === undefined) throw new Error(`no member ${member}`);
  moved.address = address;
  writeFileSync(file, JSON.stringify(content));
}

test('a follower that is cut off from its leader alone names the leader, and goes on when the cut is healed', async () => {
  const { leader, followers } = await serving();
  const [blind = 0, other = 0] = followers;
  cluster.links.link(leader, blind).cut();
  await expectProblem(
    cluster.node(blind),
    new RegExp(`^Node ${leader} leads, as .* is reached from here, but does not reach this node at tcp://`),
  );
  cluster.links.link(blind, leader).cut();
  await expectProblem(
    cluster.node(blind),
    new RegExp(
      `^Node ${leader} leads, as node ${other} says, but this node has no link to it: node ${leader} \\(for`,
    ),
  );
  expect((await cluster.node(other).info()).problem).toBeNull();
  cluster.links.healAll();
  await cluster.leader();
  expect((await cluster.node(blind).info()).problem).toBeNull();
});

test('a node whose own address changed says that nobody reaches it there', async () => {
  const { leader, followers } = await serving();
  const [moved = 0] = followers;
  await cluster.node(moved).kill();
  const port = await freeStartPort();
  moveMember(moved, moved, `tcp://127.0.0.1:${port}`);
  await expectProblem(
    cluster.start(moved),
    new RegExp(
      `^Node \\d, node \\d can be reached from here, but cannot reach this node at tcp://127\\.0\\.0\\.1:${port}`,
    ),
  );
  expect((await cluster.node(leader).info()).problem).toBeNull();
});

test('a node whose own address changed says so where it could help to make a majority, and the other what it lacks', async () => {
  const { leader, followers } = await serving();
  const [moved = 0, absent = 0] = followers;
  await cluster.node(moved).kill();
  await cluster.node(leader).addLog('not', 'there');
  await cluster.node(absent).kill();
  await cluster.node(leader).kill();
  moveMember(moved, moved, `tcp://127.0.0.1:${await freeStartPort()}`);
  const complete = cluster.start(leader);
  await expectProblem(
    cluster.start(moved),
    new RegExp(`^Node ${leader} can be reached from here, but cannot reach this node at tcp://`),
  );
  await expectProblem(complete, /^1 of 3 members are reachable and 2 are needed/);
});

test('two that lost their data are named as a lost majority, on all three', async () => {
  cluster = await Cluster.started();
  await cluster.node(0).addLog('before', 'it');
  await cluster.converged();
  for (const node of cluster.running) await node.kill();
  for (const index of [0, 1]) rmSync(cluster.directoryOf(index), { recursive: true });
  cluster.startAll();
  await expectProblem(cluster.node(2), /^2 of 3 members lost their data \(node [01], node [01]\), too many/);
  await expectProblem(cluster.node(0), /^2 of 3 members lost their data \(this node, node 1\), too many/);
  await expectProblem(cluster.node(1), /^2 of 3 members lost their data \(this node, node 0\), too many/);
});

test('one that lost its data beside one that is down is told as too few that can vote', async () => {
  cluster = await Cluster.started();
  await cluster.node(0).addLog('before', 'it');
  await cluster.converged();
  for (const node of cluster.running) await node.kill();
  rmSync(cluster.directoryOf(0), { recursive: true });
  cluster.start(0);
  cluster.start(1);
  const words = /^1 of 3 members can vote and 2 are needed: .* lost the data .* not reachable: node 2/;
  await expectProblem(cluster.node(1), words);
  await expectProblem(cluster.node(0), words);
});

test('a name that does not resolve is said to be that', async () => {
  const { followers } = await serving();
  const [lonely = 0, other = 0] = followers;
  for (const node of cluster.running) await node.kill();
  moveMember(lonely, other, 'tcp://no-such-host.invalid:2000');
  await expectProblem(
    cluster.start(lonely),
    new RegExp(`^1 of 3 .*node ${other} \\(for \\d+ s: [^)]*no-such-host\\.invalid does not resolve`),
  );
});

test('status at a follower shows how far behind all are, as the leader knows it', async () => {
  cluster = await Cluster.started();
  const leader = await cluster.leader();
  const [follower, frozen] = cluster.running.filter((node) => node !== leader);
  if (follower === undefined || frozen === undefined) throw new Error('three run');
  const behind = async (): Promise<(number | null)[]> => {
    const { members } = (await follower.expectOk('status')) as { members: MemberStatus[] };
    return members.map((member) => member.behind);
  };
  await leader.addLog('with', 'all');
  await until(SERVES_WITHIN_MS, 'all are up to date', async () =>
    (await behind()).every((count) => count === 0) ? true : undefined,
  );
  frozen.signalGroup('SIGSTOP');
  try {
    for (let count = 0; count < 5; count++) await leader.addLog('without', 'one');
    const expected = [0, 1, 2].map((index) => (index === frozen.options.index ? 5 : 0));
    await until(SERVES_WITHIN_MS, 'the frozen one is behind', async () =>
      JSON.stringify(await behind()) === JSON.stringify(expected) ? true : undefined,
    );
  } finally {
    frozen.signalGroup('SIGCONT');
  }
});
