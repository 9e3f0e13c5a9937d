import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterFingerprint, generateKeyPair } from '../../../src';
import { BY_TS_NODE } from '../../programs';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, until } from '../transport/members';
import type { EmbeddedSettings, News, Order, Pushed, Sight } from './embeddedNode';

/** What the slowest machine may take for anything, ms. */
const WITHIN_MS = 150_000;
const LOOK_EVERY_MS = 50;

/** A program with a node in it, in a process of its own. */
class EmbeddedNode {
  private readonly news: News[] = [];
  /** By fork, since it is told what to do by messages. */
  private readonly child: ChildProcess = fork(join(__dirname, 'embeddedNode.ts'), {
    execArgv: [...BY_TS_NODE],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  private readonly ended = new Promise((resolve) => this.child.once('exit', resolve));

  constructor() {
    this.child.on('message', (news) => this.news.push(news as News));
  }

  /** Waits for its next news, which must be of one kind. */
  async next<Kind extends News['is']>(kind: Kind): Promise<Extract<News, { is: Kind }>> {
    await until(`a node's ${kind}`, () => this.news.length > 0, WITHIN_MS);
    const news = this.news.shift();
    if (news?.is !== kind) throw new Error(`not ${kind}: ${JSON.stringify(news)}`);
    return news as Extract<News, { is: Kind }>;
  }

  tell(order: Order): void {
    this.child.send(order);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Programs that embed the nodes of one cluster, each in a process of its own. */
export class EmbeddedCluster {
  private constructor(
    private readonly directory: string,
    private readonly nodes: readonly EmbeddedNode[],
  ) {}

  static async start(
    size: number,
    timing: Pick<EmbeddedSettings, 'heartbeat' | 'electionTimeout'>,
  ): Promise<EmbeddedCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'mokka-embedded-'));
    const keys = Array.from({ length: size }, () => generateKeyPair());
    const addresses: string[] = [];
    for (const { publicKey } of keys) addresses.push(`tcp://127.0.0.1:${await freePort()}/${publicKey}`);
    const clusterId = clusterFingerprint(keys.map(({ publicKey }) => publicKey));
    const cluster = new EmbeddedCluster(
      directory,
      keys.map(() => new EmbeddedNode()),
    );
    for (const [index, { publicKey, secretKey, votingKey }] of keys.entries()) {
      const place = { address: addresses[index] ?? '', directory: join(directory, `node-${index}`) };
      const own = { publicKey, secretKey, privateKey: votingKey };
      const settings = { ...place, members: addresses, clusterId, ...own, ...timing };
      await cluster.node(index).next('ready');
      cluster.node(index).tell({ do: 'connect', settings });
      await cluster.node(index).next('connected');
    }
    return cluster;
  }

  /** What each node sees, once all follow one leader and hold the same logs; heldUpMs is the longest of any. */
  async agreed(): Promise<Sight & { readonly leader: number }> {
    const end = performance.now() + WITHIN_MS;
    for (;;) {
      const sights = await Promise.all(this.nodes.map((_, index) => this.look(index)));
      const [sight, ...others] = sights;
      if (sight !== undefined && sight.leader !== null && others.every((other) => isSame(sight, other))) {
        const heldUpMs = Math.max(...sights.map((each) => each.heldUpMs));
        return { ...sight, leader: sight.leader, heldUpMs };
      }
      if (performance.now() > end) throw new Error(`no agreement: ${JSON.stringify(sights)}`);
      await pause(LOOK_EVERY_MS);
    }
  }

  async push(index: number, how: 'push' | 'pushInTurn', count: number): Promise<Pushed> {
    this.node(index).tell({ do: how, count });
    const { codes, wasLate } = await this.node(index).next('pushed');
    return { codes, wasLate };
  }

  async end(): Promise<void> {
    for (const node of this.nodes) await node.kill();
    await rm(this.directory, { recursive: true });
  }

  private async look(index: number): Promise<Sight> {
    this.node(index).tell({ do: 'look' });
    const { leader, term, index: last, heldUpMs } = await this.node(index).next('seen');
    return { leader, term, index: last, heldUpMs };
  }

  private node(index: number): EmbeddedNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }
}

function isSame(one: Sight, other: Sight): boolean {
  return one.leader === other.leader && one.term === other.term && one.index === other.index;
}
