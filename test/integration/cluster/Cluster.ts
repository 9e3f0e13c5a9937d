import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clusterFingerprint } from '../../../src/config/clusterFingerprint';
import type { ClusterSettings } from '../../../src/config/clusterFile';
import { HTTP_PORT_OFFSET } from '../../../src/config/httpConfig';
import { generateKeyPair } from '../../../src/config/keyPair';
import { CLUSTER_FILE_NAME, writeCluster, type MemberWithKeys } from '../../../src/config/writeCluster';
import type { NodeInfo, Retain } from '../../../src/api';
import { NodeProcess } from './NodeProcess';
import { ProxiedLinks, type LinkOptions } from './ProxiedLinks';
import { until } from './until';

const SIZE = 3;
const FIRST_PORT = 23_000;
const LAST_PORT = 32_000;
const CONFIG_DIRECTORY = 'config';

/** How long a started or restarted cluster may take until it serves, ms; generous, since test machines are shared. */
export const SERVES_WITHIN_MS = 60_000;

/** What a cluster.json may have of its settings. */
export type FileSettings = Partial<ClusterSettings> & {
  readonly retain?: Retain;
  readonly storeBytesMax?: number;
  readonly archive?: string;
};

/** Settings with which no leadership ends but by what a test does, however busy the machine is. */
export const CALM: ClusterSettings = { heartbeat: 100, electionTimeout: 1500 };

/** Three real nodes on ports and in a directory of their own. */
export class Cluster {
  readonly nodes: (NodeProcess | undefined)[] = [];

  private constructor(
    readonly startPort: number,
    readonly dataDirectory: string,
    private readonly env: NodeJS.ProcessEnv,
    /** None where the demo keys are used. */
    readonly members: readonly MemberWithKeys[] = [],
    private readonly proxied: ProxiedLinks | null = null,
  ) {}

  /** A cluster whose nodes are not started yet. */
  static async create(env: NodeJS.ProcessEnv = {}): Promise<Cluster> {
    return new Cluster(await freeStartPort(), mkdtempSync(path.join(tmpdir(), 'mokka-cluster-')), env);
  }

