import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ClusterSettings } from '../../../src/config/clusterFile';
import { formatKeyFile, keyFileName } from '../../../src/config/keyFile';
import { generateKeyPair } from '../../../src/config/keyPair';
import { CLUSTER_FILE_NAME } from '../../../src/config/writeCluster';
import { LinkProxy } from './LinkProxy';

/** What the cluster files say. */
export interface LinkOptions {
  /** What node i is called: 127.0.0.1, or a name of it. */
  readonly hostOf?: (node: number) => string;
  readonly settings?: ClusterSettings;
}

/**
 * The links of a cluster with keys of its own, each through a proxy: every node has its own link to each peer, so that
 * a cut may be one way. For that each node has a cluster file of its own, which names its proxies for its peers.
 */
export class ProxiedLinks {
  private readonly proxies = new Map<string, LinkProxy>();

  private constructor(
    private readonly folder: string,
    private readonly startPort: number,
    private readonly size: number,
  ) {}

  /** Writes the cluster and key files below `folder`. Node i listens on `startPort` + i. */
  static async create(
    folder: string,
    startPort: number,
    size: number,
    { hostOf = () => '127.0.0.1', settings }: LinkOptions = {},
  ): Promise<ProxiedLinks> {
    const links = new ProxiedLinks(folder, startPort, size);
    const keys = Array.from({ length: size }, () => generateKeyPair());
    for (const [node, own] of keys.entries()) {
      const members = [];
      for (const [peer, { publicKey }] of keys.entries())
        members.push({ address: `tcp://${hostOf(peer)}:${await links.portOf(node, peer)}`, publicKey });
      mkdirSync(links.folderOf(node), { recursive: true });
      writeFileSync(links.clusterFileOf(node), JSON.stringify({ members, settings }));
      writeFileSync(path.join(links.folderOf(node), keyFileName(node)), formatKeyFile(own), { mode: 0o600 });
    }
    return links;
  }

  /** What CLUSTER_CONFIG of a node is to be. */
  clusterFileOf(node: number): string {
    return path.join(this.folderOf(node), CLUSTER_FILE_NAME);
  }

  /** The links of `from` to `to`. */
  link(from: number, to: number): LinkProxy {
    const proxy = this.proxies.get(`${from}>${to}`);
    if (proxy === undefined) throw new Error(`no link ${from}>${to}`);
    return proxy;
  }

  /** Cuts a node off from all others, both ways: `silence` as when packets are lost, `cut` as when it is unplugged. */
  isolate(lonely: number, how: 'silence' | 'cut'): void {
    for (let peer = 0; peer < this.size; peer++)
      if (peer !== lonely) for (const link of [this.link(lonely, peer), this.link(peer, lonely)]) link[how]();
  }

  healAll(): void {
    for (const proxy of this.proxies.values()) proxy.heal();
  }

  close(): void {
    for (const proxy of this.proxies.values()) proxy.close();
  }

  private async portOf(node: number, peer: number): Promise<number> {
    if (node === peer) return this.startPort + node;
    const proxy = await LinkProxy.to(this.startPort + peer);
    this.proxies.set(`${node}>${peer}`, proxy);
    return proxy.port;
  }

  private folderOf(node: number): string {
    return path.join(this.folder, `config-${node}`);
  }
}
