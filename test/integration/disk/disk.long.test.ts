import { rmSync } from 'node:fs';
import path from 'node:path';
import { CALM, Cluster } from '../cluster/Cluster';
import {
  fillUp,
  injectInto,
  mountSmall,
  unless,
  unmount,
  whyNoMount,
  whyNoTrace,
} from '../cluster/disturbances';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** Disks that are full, read-only, broken or hung under one node of three (CASES 9), on real processes. */

const VALUE_BYTES = 60_000;
/** More than the journal's files take: a disk that is too small for them is refused at the start. */
const DISK_MEGABYTES = 24;
/** How long each sync of the disk that hangs takes; the others elect meanwhile, however busy the machine is. */
const HANGS_MS = 20_000;
const ENDS_WITHIN_MS = 60_000;
/** Adds while a disk is full. */
const ADDS = 100;

let cluster: Cluster;
const small: string[] = [];
const stopping: (() => void)[] = [];

afterEach(async () => {
  for (const stop of stopping.splice(0)) stop();
  for (const node of cluster.running) await node.kill();
  for (const directory of small.splice(0)) unmount(directory);
  await cluster.end();
});

/** Three nodes; an election timeout that a busy machine does not reach by itself. */
async function started(disks: 'small' | 'large' = 'large'): Promise<void> {
  cluster = await Cluster.createWithOwnKeys({}, CALM);
  for (const index of [0, 1, 2]) {
    if (disks === 'small') {
      small.push(cluster.directoryOf(index));
      mountSmall(cluster.directoryOf(index), DISK_MEGABYTES);
    }
    cluster.start(index);
  }
  await cluster.leader();
  await cluster.node(0).addLog('before', 'it');
}

function othersOf(node: NodeProcess): NodeProcess[] {
  return cluster.nodes.filter((other): other is NodeProcess => other !== undefined && other !== node);
}

/** Leaves a node's disk no byte; returns the file that takes them. */
function fillDiskOf({ options }: NodeProcess): string {
  const filler = path.join(cluster.directoryOf(options.index), 'filler');
  fillUp(filler);
  return filler;
}

/** Waits until a node's info tells of this problem, or of none. */
async function says(node: NodeProcess, problem: RegExp | null): Promise<void> {
  let told: string | null = null;
  await until(
    ENDS_WITHIN_MS,
    `problem ${String(problem)}`,
    async () => {
      ({ problem: told } = await node.info());
      return (problem === null ? told === null : told !== null && problem.test(told)) ? true : undefined;
    },
    () => String(told),
  );
}

/** Adds through the other nodes until `victim` has ended; what is acknowledged is returned. */
async function addUntilEnd(victim: NodeProcess): Promise<{ index: number; hash: string }[]> {
  const [writer] = othersOf(victim);
  const acknowledged: { index: number; hash: string }[] = [];
  await until(ENDS_WITHIN_MS, 'the node with the bad disk ends', async () => {
    const answer = await writer?.command(`add_log big ${'v'.repeat(VALUE_BYTES)}`);
    if (answer?.ok === true) acknowledged.push(answer.result as { index: number; hash: string });
    return victim.hasEnded ? true : undefined;
  });
  return acknowledged;
}

/** What holds after each of these faults: the node ended by name, the others serve, and it is whole again after its start. */
async function endsAndComesBack(victim: NodeProcess, mend: () => void): Promise<void> {
  const acknowledged = await addUntilEnd(victim);
  expect((await victim.exited).code).toBe(1);
  expect(victim.lastWords).toMatch(/^STORE_FAILED: cannot write .*start again$/m);
  const [writer] = othersOf(victim);
  const after = await writer?.addLog('after', 'it');
  expect(after?.log.key).toBe('after');
  mend();
  const again = cluster.start(victim.options.index);
  await cluster.leader();
  const { index } = await cluster.converged();
  expect(index).toBe(after?.index);
  for (const { index: at, hash } of acknowledged) expect((await again.getLog(at)).hash).toBe(hash);
  expect((await again.addLog('back', 'again')).index).toBe(index + 1);
}

const mounting = unless(whyNoMount());
const tracing = unless(whyNoTrace());

