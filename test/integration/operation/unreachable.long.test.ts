import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { MemberStatus, PeerInfo } from '../../../src/api';
import { Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import type { HeldNames } from '../cluster/heldNames';
import { REPOSITORY, type NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

jest.setTimeout(240_000);

async function peerOf(node: NodeProcess, peer: number): Promise<PeerInfo> {
  const found = (await node.info()).peers.find((one) => one.node === peer);
  if (found === undefined) throw new Error(`there is no node ${peer}`);
  return found;
}

async function statusOf(node: NodeProcess, member: number): Promise<MemberStatus> {
  const { members } = (await node.expectOk('status')) as { members: MemberStatus[] };
  const found = members.find((one) => one.node === member);
  if (found === undefined) throw new Error(`there is no node ${member}`);
  return found;
}

function untilPeer(
  node: NodeProcess,
  peer: number,
  what: string,
  holds: (peer: PeerInfo) => boolean,
): Promise<PeerInfo> {
  let seen: PeerInfo | null = null;
  const look = async (): Promise<PeerInfo | undefined> => {
    seen = await peerOf(node, peer);
    return holds(seen) ? seen : undefined;
  };
  return until(SERVES_WITHIN_MS, what, look, () => JSON.stringify(seen));
}

test('followers between whom packets are lost say so, though they have nothing to say to each other', async () => {
  const cluster = await Cluster.createBehindProxies();
  try {
    cluster.startAll();
    const leader = (await cluster.leader()).options.index;
    const [one, other] = [0, 1, 2].filter((index) => index !== leader) as [number, number];
    const pairs: [number, number][] = [
      [one, other],
      [other, one],
    ];
    for (const [from, to] of pairs)
      await untilPeer(cluster.node(from), to, 'the followers are linked', ({ connected }) => connected);
    for (const [from, to] of pairs) cluster.links.link(from, to).silence();
    for (const [from, to] of pairs) {
      const node = cluster.node(from);
      const seen = await untilPeer(node, to, 'the cut is told', ({ connected }) => !connected);
      expect(seen.reason).toEqual(expect.any(String));
      expect(await statusOf(node, to)).toMatchObject({ reachable: false });
      expect((await node.info()).leader).toBe(leader);
    }
    cluster.links.healAll();
    for (const [from, to] of pairs)
      await untilPeer(cluster.node(from), to, 'they are linked again', ({ connected }) => connected);
  } finally {
    await cluster.end();
  }
});

/** Names of nodes that resolve by a file which the test writes. */
class Names {
  private readonly directory = mkdtempSync(path.join(tmpdir(), 'mokka-names-'));
  private readonly file = path.join(this.directory, 'held.json');
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    this.hold();
    const held = path.join(REPOSITORY, 'test/integration/cluster/heldNames.ts');
    this.env = { NODE_OPTIONS: `--require ts-node/register --require ${held}`, HELD_NAMES: this.file };
  }

  /** From now on the servers of these names do not answer, and those of all others do. */
  hold(...names: HeldNames): void {
    writeFileSync(this.file, JSON.stringify(names));
  }

  end(): void {
    rmSync(this.directory, { recursive: true });
  }
}

test('a dead member whose name hangs in DNS holds up no other: a cut that heals, a restart', async () => {
  const names = new Names();
  const cluster = await Cluster.createBehindProxies(names.env, { hostOf: (node) => `host-${node}.test` });
  try {
    cluster.startAll();
    await cluster.leader();
    names.hold('host-2.test');
    await cluster.node(2).kill();
    for (const node of cluster.running)
      await untilPeer(node, 2, 'the name is told', ({ reason }) =>
        /the name host-2\.test does not resolve \(for \d+ s: no answer\)/.test(reason ?? ''),
      );

    for (const link of [cluster.links.link(0, 1), cluster.links.link(1, 0)]) link.cut();
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const)
      await untilPeer(cluster.node(from), to, 'the cut is told', ({ connected }) => !connected);
    cluster.links.healAll();
    await (await cluster.leader()).addLog('healed', 'yes');

    await cluster.node(1).kill();
    cluster.start(1);
    await (await cluster.leader()).addLog('restarted', 'yes');
    await cluster.converged();
  } finally {
    await cluster.end();
    names.end();
  }
});
