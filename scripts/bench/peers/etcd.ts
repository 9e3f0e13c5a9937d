import { setTimeout as pause } from 'node:timers/promises';
import { rounded } from '../report/percentiles';
import type { PeerLevel } from './peerScript';
import { levelLength } from '../load/fill';
import { Payloads } from '../load/requests';
import type { Run } from '../Run';
import { Window } from '../load/Window';
import { EtcdCluster, type EtcdMember } from './EtcdCluster';

/** One key of so many is read again after the load. */
const SAMPLE_EVERY = 1024;

/** Between two puts that look for the first one that is committed again, ms. */
const PUT_EVERY_MS = 5;
const COMMITS_MS_MAX = 30_000;

/** Calm before a kill, ms: so much at least, and as much again at random, not in step with heartbeats. */
const CALM_MS = 300;

/** Puts through etcd's leader, at each number in flight. */
export async function etcdLevels(run: Run, server: string): Promise<PeerLevel[]> {
  const cluster = await EtcdCluster.start(run, server);
  const levels: PeerLevel[] = [];
  let number = 0;
  for (const inflight of run.options.inflight) {
    run.progress.show(`etcd: ${inflight} in flight`);
    const { level, puts } = await loadLevel(run, cluster, inflight, number);
    number += puts;
    levels.push(level);
  }
  await cluster.end();
  return levels;
}

async function loadLevel(
  run: Run,
  cluster: EtcdCluster,
  inflight: number,
  first: number,
): Promise<{ level: PeerLevel; puts: number }> {
  const leader = await cluster.leader();
  const payloads = new Payloads(run.options.keyBytes, run.options.valueBytes);
  const window = new Window(levelLength(run), performance.now());
  let puts = 0;
  const lane = async (): Promise<void> => {
    for (let sentAt = performance.now(); window.take(1, sentAt) > 0; sentAt = performance.now()) {
      const number = first + puts++;
      await leader.put(payloads.key(number), payloads.value(number));
      window.answered(performance.now(), sentAt);
    }
  };
  await Promise.all(Array.from({ length: inflight }, lane));
  const other = cluster.members.find((member) => member !== leader) ?? leader;
  for (let number = first; number < first + puts; number += SAMPLE_EVERY)
    await expectStored(other, payloads, number);
  const { rate, p50_ms, p99_ms } = window.result();
  return { level: { peer: 'etcd', inflight, rate, p50_ms, p99_ms }, puts };
}

/** kill -9 of etcd's leader again and again: ms from the kill to the first put that a survivor acknowledges. */
export async function etcdFailovers(run: Run, server: string): Promise<number[]> {
  const cluster = await EtcdCluster.start(run, server);
  const payloads = new Payloads(run.options.keyBytes, run.options.valueBytes);
  const times: number[] = [];
  let number = 0;
  for (let nth = 1; nth <= run.options.failover; nth++) {
    run.progress.show(`etcd: failover ${nth} of ${run.options.failover}`);
    const leader = await cluster.leader();
    const before = number++;
    await leader.put(payloads.key(before), payloads.value(before));
    await pause(CALM_MS * (1 + Math.random()));
    const survivors = cluster.members.filter((member) => member !== leader);
    const killedAt = performance.now();
    await leader.kill();
    number = await firstCommit(survivors, payloads, number);
    times.push(rounded(performance.now() - killedAt, 1));
    for (const survivor of survivors) await expectStored(survivor, payloads, before);
    leader.start();
  }
  await cluster.end();
  return times;
}

/** Puts through the survivors in turn until one is acknowledged; gives the number of the next put. */
async function firstCommit(
  survivors: readonly EtcdMember[],
  payloads: Payloads,
  first: number,
): Promise<number> {
  const end = performance.now() + COMMITS_MS_MAX;
  const puts = { acknowledged: 0 };
  let number = first;
  // A put that a survivor still sends to the dead leader is lost: none waits for an earlier one.
  while (puts.acknowledged === 0) {
    if (performance.now() > end) throw new Error(`etcd committed nothing within ${COMMITS_MS_MAX} ms`);
    const survivor = survivors[number % survivors.length];
    survivor?.put(payloads.key(number), payloads.value(number)).then(
      () => puts.acknowledged++,
      () => undefined,
    );
    number++;
    await pause(PUT_EVERY_MS);
  }
  return number;
}

async function expectStored(member: EtcdMember, payloads: Payloads, number: number): Promise<void> {
  if ((await member.get(payloads.key(number))) !== payloads.value(number))
    throw new Error(`etcd lost the key ${payloads.key(number)}, which it had acknowledged`);
}
