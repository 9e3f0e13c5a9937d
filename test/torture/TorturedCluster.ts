import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NodeInfo } from '../../src/api';
import { freeStartPort } from '../integration/cluster/Cluster';
import { whyNoTrace } from '../integration/cluster/disturbances';
import { NodeProcess } from '../integration/cluster/NodeProcess';
import { ProxiedLinks } from '../integration/cluster/ProxiedLinks';

export const SIZE = 3;

/** Three real nodes whose links go through proxies, each with keys of its own. */
export class TorturedCluster {
  readonly nodes: (NodeProcess | undefined)[] = [];

  private constructor(
    /** All that is needed to understand a failure is kept here. */
    readonly folder: string,
    readonly links: ProxiedLinks,
  ) {}

  static async create(): Promise<TorturedCluster> {
    const folder = mkdtempSync(path.join(tmpdir(), 'mokka-torture-'));
    return new TorturedCluster(folder, await ProxiedLinks.create(folder, await freeStartPort(), SIZE));
  }

  start(index: number): NodeProcess {
    const node = new NodeProcess({
      index,
      dataDirectory: path.join(this.folder, 'data'),
      env: { CLUSTER_CONFIG: this.links.clusterFileOf(index) },
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
    if (pid === null || whyNoTrace() !== null) return null;
    // No StartedProgram: where strace cannot start, the disk is as it was.
    const tracer = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-p', String(pid), '-e', injection], {
      stdio: 'ignore',
    });
    tracer.on('error', () => undefined);
    return () => tracer.kill('SIGTERM');
  }

  async end(keep: boolean): Promise<void> {
    await Promise.all(this.nodes.map((_, index) => this.kill(index)));
    this.links.close();
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }

  private logOf(node: number): string {
    return path.join(this.folder, `node-${node}.log`);
  }

  /** The process of the node itself, below npm and its shells; null where /proc does not tell. */
  private processOf(index: number): number | null {
    try {
      return this.running(index)?.pid ?? null;
    } catch {
      return null;
    }
  }
}
