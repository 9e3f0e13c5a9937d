import type { LogEntry } from '../../../../src/entry/Entry';
import type { Cluster } from '../Cluster';
import type { LeaderWatch } from './LeaderWatch';
import type { NodeProcess } from '../NodeProcess';
import type { Recorder } from './Recorder';

/** No line waits longer for its answer while its node runs, ms. */
const ANSWER_MS_MAX = 20_000;

/**
 * What holds after every case (CASES, INV), once all nodes run: each holds the same log, with every acknowledged add
 * at its index once and every other at most once; the clients' history is one that such a log explains; no term had
 * two leaders; no line waited for more than 20 s. Ends the watch.
 *
 * @param readFrom the nodes whose logs are read whole; of the others the last hash, over all before it, is compared.
 */
export async function expectInvariants(
  cluster: Cluster,
  recorder: Recorder,
  watch: LeaderWatch,
  readFrom?: readonly NodeProcess[],
): Promise<void> {
  expect(cluster.running).toHaveLength(3);
  const { index: last, hash } = await cluster.converged();
  await watch.stop();
  const logs: LogEntry[][] = [];
  for (const node of readFrom ?? cluster.running) logs.push(await recorder.wholeLog(node, last));
  const [first = [], ...others] = logs;
  // Not by toEqual: to show how thousands of entries differ takes minutes.
  expect(others.map((log) => log.findIndex((entry, at) => entry.hash !== first[at]?.hash))).toEqual(
    others.map(() => -1),
  );
  expect(first.at(-1)?.hash ?? hash).toBe(hash);
  expect(recorder.history.faultIn(first)).toBeNull();
  expect(watch.fault).toBeNull();
  expect(recorder.slowestAnswerMs).toBeLessThan(ANSWER_MS_MAX);
}
