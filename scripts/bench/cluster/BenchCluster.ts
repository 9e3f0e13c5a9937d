import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateKeyPair } from '../../../src/config/keyPair';
import { writeCluster } from '../../../src/config/writeCluster';
import { drawToken, formatTokenFile, hashToken } from '../../../src/http/access/tokenFile';
import type { NodeInfo } from '../../../src/api';
import { BenchNode } from './BenchNode';
import { freePorts } from './freePorts';
import type { Mode, Role } from '../options';
import type { RunLife } from '../RunLife';

const LOCALHOST = '127.0.0.1';

/** How long a cluster may take until it serves, ms. Generous: seven nodes on a busy machine. */
export const SERVES_WITHIN_MS = 60_000;

const LOOK_EVERY_MS = 25;

/** What a cluster is made of. */
export interface ClusterShape {
  readonly size: number;
  readonly mode: Mode;
  /** Below it the cluster makes a directory of its own. */
  readonly directory: string;
  /** Whether its nodes serve HTTP; not where it is left out. */
  readonly http?: boolean;
}

/** A cluster of real nodes with keys, ports and data of its own. */
export class BenchCluster {
  readonly #nodes: BenchNode[] = [];

  private constructor(
    readonly directory: string,
    private readonly shape: ClusterShape,
    private readonly clusterFile: string,
    /** Of each node, where the nodes serve HTTP. */
    private readonly httpPorts: readonly number[],
    private readonly life: RunLife,
  ) {}

  /** A token with all scopes of the nodes that serve HTTP. */
  readonly token = drawToken();

  /** Starts all nodes and waits until they serve. */
  static async start(shape: ClusterShape, life: RunLife): Promise<BenchCluster> {
    const directory = life.temporaryDirectory(shape.directory);
    const ports = await freePorts(2 * shape.size);
    const members = ports
      .slice(0, shape.size)
      .map((port) => ({ host: LOCALHOST, port, keys: generateKeyPair() }));
    const clusterFile = writeCluster(join(directory, 'config'), members).at(-1) ?? '';
    const httpPorts = shape.http === true ? ports.slice(shape.size) : [];
    const cluster = new BenchCluster(directory, shape, clusterFile, httpPorts, life);
    const stored = { sha256: hashToken(cluster.token).toString('hex'), scopes: ['admin'] } as const;
    writeFileSync(join(directory, 'config', 'tokens.json'), formatTokenFile([stored]), { mode: 0o600 });
    for (let index = 0; index < shape.size; index++) cluster.startNode(index);
    await cluster.settled();
    return cluster;
  }

  get size(): number {
    return this.shape.size;
  }

  get running(): BenchNode[] {
    return this.#nodes.filter((node) => node.running);
  }

  node(index: number): BenchNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  startNode(index: number): BenchNode {
    const { directory, clusterFile } = this;
    const httpPort = this.httpPorts[index] ?? null;
    const options = { index, clusterFile, dataDirectory: directory, mode: this.shape.mode, httpPort };
    return (this.#nodes[index] = new BenchNode(options, this.life));
  }

  httpPortOf(index: number): number {
    const port = this.httpPorts[index];
    if (port === undefined) throw new Error(`node ${index} serves no HTTP`);
    return port;
  }

  dataDirectoryOf(index: number): string {
    return join(this.directory, `node-${index}`);
  }

  async leader(): Promise<BenchNode> {
    return this.#until('all running nodes name one leader', (infos) => {
      const leader = infos[0]?.leader;
      const agreed = infos.every((info) => info.leader === leader);
      return agreed && typeof leader === 'number' && this.node(leader).running
        ? this.node(leader)
        : undefined;
    });
  }

  async nodeOfRole(role: Role): Promise<BenchNode> {
    const leader = await this.leader();
    if (role === 'leader') return leader;
    const follower = this.running.find((node) => node !== leader);
    if (follower === undefined) throw new Error('no follower runs');
    return follower;
  }

  /** Waits until all running nodes have one leader, are connected, and have committed the same last log. */
  async settled(timeoutMs = SERVES_WITHIN_MS): Promise<{ readonly entries: number }> {
    return this.#until(
      'all running nodes have one leader and the same log',
      (infos) => {
        const [first] = infos;
        const same = (info: NodeInfo): boolean =>
          info.leader !== null &&
          info.leader === first?.leader &&
          info.hash === first.hash &&
          info.committedIndex === info.index &&
          info.peers.filter(({ connected }) => connected).length === infos.length - 1;
        return first !== undefined && infos.every(same) ? { entries: first.index } : undefined;
      },
      timeoutMs,
    );
  }

  /** Ends all nodes and removes their data. */
  async end(): Promise<void> {
    await Promise.all(this.running.map((node) => node.kill()));
    this.life.remove(this.directory);
  }

  async #until<T>(
    what: string,
    look: (infos: NodeInfo[]) => T | undefined,
    timeoutMs = SERVES_WITHIN_MS,
  ): Promise<T> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const infos = await Promise.all(this.running.map((node) => node.info()));
      const found = look(infos);
      if (found !== undefined) return found;
      if (performance.now() > end)
        throw new Error(
          `not within ${timeoutMs} ms: ${what}. ${infos.find(({ problem }) => problem !== null)?.problem ?? ''}`,
        );
      await delay(LOOK_EVERY_MS);
    }
  }
}
