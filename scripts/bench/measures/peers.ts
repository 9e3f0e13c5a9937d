import { median, rounded } from '../report/percentiles';
import { availablePeers, peerFailovers, peerLevels, ETCD, type Peer } from '../peers/peerScript';
import { ONE_DISK } from '../peers/oneDisk';
import type { Run } from '../Run';
import { failoverRow } from './failover';
import { measureLoads } from './loads';

/** One level of one system in one round. */
interface Measured {
  readonly system: string;
  readonly inflight: number;
  readonly rate: number;
  readonly p50: number | null;
}

const OURS = null;

/**
 * Adds of this product and of its peers, alternating, each round in another order. What a shared machine does to one
 * figure it does to those beside it: so what counts is the median of the rounds' ratios.
 */
export async function comparePeers(run: Run): Promise<void> {
  const peers = availablePeers(run);
  const systems: (Peer | typeof OURS)[] = [OURS, ...peers];
  const rounds: { ours: Measured[]; peers: Measured[] }[] = [];
  for (let round = 0; round < run.options.rounds; round++) {
    const measured: { ours: Measured[]; peers: Measured[] } = { ours: [], peers: [] };
    for (const at of systems.keys()) {
      const system = systems[(at + round) % systems.length] ?? OURS;
      if (system === OURS) measured.ours.push(...(await measureOurs(run)));
      else measured.peers.push(...(await measurePeer(run, system)));
    }
    rounds.push(measured);
    if (peers.length === 0) break;
  }
  for (const { peer } of peers)
    for (const inflight of run.options.inflight) reportRatio(run, rounds, peer, inflight);
}

/** etcd's failovers, beside those of this product. */
export async function compareFailover(run: Run): Promise<void> {
  if (!availablePeers(run).includes(ETCD)) return;
  const all_ms = await peerFailovers(run, ETCD);
  if (all_ms.length === 0) return;
  run.report(failoverRow(ETCD.peer, 3, all_ms));
}

async function measureOurs(run: Run): Promise<Measured[]> {
  const levels = await measureLoads(run);
  return levels.map(({ inflight, rate, p50 }) => ({ system: 'ours', inflight, rate, p50 }));
}

async function measurePeer(run: Run, peer: Peer): Promise<Measured[]> {
  const levels = await peerLevels(run, peer);
  return levels.map(({ inflight, rate, p50_ms, p99_ms }) => {
    const { keyBytes, valueBytes } = run.options;
    run.report({
      measure: 'add',
      ...{
        system: peer.peer,
        size: peer.peer === ONE_DISK ? 1 : 3,
        inflight,
        key_bytes: keyBytes,
        value_bytes: valueBytes,
      },
      ...{ rate, p50_ms, p99_ms },
    });
    return { system: peer.peer, inflight, rate, p50: p50_ms };
  });
}

function reportRatio(
  run: Run,
  rounds: readonly { ours: Measured[]; peers: Measured[] }[],
  peer: string,
  inflight: number,
): void {
  const pairs = rounds.flatMap(({ ours, peers }) => {
    const own = ours.find((level) => level.inflight === inflight);
    const other = peers.find((level) => level.system === peer && level.inflight === inflight);
    return own === undefined || other === undefined ? [] : [{ own, other }];
  });
  const rates = pairs.map(({ own, other }) => rounded(own.rate / other.rate, 2));
  const latencies = pairs.flatMap(({ own, other }) =>
    own.p50 === null || other.p50 === null ? [] : [rounded(own.p50 / other.p50, 2)],
  );
  run.report({
    measure: 'ratio',
    ...{ to: peer, inflight, rounds: pairs.length },
    ...{ median_rate: median(rates), all_rates: rates, median_p50: median(latencies) },
  });
}
