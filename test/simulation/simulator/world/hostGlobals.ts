import crypto from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Random } from './Random';

/** What a simulated process takes from its machine. */
export interface Host {
  /** Monotonic, ms. */
  now(): number;
  /** The machine's wall clock, ms since 1970. */
  wallClock(): number;
  random(): number;
  randomBytes(length: number): Buffer;
  /** Calls back after so many ms, once or again and again, unless the process ends. */
  setTimer(callback: () => void, delay: number, repeats: boolean): SimulatedTimer;
  setImmediate(callback: () => void): void;
}

/** What setTimeout and setInterval return in a simulated process. */
export class SimulatedTimer {
  cleared = false;
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

let bytesOf: Pick<Host, 'randomBytes'> | null = null;

/** Runs work whose random bytes are drawn apart, so that they do not move those of the process that runs. */
export function withBytesOf<Result>(random: Random, work: () => Result): Result {
  const before = bytesOf;
  bytesOf = { randomBytes: (length) => random.bytes(length) };
  try {
    return work();
  } finally {
    bytesOf = before;
  }
}

type Callback = (...parameters: unknown[]) => void;

/**
 * Puts the machine of the process that runs in the place of Node's: clocks, timers, randomness. @sinonjs/fake-timers
 * has one clock for all; here each process has its own, which stops with it and may be hours off, and timers go
 * through one heap with the network (10 times as fast as a fake clock a node). While no simulated process runs, all is Node's.
 *
 * @param current the host of the process that runs now.
 * @returns what puts Node's own back.
 */
export function replaceGlobals(current: () => Host | null): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, value: unknown): void => {
    const before: unknown = Reflect.get(owner, name);
    Reflect.set(owner, name, value);
    undo.push(() => Reflect.set(owner, name, before));
  };
  replaceTimers(current, replace);
  const { Date: RealDate } = globalThis;
  const wallClock = (): number => current()?.wallClock() ?? RealDate.now();
  class SimulatedDate extends RealDate {
    constructor(...parameters: [] | [value: number | string | Date]) {
      super(parameters.length === 0 ? wallClock() : parameters[0]);
    }
    static override now(): number {
      return wallClock();
    }
  }
  replace(globalThis, 'Date', SimulatedDate);
  const realNow = performance.now.bind(performance);
  replace(performance, 'now', () => current()?.now() ?? realNow());
  const realRandom = Math.random;
  replace(Math, 'random', () => current()?.random() ?? realRandom());
  const realBytes = crypto.randomBytes;
  replace(crypto, 'randomBytes', (size: number) => {
    const source = bytesOf ?? current();
    return source === null ? realBytes(size) : source.randomBytes(size);
  });
  return () => {
    for (const step of undo.reverse()) step();
  };
}

type Replace = (owner: object, name: string, value: unknown) => void;

function replaceTimers(current: () => Host | null, replace: Replace): void {
  const timer =
    (real: (callback: Callback, delay?: number, ...rest: unknown[]) => unknown, repeats: boolean) =>
    (callback: Callback, delay = 1, ...rest: unknown[]): unknown => {
      const host = current();
      if (host === null) return real(callback, delay, ...rest);
      return host.setTimer(() => callback(...rest), delay, repeats);
    };
  const clear = (real: (handle: never) => void) => (handle: unknown) => {
    if (handle instanceof SimulatedTimer) handle.cleared = true;
    else real(handle as never);
  };
  const { setImmediate: realImmediate } = globalThis;
  replace(globalThis, 'setTimeout', timer(globalThis.setTimeout, false));
  replace(globalThis, 'setInterval', timer(globalThis.setInterval, true));
  replace(globalThis, 'clearTimeout', clear(globalThis.clearTimeout));
  replace(globalThis, 'clearInterval', clear(globalThis.clearInterval));
  replace(globalThis, 'setImmediate', (callback: Callback, ...rest: unknown[]) => {
    const host = current();
    if (host === null) return realImmediate(callback, ...rest);
    host.setImmediate(() => callback(...rest));
    return undefined;
  });
}