mounting.each(['leader', 'follower'] as const)(
  'a full disk of the %s: the others take adds, and it goes on when there is room',
  async (role) => {
    await started('small');
    const victim = await (role === 'leader' ? cluster.leader() : cluster.follower());
    const filler = fillDiskOf(victim);
    await says(victim, /^No room for more logs on this node /);
    const [writer] = othersOf(victim);
    const added = [];
    for (let count = 0; count < ADDS; count++) added.push(await writer?.addLog('while', 'it is full'));
    expect((await victim.info()).state).toBe('follower');
    expect((await victim.getLog(1)).log.key).toBe('before');
    rmSync(filler);
    await says(victim, null);
    const { index } = await cluster.converged();
    expect(index).toBe(1 + ADDS);
    expect(await victim.getLog(index)).toEqual(added.at(-1));
    expect(victim.hasEnded).toBe(false);
  },
);

mounting('all disks are full: adds are refused, reads go on, and adds too when there is room', async () => {
  await started('small');
  const fillers = cluster.running.map(fillDiskOf);
  let told: (string | null)[] = [];
  await until(
    ENDS_WITHIN_MS,
    'the leader says that nothing can be added',
    async () => {
      told = await Promise.all(cluster.running.map(async (node) => (await node.info()).problem));
      return told.some((problem) => problem?.includes(': nothing can be added; ') === true)
        ? true
        : undefined;
    },
    () => JSON.stringify(told),
  );
  for (const node of cluster.running) {
    expect(await node.command('add_log super test')).toMatchObject({ error: { code: 'STORE_FULL' } });
    expect((await node.getLog(1)).log.key).toBe('before');
  }
  for (const filler of fillers) rmSync(filler);
  for (const node of cluster.running) await says(node, null);
  for (const node of cluster.running) expect((await node.addLog('after', 'it')).log.key).toBe('after');
  await cluster.converged();
});

tracing.each([
  ['a read-only disk of the leader', 'leader', 'pwrite64,pwritev:error=EROFS'],
  ['a first flush that fails (EIO) on the leader', 'leader', 'fdatasync:error=EIO:when=1'],
  ['a first flush that fails (EIO) on a follower', 'follower', 'fdatasync:error=EIO:when=1'],
] as const)('%s', async (_name, role, injection) => {
  await started();
  const victim = await (role === 'leader' ? cluster.leader() : cluster.follower());
  const stop = await injectInto(victim.pid, injection);
  stopping.push(stop);
  await endsAndComesBack(victim, stop);
});

tracing(
  'a hung disk costs the leader its lead, and no acknowledged line; it follows when the disk is back',
  async () => {
    await started();
    const victim = await cluster.leader();
    const [other] = othersOf(victim);
    const term = (await victim.info()).currentTerm;
    const release = await injectInto(victim.pid, `fdatasync:delay_enter=${HANGS_MS * 1000}`);
    stopping.push(release);
    const hung = victim.command('add_log hung line');
    const from = performance.now();
    const next = await until(HANGS_MS, 'another node leads', async () => {
      const info = await other?.info();
      return info !== undefined && info.leader !== null && info.leader !== victim.options.index
        ? info
        : undefined;
    });
    process.stdout.write(`another node leads after ${Math.round(performance.now() - from)} ms\n`);
    expect(next.currentTerm).toBeGreaterThan(term);
    const during = await other?.addLog('while', 'it hangs');
    release();
    const answer = await hung;
    const { index } = await cluster.converged();
    expect(victim.hasEnded).toBe(false);
    // Its line was committed, at the index that it says, or is nowhere.
    const found = [];
    for (let at = 1; at <= index; at += 1) {
      const entry = await other?.getLog(at);
      if (entry?.log.key === 'hung') found.push(entry);
    }
    if (answer.ok) expect(found).toEqual([answer.result]);
    else expect(found.length).toBeLessThanOrEqual(answer.error?.code === 'UNKNOWN_OUTCOME' ? 1 : 0);
    expect(await victim.getLog(during?.index ?? 0)).toEqual(during);
    expect((await victim.addLog('back', 'again')).index).toBe(index + 1);
  },
);
