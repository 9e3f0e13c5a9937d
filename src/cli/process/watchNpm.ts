import { environmentOf, parentOf } from '../../linux/processes';

/** How often the node looks whether npm is still there, ms. */
const LOOK_MS = 500;

/**
 * Calls `onGone` when the npm that runs this process as a script has ended. npm passes a signal on only to the shell
 * that it started, a shell to nobody, and kill -9 is passed on by none: without this the node would stay, its port
 * held. A process that no npm started watches nothing: a service under nohup or setsid outlives its parent on purpose.
 */
export function watchNpm(onGone: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const chain = chainToNpm();
  setInterval(() => {
    if (!isUnbroken(chain)) onGone();
  }, LOOK_MS).unref();
}

/** This process, its parent, and so on (the shell) up to npm; where that cannot be told, only the first two. */
function chainToNpm(): number[] {
  const script = `npm_lifecycle_event=${process.env['npm_lifecycle_event'] ?? ''}`;
  const chain = [process.pid, process.ppid];
  for (let last = process.ppid; isPartOf(script, last);) {
    const parent = parentOf(last);
    if (parent === null || parent <= 1) break;
    chain.push(parent);
    last = parent;
  }
  return chain;
}

/** Whether each process of the chain still has the next one as its parent, as far as that can be told. */
function isUnbroken(chain: readonly number[]): boolean {
  return chain.slice(0, -1).every((pid, at) => {
    const parent = parentOf(pid);
    return parent === null || parent === chain[at + 1];
  });
}

/** Whether a process was started by this npm script; npm itself was not. */
function isPartOf(script: string, pid: number): boolean {
  return environmentOf(pid)?.includes(script) === true;
}
