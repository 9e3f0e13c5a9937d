import { setTimeout as delay } from 'node:timers/promises';
import { AwakeTime } from '../AwakeTime';
import type { NodeProcess } from '../integration/cluster/NodeProcess';
import type { Recorder } from '../integration/cluster/checks/Recorder';
import type { Random } from '../simulation/simulator/world/Random';
import { SIZE, type TorturedCluster } from './TorturedCluster';

const CLIENTS = 8;
/** No line may wait longer for its answer while its node runs, ms (CASES, INV); pauses of nodes come on top. */
const ANSWER_MS_MAX = 30_000;

/** What the clients met, beside the history. */
export interface Observations {
  slowestAnswerMs: number;
  longestWithoutCommitMs: number;
  operations: number;
}

/** Runs the clients until `stopped` says so; all that they did is in the recorder's history. */
export async function runClients(
  cluster: TorturedCluster,
  recorder: Recorder,
  random: (client: number) => Random,
  stopped: () => boolean,
): Promise<Observations> {
  const seen: Observations = { slowestAnswerMs: 0, longestWithoutCommitMs: 0, operations: 0 };
  let committedAt = performance.now();
  const committed = (): void => {
    const now = performance.now();
    seen.longestWithoutCommitMs = Math.max(seen.longestWithoutCommitMs, now - committedAt);
    committedAt = now;
  };
  const client = async (id: number): Promise<void> => {
    const choose = random(id);
    for (let n = 0; !stopped(); n++) {
      const index = choose.below(SIZE);
      const node = cluster.running(index);
      if (node === undefined) {
        await delay(20);
        continue;
      }
      const waited = new AwakeTime();
      if (choose.perMille(600)) {
        const entry = await recorder.add(node, `torture-${index}`, `c${id}-${n}`);
        if (entry !== null) committed();
      } else await get(recorder, node, choose);
      const took = waited.end();
      seen.operations++;
      seen.slowestAnswerMs = Math.max(seen.slowestAnswerMs, took);
      if (took > ANSWER_MS_MAX) throw new Error(`node ${index} left a line unanswered for ${took} ms`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, id) => client(id)));
  return seen;
}

async function get(recorder: Recorder, node: NodeProcess, choose: Random): Promise<void> {
  const highest = recorder.history.highestIndex();
  const index = choose.perMille(300)
    ? highest + choose.between(1, 3)
    : choose.between(1, Math.max(1, highest));
  await recorder.get(node, index);
}
