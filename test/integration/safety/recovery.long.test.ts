import { setTimeout as delay } from 'node:timers/promises';
import { residentBytes } from '../../fuzz/memory';
import { Random } from '../../simulation/simulator/world/Random';
import { CALM, Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { Load } from '../cluster/checks/Load';
import type { NodeProcess } from '../cluster/NodeProcess';
import { healthy, onCluster, type World } from '../cluster/onCluster';
import { printedSeed, rounds } from '../cluster/checks/rounds';
import { until } from '../cluster/until';

/** Nodes that come back. CASES_ROUNDS_FACTOR=1 does all the rounds that CASES asks for. */
jest.setTimeout(3_600_000);

const FIRST_BOOTS = rounds(30, 2);
const BOOT_KILLED_WITHIN_MS = 1500;

const PAUSED_MS = 1000 * rounds(120, 6);
const VALUE_BYTES = 32 * 1024;
/** CASES 8: how much a leader's memory may grow by a follower that does not read. */
const GROWTH_BYTES_MAX = 200 * 1024 * 1024;
/** No longer time without an acknowledged add, ms, on a busy machine, though a follower is frozen or catches up. */
const COMMITS_WITHIN_MS = 6000;
/** Adds of the two other nodes while one is paused: they must go on, not fill the disk. */
const PACED_LOAD = { workers: 8, pauseMs: 50 };

describe('stopped during the first boot (CASES 5)', () => {
  /** Starts all, kills one or all after a random time, and starts again what was killed. */
  async function killedBoot({ cluster }: World, random: Random): Promise<void> {
    cluster.startAll();
    const victims = random.perMille(500) ? cluster.running : [cluster.node(random.below(3))];
    await delay(random.below(BOOT_KILLED_WITHIN_MS + 1));
    await Promise.all(victims.map((node) => node.kill()));
    for (const { options } of victims) cluster.start(options.index);
    await cluster.leader();
  }

  test(`the next start is normal and the first log is 1, then 2: ${FIRST_BOOTS} rounds`, async () => {
    const random = new Random(printedSeed(), 'boots');
    for (let round = 0; round < FIRST_BOOTS; round++) {
      const run = async (world: World): Promise<void> => {
        const { cluster, recorder } = world;
        await killedBoot(world, random);
        expect((await recorder.add(cluster.node(random.below(3)), 'first', 'one'))?.index).toBe(1);
        await Promise.all(cluster.running.map((node) => node.kill()));
        await killedBoot(world, random);
        expect((await recorder.add(cluster.node(random.below(3)), 'second', 'two'))?.index).toBe(2);
      };
      await onCluster(await Cluster.create(), run, { stopped: true });
    }
  });
});

describe('logs that were left without a quorum (CASES 6)', () => {
  const LEFT = 3;

  /** Leaves logs on the leader's disk only, all nodes killed; returns the leader's INDEX and the last committed index. */
  async function leaveLogs({ cluster, recorder, watch }: World): Promise<{ index: number; last: number }> {
    for (let n = 0; n < 5; n++) await recorder.add(cluster.node(n % 3), 'committed', `${n}`);
    const { index: last } = await cluster.converged();
    const leader = await healthy(cluster);
    const { index } = leader.options;
    for (const node of cluster.running) if (node !== leader) await node.kill();
    const adds = Array.from({ length: LEFT }, (_, n) => recorder.add(leader, 'left', `left-${n}`));
    await until(SERVES_WITHIN_MS, 'the leader holds logs that it cannot commit', () =>
      watch.infos[index]?.index === last + LEFT ? true : undefined,
    );
    expect(watch.infos[index]?.committedIndex).toBe(last);
    await leader.kill();
    expect(await Promise.all(adds)).toEqual(adds.map(() => null));
    return { index, last };
  }

  test('are committed, with no add, when their leader and one follower are back', async () => {
    await onCluster(await Cluster.create(), async (world) => {
      const { cluster } = world;
      const { index, last } = await leaveLogs(world);
      cluster.start(index);
      cluster.start((index + 1) % 3);
      await cluster.leader();
      expect((await cluster.converged()).index).toBe(last + LEFT);
      cluster.start((index + 2) % 3);
      await cluster.leader();
      expect((await cluster.converged()).index).toBe(last + LEFT);
    });
  });

  test('are gone, with no add, when the two others were elected before their leader is back', async () => {
    await onCluster(await Cluster.create(), async (world) => {
      const { cluster, recorder } = world;
      const { index, last } = await leaveLogs(world);
      cluster.start((index + 1) % 3);
      cluster.start((index + 2) % 3);
      await cluster.leader();
      expect((await cluster.converged()).index).toBe(last);
      cluster.start(index);
      await cluster.leader();
      expect((await cluster.converged()).index).toBe(last);
      expect((await recorder.add(cluster.node(index), 'after', 'after'))?.index).toBe(last + 1);
    });
  });
});

describe('paused, then far behind (CASES 8)', () => {
  /** The highest resident memory of a node while `work` is done, bytes. */
  async function highestMemory({ pid }: NodeProcess, work: () => Promise<void>): Promise<number> {
    let highest = residentBytes(pid);
    const timer = setInterval(() => (highest = Math.max(highest, residentBytes(pid))), 100);
    try {
      await work();
      return highest;
    } finally {
      clearInterval(timer);
    }
  }

  test(`a follower frozen for ${PAUSED_MS} ms under adds of ${VALUE_BYTES} bytes costs the leader little and catches up`, async () => {
    let follower: NodeProcess | undefined;
    const run = async ({ cluster, recorder, watch }: World): Promise<void> => {
      const leader = await healthy(cluster);
      const { currentTerm } = await leader.info();
      const frozen = (follower = await cluster.follower());
      const load = new Load(recorder, PACED_LOAD).on(...cluster.running.filter((node) => node !== frozen));
      // Its caches are full before its memory is looked at.
      await until(SERVES_WITHIN_MS, 'the load is on', () => (load.acknowledged >= 500 ? true : undefined));
      const before = residentBytes(leader.pid);
      const committedOn = (node: NodeProcess): number => watch.infos[node.options.index]?.committedIndex ?? 0;
      let behind = 0;
      let seconds = 0;
      const highest = await highestMemory(leader, async () => {
        frozen.signalGroup('SIGSTOP');
        await delay(PAUSED_MS);
        const behindOf = committedOn(leader);
        behind = behindOf - committedOn(frozen);
        frozen.signalGroup('SIGCONT');
        const thawed = performance.now();
        await until(SERVES_WITHIN_MS, 'the follower has what was committed while it was frozen', () =>
          committedOn(frozen) >= behindOf ? true : undefined,
        );
        seconds = (performance.now() - thawed) / 1000;
        await load.stop();
      });
      const growth = highest - before;
      process.stdout.write(
        `${behind} logs behind, caught up in ${seconds.toFixed(2)} s, ${Math.round(behind / seconds)} a second; the ` +
          `leader's memory grew by ${Math.round(growth / 2 ** 20)} MB; longest time without an add acknowledged ` +
          `${Math.round(load.longestGapMs)} ms\n`,
      );
      expect(behind).toBeGreaterThan(0);
      expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
      expect(load.longestGapMs).toBeLessThan(COMMITS_WITHIN_MS);
      expect([...watch.leaders]).toEqual([[currentTerm, leader.options.index]]);
    };
    await onCluster(await Cluster.createWithOwnKeys({}, CALM), run, {
      padding: `-${'x'.repeat(VALUE_BYTES)}`,
      readFrom: (cluster) => [follower ?? cluster.node(0)],
    });
  });
});
