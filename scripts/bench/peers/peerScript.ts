import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { eachLine } from '../../../src/cli/lines/eachLine';
import { etcdFailovers, etcdLevels } from './etcd';
import { ONE_DISK, oneDiskLevels } from './oneDisk';
import type { Run } from '../Run';

/** A system that stands beside this product, and the server that it needs. */
export interface Peer {
  readonly peer: string;
  readonly server: string | null;
}

export const ETCD: Peer = { peer: 'etcd', server: 'etcd' };

/** What the bench runs by itself. */
const OWN_PEERS: readonly Peer[] = [ETCD, { peer: ONE_DISK, server: null }];

/** What a peers script runs. */
const SCRIPT_PEERS: readonly Peer[] = [
  ETCD,
  { peer: 'nats', server: 'nats-server' },
  { peer: 'ceiling', server: null },
];

/** Where Debian puts servers: not in every user's PATH. */
const SERVER_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin'];

const levelSchema = z.object({
  peer: z.string(),
  inflight: z.number(),
  rate: z.number(),
  p50_ms: z.number().nullable(),
  p99_ms: z.number().nullable(),
});

const failoverSchema = z.object({ peer: z.string(), ms: z.array(z.number()) });

/** One level as a peers script prints it. */
export type PeerLevel = z.infer<typeof levelSchema>;

/** The peers that can be run: the bench's own, or those of a script that was named. Why others cannot is noted. */
export function availablePeers(run: Run): Peer[] {
  const { peersScript } = run.options;
  if (peersScript !== undefined && !existsSync(peersScript)) {
    run.progress.note(`peers are skipped: ${peersScript} is not there`);
    return [];
  }
  const peers = peersScript === undefined ? OWN_PEERS : SCRIPT_PEERS;
  return peers.filter(({ peer, server }) => {
    const available = server === null || serverPath(server) !== null;
    if (!available)
      run.progress.note(`${peer} is skipped: ${server} is not installed (Debian has it in a package)`);
    return available;
  });
}

/** Runs a peer's levels; none, with a note, when its script fails. */
export async function peerLevels(run: Run, { peer, server }: Peer): Promise<PeerLevel[]> {
  if (run.options.peersScript === undefined)
    return server === null ? oneDiskLevels(run) : etcdLevels(run, serverPath(server) ?? '');
  const { inflight, seconds, warmup, keyBytes, valueBytes } = run.options;
  const options = { inflight: inflight.join(','), seconds, warmup, key: keyBytes, value: valueBytes };
  return z.array(levelSchema).parse(await runScript(run, peer, options));
}

/** Runs a peer's failovers: ms of each; none, with a note, when its script fails. */
export async function peerFailovers(run: Run, { peer, server }: Peer): Promise<number[]> {
  if (run.options.peersScript === undefined) return etcdFailovers(run, serverPath(server ?? '') ?? '');
  const { failover, keyBytes, valueBytes } = run.options;
  const lines = await runScript(run, peer, { failover, key: keyBytes, value: valueBytes });
  return lines.flatMap((line) => failoverSchema.parse(line).ms);
}

async function runScript(
  { options, directory, life, progress }: Run,
  peer: string,
  scriptOptions: Readonly<Record<string, string | number>>,
): Promise<unknown[]> {
  const all: Readonly<Record<string, string | number>> = { ...scriptOptions, dir: directory };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
  progress.show(`${peer} runs`);
  const child = spawn(process.execPath, [options.peersScript ?? '', peer, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  life.track(child, { cleansUp: true });
  const lines: string[] = [];
  let lastWords = '';
  eachLine(child.stdout, (line) => lines.push(line));
  eachLine(child.stderr, (line) => (lastWords = line));
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status === 0) return lines.map((line): unknown => JSON.parse(line));
  progress.note(`${peer} is skipped: ${lastWords}`);
  return [];
}

/** Where a server is; null when it is not installed. */
function serverPath(server: string): string | null {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_DIRECTORIES];
  const paths = directories.map((directory) => join(directory, server));
  return paths.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
