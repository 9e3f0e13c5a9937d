import { setTimeout as pause } from 'node:timers/promises';
import { FOLLOW_LOOK_MS, LIST_BYTES_MAX, LIST_ENTRIES_MAX } from '../../limits';
import { RequestError } from '../../errors';
import type { LogEntry } from '../../entry/Entry';
import type { ClusterNode } from '../../api';
import type { LogList } from '../render/renderTables';

/** An index that no log has: reading it makes sure that this node knows all that was committed before. */
const NO_INDEX = Number.MAX_SAFE_INTEGER;

/**
 * Committed logs from an index on: at most `count`, and at most LIST_BYTES_MAX of keys and values, but one at least if
 * there is one. Like `get_log`, it misses no log that was committed before the call.
 *
 * @throws RequestError NO_LEADER when the end of the log cannot be confirmed in time; TRIMMED when the first is forgotten.
 */
export async function listLogs(node: ClusterNode, from: number, count: number): Promise<LogList> {
  const entries = node.getDb().getEntry();
  const logs: LogEntry[] = [];
  let bytes = 0;
  while (logs.length < count) {
    const entry = await gotOrEnd(entries.get(from + logs.length), logs.length > 0);
    if (entry === null) break;
    bytes += bytesOf(entry);
    if (logs.length > 0 && bytes > LIST_BYTES_MAX) break;
    logs.push(entry);
  }
  return { logs, next: from + logs.length };
}

/**
 * The last committed logs that are not trimmed: at most `count`, and at most LIST_BYTES_MAX of keys and values, but one at least if there
 * is one.
 *
 * @throws RequestError NO_LEADER when the end of the log cannot be confirmed in time.
 */
export async function tailLogs(node: ClusterNode, count: number): Promise<LogList> {
  await node.getDb().getEntry().get(NO_INDEX);
  const { committedIndex } = await node.getDb().getState().getInfo();
  const logs: LogEntry[] = [];
  let bytes = 0;
  for (let index = committedIndex; index > 0 && logs.length < count; index--) {
    const entry = await gotOrEnd(node.getDb().getEntry().get(index), true);
    if (entry === null) break;
    bytes += bytesOf(entry);
    if (logs.length > 0 && bytes > LIST_BYTES_MAX) break;
    logs.unshift(entry);
  }
  return { logs, next: committedIndex + 1 };
}

/** Where a `tail` that follows reads. */
export interface LogSource {
  /** Index of the last committed log. */
  committedIndex(): Promise<number>;
  list(from: number, count: number): Promise<LogList>;
}

/** Shows the logs from an index on as they are committed, until `signal` is aborted; resolves then. */
export async function followLogs(
  source: LogSource,
  from: number,
  show: (logs: readonly LogEntry[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const ended = (): boolean => signal.aborted;
  let next = from;
  while (!ended()) {
    const committed = await source.committedIndex();
    if (committed < next) await pause(FOLLOW_LOOK_MS);
    else {
      // No more than there are: the end of the log would have to be confirmed by a leader.
      const list = await source.list(next, Math.min(LIST_ENTRIES_MAX, committed - next + 1));
      if (ended()) return;
      show(list.logs);
      next = list.next;
    }
  }
}

/** This process's own node as a source. */
export function sourceOf(node: ClusterNode): LogSource {
  return {
    committedIndex: async () => (await node.getDb().getState().getInfo()).committedIndex,
    list: (from, count) => listLogs(node, from, count),
  };
}

/** The log; null too where it is trimmed, if `endsThere`: then the list ends before it. */
async function gotOrEnd(reading: Promise<LogEntry | null>, endsThere: boolean): Promise<LogEntry | null> {
  try {
    return await reading;
  } catch (thrown) {
    if (endsThere && thrown instanceof RequestError && thrown.code === 'TRIMMED') return null;
    throw thrown;
  }
}

function bytesOf({ log }: LogEntry): number {
  return Buffer.byteLength(log.key) + Buffer.byteLength(log.value.value);
}
