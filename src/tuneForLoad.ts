import { setFlagsFromString } from 'node:v8';

/**
 * When V8 thinks of optimising a function, a small part of V8's own number. Most of a node's code runs once for a batch
 * of adds, hundreds of times a second: with V8's numbers it is interpreted for minutes, and an add alone takes a third
 * longer. The V8 of Node.js 20 counts bytes of bytecode that ran (its own number is 66 KiB), the later ones calls (3000).
 */
const OPTIMISE_AFTER_BYTES = '--interrupt-budget=5000';
const OPTIMISE_AFTER_CALLS = '--invocation-count-for-turbofan=300';

/**
 * By how much the heap grows before V8 collects all of it, percent of what lived on. V8's own number is as low as 50
 * where collecting is quick. A node under load lives on 20 MB, and each entry for some hundredths of a second, which is
 * long enough to be moved to the old generation: with V8's number it collects all three times a second, and two cores
 * that three nodes and their client share are busy with it for milliseconds each time.
 */
const HEAP_GROWING = '--heap-growing-percent=300';

/** The last major version of Node.js whose flags are known here. */
const NODE_KNOWN_MAX = 26;

/**
 * Sets V8 in this process for the load of a node: code is optimised within seconds of its start, and the heap is
 * collected as a whole less often. For a process that is a node and little else, when its modules are loaded: what they
 * run once, at their start, is not worth optimising. Does nothing on a version of Node.js that it does not know.
 */
export function tuneForLoad(): void {
  for (const flag of flagsOf(process.versions.node)) setFlagsFromString(flag);
}

/**
 * The flags for a version of Node.js. They are no part of its promises, V8 says on stderr of this process what it does
 * not know, and nobody can ask it before: so only those that were tried.
 */
export function flagsOf(version: string): readonly string[] {
  const major = Number.parseInt(version, 10);
  if (major === 20) return [OPTIMISE_AFTER_BYTES, HEAP_GROWING];
  return major >= 22 && major <= NODE_KNOWN_MAX ? [OPTIMISE_AFTER_CALLS, HEAP_GROWING] : [];
}
