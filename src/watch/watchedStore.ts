import { hostname } from 'node:os';
import { Worker } from 'node:worker_threads';
import { HANG_LOOK_MS, HUNG_WRITE_MS_MAX, SLOW_WRITE_MS_MAX } from '../limits';
import type { LogStore } from '../storage/LogStore';
import { ObservedStore } from '../storage/ObservedStore';
import { HANG_LOOP, type HangLoopData } from './hangLoop';

export interface WatchedStoreOptions {
  /** The node's INDEX, for the records. */
  readonly node: number;
  /** The watcher could not be started or ended early: the node goes on without. */
  readonly unwatched: (error: Error) => void;
}

/** Heap of the worker, MB: it runs one small loop. */
const WORKER_LIMITS = {
  maxOldGenerationSizeMb: 8,
  maxYoungGenerationSizeMb: 2,
  codeRangeSizeMb: 4,
  stackSizeMb: 1,
};

/**
 * A store whose writes are watched from a thread beside, since a disk that hangs holds the main thread, and with it all
 * that the node could say. After SLOW_WRITE_MS_MAX in one write it says so on stderr; after HUNG_WRITE_MS_MAX it ends
 * the process by SIGKILL, with STORE_FAILED's words before. For a process that is a node: an embedder who wraps its
 * store in this gives it the right to end the process. The watch ends when the store is closed.
 */
export function watchedStore(store: LogStore, { node, unwatched }: WatchedStoreOptions): LogStore {
  const calls = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: HangLoopData = {
    calls,
    directory: store.place,
    node,
    hostname: hostname(),
    pid: process.pid,
    terminal: process.stderr.isTTY,
    lookMs: HANG_LOOK_MS,
    slowMs: SLOW_WRITE_MS_MAX,
    hungMs: HUNG_WRITE_MS_MAX,
  };
  const worker = new Worker(HANG_LOOP, {
    eval: true,
    workerData,
    execArgv: [],
    env: {},
    resourceLimits: WORKER_LIMITS,
  });
  worker.on('error', unwatched);
  worker.unref();
  return new ObservedStore(store, (kind, write) => {
    Atomics.add(calls, 0, 1);
    try {
      write();
    } finally {
      Atomics.add(calls, 0, 1);
      if (kind === 'close') void worker.terminate();
    }
  });
}
