import type * as fs from 'node:fs';
import type * as workerThreads from 'node:worker_threads';

/** What the worker is given. Times are in ms. */
export interface HangLoopData {
  /** Counts the calls of the store: odd while one is under way. */
  readonly calls: Int32Array;
  readonly directory: string;
  /** The node's INDEX. */
  readonly node: number;
  readonly hostname: string;
  readonly pid: number;
  /** Whether stderr is a terminal: lines for people then. */
  readonly terminal: boolean;
  readonly lookMs: number;
  readonly slowMs: number;
  readonly hungMs: number;
}

type Load = (name: string) => unknown;
type Write = (line: string) => void;
type Tell = (level: 40 | 50, event: string, msg: string) => void;

/**
 * What the worker of watchedStore runs, as text: so it needs no file and no TypeScript of its own. The functions below
 * may use only each other, and what `load`, the worker's `require`, gives them.
 */
export const HANG_LOOP = `${[openStderr, teller, watchCalls].join('\n')}\nwatchCalls(require);`;

/**
 * Goes on while the main thread waits in a call to the disk for ever. Time is counted in looks, so that a process that
 * was held (Ctrl-Z) in a call is not taken for one that hung in it.
 */
function watchCalls(load: Load): void {
  const data = (load('node:worker_threads') as typeof workerThreads).workerData as HangLoopData;
  const { calls, directory, pid, lookMs, slowMs, hungMs } = data;
  const write = openStderr(load);
  const tell = teller(data, write);
  let call = 0;
  let waitedMs = 0;
  let since = '';
  let told = false;
  let lookedAt = performance.now();
  setInterval(() => {
    const now = performance.now();
    const passedMs = Math.min(now - lookedAt, 2 * lookMs);
    lookedAt = now;
    const current = Atomics.load(calls, 0);
    const waited = `${Math.round(waitedMs / 1000)} s`;
    if (current % 2 === 0 || current !== call) {
      if (told) tell(40, 'disk_answers', `a write to ${directory} has ended, after ${waited}`);
      told = false;
      waitedMs = 0;
      since = new Date().toISOString();
      call = current;
      return;
    }
    waitedMs += passedMs;
    if (!told && waitedMs >= slowMs) {
      told = true;
      const until = `${hungMs / 1000} s`;
      tell(
        50,
        'disk_hangs',
        `a write to ${directory} has not ended since ${since}: this node waits for its disk and answers nothing; it ends when that lasts ${until}`,
      );
    }
    if (waitedMs < hungMs) return;
    write(
      `STORE_FAILED: cannot write to ${directory}: a write has not ended for ${waited}; see that the disk works and has space, then start again`,
    );
    process.kill(pid, 'SIGKILL');
  }, lookMs);
}

/** A record of bunyan's; at a terminal a short line, as the node's logger writes it. */
function teller({ directory, node, hostname, pid, terminal }: HangLoopData, write: Write): Tell {
  return (level, event, msg) => {
    const time = new Date();
    if (!terminal) {
      const fields = { node, hostname, pid, level, event, directory, msg, time, v: 0 };
      write(JSON.stringify({ name: 'mokka.logger', ...fields }));
      return;
    }
    const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) =>
      String(part).padStart(2, '0'),
    );
    const ms = String(time.getMilliseconds()).padStart(3, '0');
    write(`\r${clock.join(':')}.${ms} ${level === 50 ? 'error' : 'warn'}: ${msg}`);
  };
}

/** A pipe is opened anew, so that one that nobody reads costs the line and holds up nothing. */
function openStderr(load: Load): Write {
  const files = load('node:fs') as typeof fs;
  let stderr = 2;
  try {
    const { O_WRONLY, O_NONBLOCK } = files.constants;
    if (files.fstatSync(2).isFIFO()) stderr = files.openSync('/dev/fd/2', O_WRONLY | O_NONBLOCK);
  } catch {
    // Then as it is.
  }
  return (line) => {
    try {
      files.writeSync(stderr, `${line}\n`);
    } catch {
      // Nobody is there to be told.
    }
  };
}
