import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';

let drain: (() => void) | null = null;

/**
 * Runs all promise callbacks that are due, and those that they make, before it returns. Mokka's handlers are async:
 * without this each event would need a turn of Node's own event loop, ten times the price. V8's own function is the
 * one way to do it; it does nothing when called from a promise callback, so a schedule runs in a macrotask.
 */
export function drainMicrotasks(): void {
  drain ??= compile();
  drain();
}

function compile(): () => void {
  setFlagsFromString('--allow-natives-syntax');
  return runInThisContext('() => { %PerformMicrotaskCheckpoint(); }') as () => void;
}

/** Runs work in a macrotask of its own, where {@link drainMicrotasks} works. */
export function inMacrotask<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        const drained: true[] = [];
        void Promise.resolve(true as const).then((done) => drained.push(done));
        drainMicrotasks();
        if (drained.length === 0) throw new Error('promise callbacks cannot be run from here');
        resolve(work());
      } catch (thrown) {
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
    });
  });
}