  /** A cluster with keys of its own, whose nodes are not started yet. */
  static async createWithOwnKeys(env: NodeJS.ProcessEnv = {}, settings?: FileSettings): Promise<Cluster> {
    const startPort = await freeStartPort();
    const directory = mkdtempSync(path.join(tmpdir(), 'mokka-cluster-'));
    const members = Array.from({ length: SIZE }, (_, index) => ({
      host: '127.0.0.1',
      port: startPort + index,
      keys: generateKeyPair(),
    }));
    writeCluster(path.join(directory, CONFIG_DIRECTORY), members);
    const file = path.join(directory, CONFIG_DIRECTORY, CLUSTER_FILE_NAME);
    const content = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...content, settings }));
    return new Cluster(startPort, directory, { ...env, CLUSTER_CONFIG: file }, members);
  }

  /** A cluster whose links may be cut, with keys of its own, whose nodes are not started yet. */
  static async createBehindProxies(env: NodeJS.ProcessEnv = {}, how: LinkOptions = {}): Promise<Cluster> {
    const startPort = await freeStartPort();
    const directory = mkdtempSync(path.join(tmpdir(), 'mokka-cluster-'));
    const links = await ProxiedLinks.create(directory, startPort, SIZE, how);
    return new Cluster(startPort, directory, env, [], links);
  }

  static async started(env: NodeJS.ProcessEnv = {}): Promise<Cluster> {
    const cluster = await Cluster.create(env);
    cluster.startAll();
    try {
      await cluster.leader();
    } catch (error) {
      // Whoever asked has nothing to end.
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  startAll(): void {
    for (let index = 0; index < SIZE; index++) this.start(index);
  }

  start(index: number, env: NodeJS.ProcessEnv = {}): NodeProcess {
    const node = new NodeProcess({
      index,
      ...(this.members.length === 0 && this.proxied === null ? { startPort: this.startPort } : {}),
      dataDirectory: this.dataDirectory,
      env: {
        ...this.env,
        ...(this.proxied === null ? {} : { CLUSTER_CONFIG: this.proxied.clusterFileOf(index) }),
        ...env,
      },
    });
    this.nodes[index] = node;
    return node;
  }

  node(index: number): NodeProcess {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`node ${index} was not started`);
    return node;
  }

  /** A member, of a cluster with keys of its own. */
  member(index: number): MemberWithKeys {
    const member = this.members[index];
    if (member === undefined) throw new Error(`there is no member ${index} with a key of its own`);
    return member;
  }

  /** The links, of a cluster behind proxies. */
  get links(): ProxiedLinks {
    if (this.proxied === null) throw new Error('the links of this cluster have no proxies');
    return this.proxied;
  }

  /** Where the cluster.json is of one with keys of its own. */
  get configDirectory(): string {
    return path.join(this.dataDirectory, CONFIG_DIRECTORY);
  }

  /** What its nodes' stores are opened with. */
  get clusterId(): string {
    return clusterFingerprint(this.members.map(({ keys }) => keys.publicKey));
  }

  get running(): NodeProcess[] {
    return this.nodes.filter((node): node is NodeProcess => node !== undefined && !node.hasEnded);
  }

  directoryOf(index: number): string {
    return path.join(this.dataDirectory, `node-${index}`);
  }

  async infos(of: readonly NodeProcess[] = this.running): Promise<NodeInfo[]> {
    return Promise.all(of.map((node) => node.info()));
  }

  /** The node that leads, once all running nodes, or those given, name it. */
  async leader(among?: readonly NodeProcess[]): Promise<NodeProcess> {
    let infos: NodeInfo[] = [];
    const look = async (): Promise<NodeProcess | undefined> => {
      infos = await this.infos(among);
      const leader = infos[0]?.leader ?? null;
      const agreed = leader !== null && infos.every((info) => info.leader === leader);
      return agreed && infos.some((info) => info.node === leader && info.state === 'leader')
        ? this.node(leader)
        : undefined;
    };
    return until(SERVES_WITHIN_MS, 'all name one leader', look, () => JSON.stringify(infos));
  }

  async follower(): Promise<NodeProcess> {
    const leader = await this.leader();
    const follower = this.running.find((node) => node !== leader);
    if (follower === undefined) throw new Error('no follower runs');
    return follower;
  }

  /** Waits until all running nodes have committed the same last log, and returns its index and hash. */
  async converged(): Promise<{ index: number; hash: string }> {
    return until(SERVES_WITHIN_MS, 'all logs are equal and committed', async () => {
      const infos = await this.infos();
      const [first] = infos;
      const equal = infos.every(
        (info) =>
          info.hash === first?.hash && info.committedIndex === info.index && info.index === first.index,
      );
      return first !== undefined && equal ? { index: first.index, hash: first.hash } : undefined;
    });
  }

  /** Kills what runs and removes the directory; fails when a node printed a line that nobody asked for. */
  async end(): Promise<void> {
    const unasked = this.nodes.flatMap((node) => node?.unasked ?? []);
    await Promise.all(this.running.map((node) => node.kill()));
    this.proxied?.close();
    rmSync(this.dataDirectory, { recursive: true, force: true });
    if (unasked.length > 0) throw new Error(`unasked lines on stdout: ${unasked.join(' | ')}`);
  }
}

/** A START_PORT whose ports, those for HTTP included, are free now. */
export async function freeStartPort(): Promise<number> {
  for (;;) {
    const start = FIRST_PORT + SIZE * Math.floor((Math.random() * (LAST_PORT - FIRST_PORT)) / SIZE);
    const ports = Array.from({ length: SIZE }, (_, index) => [
      start + index,
      start + HTTP_PORT_OFFSET + index,
    ]);
    const free = await Promise.all(ports.flat().map(isFree));
    if (free.every(Boolean)) return start;
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
