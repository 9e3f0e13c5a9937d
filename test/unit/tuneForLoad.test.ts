import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { flagsOf } from '../../src/tuneForLoad';

const ROOT = resolve(__dirname, '..', '..');

/** Says how many calls of a small function V8 takes to optimise it, up to a million. */
const COUNT_CALLS = `
  const { tuneForLoad } = require('./dist/tuneForLoad.js');
  if (process.argv[1] === 'tuned') tuneForLoad();
  const add = (a, b) => a + b;
  let calls = 0;
  for (let sum = 0; calls < 1e6 && !%ActiveTierIsTurbofan(add); calls++) sum = add(sum, calls);
  console.log(String(calls));
`;

/** Collects the whole heap, 40 MB, twice; V8 says after each how far the heap may grow: some MB beside its factor. */
const COLLECT = `
  globalThis.kept = Array.from({ length: 500 }, () => new Array(10_000).fill({}));
  const { tuneForLoad } = require('./dist/tuneForLoad.js');
  if (process.argv[1] === 'tuned') tuneForLoad();
  gc();
  gc();
`;

type How = 'tuned' | 'as usual';

/** What it prints; V8 says on stderr which flags it does not know. */
function output(flags: readonly string[], code: string, how: How): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, '-e', code, how], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

function callsUntilOptimised(how: How): number {
  const flags = ['--allow-natives-syntax', '--no-concurrent-recompilation', '--no-use-osr'];
  return Number(output(flags, COUNT_CALLS, how));
}

/** By what the heap's size is multiplied until it is collected again; V8 alone would multiply it by 1.5. */
function heapGrowth(how: How): number {
  const flags = ['--expose-gc', '--trace-gc-verbose', '--heap-growing-percent=50'];
  const limits = output(flags, COLLECT, how).matchAll(
    /\[HeapController\] Limit: old size: (\d+) KB, new limit: (\d+) KB/g,
  );
  const [, size, limit] = [...limits].at(-1) ?? [];
  return Number(limit) / Number(size);
}

test('a function is optimised after a small part of the calls that it takes otherwise', () => {
  expect(5 * callsUntilOptimised('tuned')).toBeLessThan(callsUntilOptimised('as usual'));
});

test('the heap grows to four times what lived on before it is collected again', () => {
  expect(heapGrowth('as usual')).toBeLessThan(2.5);
  expect(heapGrowth('tuned')).toBeGreaterThanOrEqual(4);
});

test('a version of Node.js whose flags are not known is left as it is', () => {
  expect([flagsOf('20.11.0'), flagsOf('24.0.0')].map((flags) => flags.length)).toEqual([2, 2]);
  expect(['18.20.0', '21.7.3', '27.0.0', '100.1.0', 'x'].flatMap((version) => flagsOf(version))).toEqual([]);
});
