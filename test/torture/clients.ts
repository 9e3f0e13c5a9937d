import { setTimeout as delay } from 'node:timers/promises';
import { RequestError, toError, type RequestErrorCode } from '../../src/errors';
import type { LogEntry } from '../../src/storage/Entry';
import type { History, PushRecord } from '../simulation/simulator/History';
import type { Random } from '../simulation/simulator/Random';
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

/** Runs the clients until `stopped` says so; all that they did is in the history, times in microseconds. */
export async function runClients(
  cluster: TorturedCluster,
  history: History,
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
      const before = performance.now();
      if (choose.perMille(600))
        await push(history, index, `c${id}-${n}`, (line) => node.command(line), committed);
      else await get(history, index, choose, (line) => node.command(line));
      const took = performance.now() - before;
      seen.operations++;
      seen.slowestAnswerMs = Math.max(seen.slowestAnswerMs, took);
      if (took > ANSWER_MS_MAX) throw new Error(`node ${index} left a line unanswered for ${took} ms`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, id) => client(id)));
  return seen;
}

type Ask = (
  line: string,
) => Promise<{ ok: boolean; result?: unknown; error?: { code: string; message: string } }>;

const now = (): number => performance.now() * 1000;

async function push(
  history: History,
  node: number,
  value: string,
  ask: Ask,
  committed: () => void,
): Promise<void> {
  const record: PushRecord = { value, invokedAt: now(), completedAt: Infinity, index: null, attempts: [] };
  history.pushes.push(record);
  try {
    const answer = await ask(`add_log torture-${node} ${value}`);
    if (answer.ok) {
      const entry = answer.result as LogEntry;
      record.completedAt = now();
      record.index = entry.index;
      record.attempts.push({ entry });
      committed();
    } else record.attempts.push({ error: requestError(answer.error) });
  } catch {
    // The node was killed before it answered: the outcome is unknown.
    record.attempts.push(null);
  }
}

async function get(history: History, node: number, choose: Random, ask: Ask): Promise<void> {
  const highest = history.highestIndex;
  const index = choose.perMille(300)
    ? highest + choose.between(1, 3)
    : choose.between(1, Math.max(1, highest));
  const invokedAt = now();
  const answer = await ask(`get_log ${index}`).catch(() => null);
  if (answer === null) return;
  if (answer.ok)
    history.gets.push({ index, node, invokedAt, completedAt: now(), entry: answer.result as LogEntry });
  else if (answer.error?.code === 'NOT_FOUND')
    history.gets.push({ index, node, invokedAt, completedAt: now(), entry: null });
  else if (answer.error?.code !== 'NO_LEADER') throw toError(requestError(answer.error));
}

function requestError(error: { code: string; message: string } | undefined): RequestError {
  return new RequestError(
    (error?.code ?? 'INTERNAL') as RequestErrorCode,
    error?.message ?? 'no error was given',
  );
}
