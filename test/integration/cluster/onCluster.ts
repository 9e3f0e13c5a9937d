import { SERVES_WITHIN_MS, type Cluster } from './Cluster';
import { expectInvariants } from './checks/invariants';
import { LeaderWatch } from './checks/LeaderWatch';
import type { NodeProcess } from './NodeProcess';
import { Recorder } from './checks/Recorder';
import { until } from './until';

/** A cluster, those who type into it, and who watches it. */
export interface World {
  readonly cluster: Cluster;
  readonly recorder: Recorder;
  readonly watch: LeaderWatch;
}

export interface CaseOptions {
  /** Of each added value, see {@link Recorder}. */
  readonly padding?: string;
  /** Whose logs are read whole after the case; all nodes' unless it is given. */
  readonly readFrom?: (cluster: Cluster) => readonly NodeProcess[];
  /** Whether the case itself starts the nodes. */
  readonly stopped?: boolean;
}

/** Runs a case on a cluster that serves, and checks the invariants after it. */
export async function onCluster(
  cluster: Cluster,
  run: (world: World) => Promise<void>,
  { padding, readFrom, stopped = false }: CaseOptions = {},
): Promise<void> {
  const world = { cluster, recorder: new Recorder(padding), watch: new LeaderWatch(cluster) };
  try {
    if (!stopped) {
      cluster.startAll();
      await cluster.leader();
    }
    await run(world);
    await expectInvariants(cluster, world.recorder, world.watch, readFrom?.(cluster));
  } finally {
    await world.watch.stop();
    await cluster.end();
  }
}

/** The leader, once all nodes that run name it and tell of no problem, as an operator waits between two restarts. */
export async function healthy(cluster: Cluster): Promise<NodeProcess> {
  const leader = await cluster.leader();
  await until(SERVES_WITHIN_MS, 'no node tells of a problem', async () =>
    (await cluster.infos()).every(({ problem }) => problem === null) ? true : undefined,
  );
  return leader;
}
