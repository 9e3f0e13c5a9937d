import { setFlagsFromString } from 'node:v8';

/**
 * Bytes of bytecode that a function runs before V8 thinks of optimising it, a small part of V8's own number (132 KiB in
 * Node.js 20, 66 KiB later). Most of a node's code runs once for a batch of adds, hundreds of times a second: with V8's
 * number it is interpreted for minutes, and an add alone takes a third longer.
 */
const INTERRUPT_BUDGET = 5000;

/**
 * By how much the heap grows before V8 collects all of it, percent of what lived on. V8's own number is as low as 50
 * where collecting is quick. A node under load lives on 20 MB, and each entry for some hundredths of a second, which is
 * long enough to be moved to the old generation: with V8's number it collects all three times a second, and two cores
 * that three nodes and their client share are busy with it for milliseconds each time.
 */
const HEAP_GROWING_PERCENT = 300;

/**
 * Sets V8 in this process for the load of a node: code is optimised within seconds of its start, and the heap is
 * collected as a whole less often. For a process that is a node and little else, when its modules are loaded: what they
 * run once, at their start, is not worth optimising.
 */
export function tuneForLoad(): void {
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
}
