import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatKeyFile } from '../../src/config/keyFile';
import { generateKeyPair } from '../../src/config/keyPair';
import type { NodeInfo } from '../../src/mokka/api';
import { freeStartPort } from '../integration/cluster/Cluster';
import { NodeProcess } from '../integration/cluster/NodeProcess';
import { LinkProxy } from './LinkProxy';

export const SIZE = 3;

/** Three real nodes whose links go through proxies, each with keys of its own. */
export class TorturedCluster {
  readonly nodes: (NodeProcess | undefined)[] = [];
  private readonly proxies = new Map<string, LinkProxy>();

  private constructor(
    /** All that is needed to understand a failure is kept here. */
    readonly folder: string,
    private readonly startPort: number,
  ) {}

  static async create(): Promise<TorturedCluster> {
    const folder = mkdtempSync(path.join(tmpdir(), 'mokka-torture-'));
    const cluster = new TorturedCluster(folder, await freeStartPort());
    const keys = Array.from({ length: SIZE }, () => generateKeyPair());
    for (let node = 0; node < SIZE; node++) {
      const members = [];
      for (const [peer, { publicKey }] of keys.entries())
        members.push({ address: `tcp://127.0.0.1:${await cluster.portOf(node, peer)}`, publicKey });
      mkdirSync(cluster.configOf(node), { recursive: true });
      writeFileSync(path.join(cluster.configOf(node), 'cluster.json'), JSON.stringify({ members }));
      const own = keys[node];
      if (own === undefined) throw new Error('no keys');
      writeFileSync(path.join(cluster.configOf(node), `node-${node}.key`), formatKeyFile(own), {
        mode: 0o600,
      });
    }
    return cluster;
  }

  start(index: number): NodeProcess {
    const node = new NodeProcess({
      index,
      dataDirectory: path.join(this.folder, 'data'),
      env: { CLUSTER_CONFIG: path.join(this.configOf(index), 'cluster.json') },
    });
    node.child.stderr?.on('data', (text: Buffer) => appendFileSync(this.logOf(index), text));
    this.nodes[index] = node;
    return node;
  }

  running(index: number): NodeProcess | undefined {
    const node = this.nodes[index];
    return node === undefined || node.hasEnded ? undefined : node;
  }

  async kill(index: number): Promise<void> {
    await this.running(index)?.kill();
  }

  wipe(index: number): void {
    rmSync(path.join(this.folder, 'data', `node-${index}`), { recursive: true, force: true });
  }

  /** The links of `from` to `to`; each node has its own to each peer, so that a cut may be one way. */
  link(from: number, to: number): LinkProxy {
    const proxy = this.proxies.get(`${from}>${to}`);
    if (proxy === undefined) throw new Error(`no link ${from}>${to}`);
    return proxy;
  }

  healAll(): void {
    for (const proxy of this.proxies.values()) proxy.heal();
  }

  async infos(): Promise<NodeInfo[]> {
    const running = this.nodes.filter((node): node is NodeProcess => node !== undefined && !node.hasEnded);
    return Promise.all(running.map((node) => node.info()));
  }

  /**
   * Makes every sync of a node's disk slow, or fail, until the returned function is called.
   *
   * @returns null where strace cannot be used.
   */
  disturbDisk(index: number, injection: string): (() => void) | null {
    const pid = this.processOf(index);
    if (pid === null || !canTrace()) return null;
    const tracer = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-p', String(pid), '-e', injection], {
      stdio: 'ignore',
    });
    tracer.on('error', () => undefined);
    return () => tracer.kill('SIGTERM');
  }

  async end(keep: boolean): Promise<void> {
    await Promise.all(this.nodes.map((_, index) => this.kill(index)));
    for (const proxy of this.proxies.values()) proxy.close();
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }

  private async portOf(node: number, peer: number): Promise<number> {
    if (node === peer) return this.startPort + node;
    const proxy = await LinkProxy.to(this.startPort + peer);
    this.proxies.set(`${node}>${peer}`, proxy);
    return proxy.port;
  }

  private configOf(node: number): string {
    return path.join(this.folder, `config-${node}`);
  }

  private logOf(node: number): string {
    return path.join(this.folder, `node-${node}.log`);
  }

  /** The process of the node itself, below npm and its shells; null where /proc does not tell. */
  private processOf(index: number): number | null {
    let pid = this.running(index)?.child.pid;
    try {
      for (;;) {
        const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
        if (child === undefined || child === '') return pid ?? null;
        pid = Number(child);
      }
    } catch {
      return null;
    }
  }
}

function canTrace(): boolean {
  return (
    process.getuid?.() === 0 &&
    spawnSync('strace', ['-V']).status === 0 &&
    readdirSync('/proc').includes('self')
  );
}
