import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../simulation/simulator/world/Random';
import { Cluster, isFree } from '../cluster/Cluster';
import { Load } from '../cluster/checks/Load';
import type { NodeProcess } from '../cluster/NodeProcess';
import { healthy, onCluster } from '../cluster/onCluster';
import { printedSeed, rounds } from '../cluster/checks/rounds';
import { until } from '../cluster/until';

/** Nodes that are started again at once on the same port and data (CASES 15). CASES_ROUNDS_FACTOR=1 does all rounds. */
jest.setTimeout(3_600_000);

const ROUNDS = rounds(30, 2);
const STOPS = rounds(10, 1);

/** In each round a node is killed so often before it is waited for. */
const KILLS = 3;
const KILLED_WITHIN_MS = 1000;

/** CASES 15: a stopped node's port is free within this. */
const PORT_FREE_WITHIN_MS = 30_000;

/** Ends what stands for a node: npm and all below it, or the node alone, whose npm then ends by itself. */
function kill(node: NodeProcess, whole: boolean): void {
  if (whole) node.signalGroup('SIGKILL');
  else process.kill(node.pid, 'SIGKILL');
}

test(`kill -9 and start again at once, ${KILLS} times in a row: ${ROUNDS} rounds`, async () => {
  const random = new Random(printedSeed(), 'restarts');
  await onCluster(await Cluster.create(), async ({ cluster, recorder }) => {
    const load = new Load(recorder, { workers: 4 }).on(...cluster.running);
    for (let round = 0; round < ROUNDS; round++) {
      const leader = await healthy(cluster);
      const index = (leader.options.index + random.below(3)) % 3;
      const killed: NodeProcess[] = [];
      for (let count = 0; count < KILLS; count++) {
        const node = cluster.node(index);
        kill(node, random.perMille(500));
        cluster.start(index);
        killed.push(node);
        await delay(random.below(KILLED_WITHIN_MS));
      }
      // The last one serves: neither its port nor its data is taken for another process's.
      const restarted = cluster.node(index);
      await restarted.info();
      await healthy(cluster);
      expect(restarted.hasEnded).toBe(false);
      expect(await recorder.add(restarted, 'round', `round-${round}`)).not.toBeNull();
      await Promise.all(killed.map((node) => node.exited));
      load.on(restarted);
    }
    await load.stop();
  });
});

test(`all three at once, and at once again: ${STOPS} rounds`, async () => {
  await onCluster(await Cluster.create(), async ({ cluster, recorder }) => {
    for (let round = 0; round < STOPS; round++) {
      const before = cluster.running;
      for (const node of before) node.signalGroup('SIGKILL');
      cluster.startAll();
      await healthy(cluster);
      expect(await recorder.add(cluster.node(round % 3), 'round', `round-${round}`)).not.toBeNull();
      await Promise.all(before.map((node) => node.exited));
      expect(cluster.running).toHaveLength(3);
    }
  });
});

test(`SIGTERM to npm alone, and started when the port is free: ${STOPS} rounds`, async () => {
  await onCluster(await Cluster.create(), async ({ cluster, recorder }) => {
    const load = new Load(recorder, { workers: 4 }).on(...cluster.running);
    for (let round = 0; round < STOPS; round++) {
      const leader = await healthy(cluster);
      const { index } = leader.options;
      leader.child.kill('SIGTERM');
      await until(PORT_FREE_WITHIN_MS, `the port of node ${index} is free`, async () =>
        (await isFree(cluster.startPort + index)) ? true : undefined,
      );
      const restarted = cluster.start(index);
      await restarted.info();
      await healthy(cluster);
      expect(await recorder.add(restarted, 'round', `round-${round}`)).not.toBeNull();
      load.on(restarted);
    }
    await load.stop();
  });
});
