import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..', '..');

/** Says how many calls of a small function V8 takes to optimise it, up to a million. */
const COUNT_CALLS = `
  const { tuneForLoad } = require('./src/tuneForLoad.ts');
  if (process.argv[1] === 'tuned') tuneForLoad();
  const add = (a, b) => a + b;
  let calls = 0;
  for (let sum = 0; calls < 1e6 && !%ActiveTierIsTurbofan(add); calls++) sum = add(sum, calls);
  console.log(calls);
`;

/** Collects the whole heap twice; V8 says after each how far the heap may grow. */
const COLLECT = `
  const { tuneForLoad } = require('./src/tuneForLoad.ts');
  if (process.argv[1] === 'tuned') tuneForLoad();
  gc();
  gc();
`;

type How = 'tuned' | 'as usual';

function output(flags: readonly string[], code: string, how: How): string {
  const typescript = join(ROOT, 'scripts', 'typescript');
  return execFileSync(process.execPath, [...flags, '-r', typescript, '-e', code, how], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}

function callsUntilOptimised(how: How): number {
  const flags = ['--allow-natives-syntax', '--no-concurrent-recompilation', '--no-use-osr'];
  return Number(output(flags, COUNT_CALLS, how));
}

/** By what the heap's size is multiplied until it is collected again, where V8 would multiply it by 1.5. */
function heapGrowth(how: How): number {
  const flags = ['--expose-gc', '--trace-gc-verbose', '--heap-growing-percent=50'];
  const factors = output(flags, COLLECT, how).matchAll(/\[HeapController\] Limit:.*\((\d+\.\d+)\)/g);
  return Number([...factors].at(-1)?.[1]);
}

test('a function is optimised after a small part of the calls that it takes otherwise', () => {
  expect(10 * callsUntilOptimised('tuned')).toBeLessThan(callsUntilOptimised('as usual'));
});

test('the heap grows to four times what lived on before it is collected again', () => {
  expect(heapGrowth('as usual')).toBe(1.5);
  expect(heapGrowth('tuned')).toBe(4);
});
