import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { eachLine } from '../../src/cli/lines/eachLine';
import type { Run } from './Run';

/** The systems that a peers script runs, and the server that each needs. */
export const PEERS = [
  { peer: 'etcd', server: 'etcd' },
  { peer: 'nats', server: 'nats-server' },
  { peer: 'ceiling', server: null },
] as const;
export type Peer = (typeof PEERS)[number];

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

/** The peers that can be run; why others cannot is noted. */
export function availablePeers(run: Run): Peer[] {
  const { peersScript } = run.options;
  if (peersScript === undefined || !existsSync(peersScript)) {
    const where = peersScript === undefined ? 'none was named' : `${peersScript} is not there`;
    run.progress.note(`peers are skipped: they need a script, by --peers SCRIPT or MOKKA_PEERS (${where})`);
    return [];
  }
  return PEERS.filter(({ peer, server }) => {
    const available = server === null || isInstalled(server);
    if (!available) run.progress.note(`${peer} is skipped: ${server} is not installed`);
    return available;
  });
}

/** Runs a peer's levels; none, with a note, when its script fails. */
export async function peerLevels(run: Run, { peer }: Peer): Promise<PeerLevel[]> {
  const { inflight, seconds, warmup, keyBytes, valueBytes } = run.options;
  const options = { inflight: inflight.join(','), seconds, warmup, key: keyBytes, value: valueBytes };
  return z.array(levelSchema).parse(await runScript(run, peer, options));
}

/** Runs a peer's failovers: ms of each; none, with a note, when its script fails. */
export async function peerFailovers(run: Run, { peer }: Peer): Promise<number[]> {
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

function isInstalled(server: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_DIRECTORIES];
  return directories.some((directory) => {
    try {
      accessSync(join(directory, server), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
