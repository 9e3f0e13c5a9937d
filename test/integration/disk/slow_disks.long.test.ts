import { Cluster } from '../cluster/Cluster';
import { injectInto, unless, whyNoTrace } from '../cluster/disturbances';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** Disks whose every sync takes longer than the election timeout of 200 ms (CASES 36), on real processes. */

/** What one sync takes longer, and so each of the several writes of an election. */
const SLOW = 'fsync,fdatasync:delay_exit=250000';
/** A healthy cluster needs one or two elections for all of this; a busy machine a few more. */
const TERMS_MAX = 8;
const ADDS = 12;

let cluster: Cluster;
const stopping: (() => void)[] = [];

afterEach(async () => {
  for (const stop of stopping.splice(0)) stop();
  for (const node of cluster.running) await node.kill();
  await cluster.end();
});

async function slowDown(nodes: readonly NodeProcess[]): Promise<void> {
  await Promise.all(nodes.map(async ({ pid }) => stopping.push(await injectInto(pid, SLOW))));
}

async function addAll(nodes: readonly NodeProcess[]): Promise<void> {
  for (let count = 0; count < ADDS; count++) await nodes[count % nodes.length]?.addLog('slow', String(count));
}

const tracing = unless(whyNoTrace());

tracing.each([
  ['all three', [0, 1, 2]],
  ['two of three', [0, 1]],
])('syncs of 250 ms on %s: adds are committed, and a killed leader is replaced', async (_name, slow) => {
  cluster = await Cluster.started();
  await slowDown(slow.map((index) => cluster.node(index)));
  await addAll(cluster.running);
  const old = await cluster.leader();
  await old.kill();
  const next = await cluster.leader();
  await addAll(cluster.running);
  const info = await next.info();
  expect(info).toMatchObject({ problem: null, committedIndex: 2 * ADDS });
  expect(info.currentTerm).toBeLessThanOrEqual(TERMS_MAX);
  const record = await until(10_000, 'a record names the disk', () =>
    cluster.running.map(({ lastWords }) => /^.*"event":"slow_disk".*$/m.exec(lastWords)?.[0]).find(Boolean),
  );
  const named = JSON.parse(record) as { directory: string; writeMs: number };
  expect(named).toMatchObject({ heartbeat: 50, electionTimeout: 200 });
  expect(named.directory).toContain(cluster.dataDirectory);
  expect(named.writeMs).toBeGreaterThanOrEqual(200);
});
