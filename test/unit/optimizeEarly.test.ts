import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..', '..');

/** Says how many calls of a small function V8 takes to optimise it, up to a million. */
const COUNT_CALLS = `
  const { optimizeEarly } = require('./src/optimizeEarly.ts');
  if (process.argv[1] === 'early') optimizeEarly();
  const add = (a, b) => a + b;
  let calls = 0;
  for (let sum = 0; calls < 1e6 && !%ActiveTierIsTurbofan(add); calls++) sum = add(sum, calls);
  console.log(calls);
`;

function callsUntilOptimised(how: 'early' | 'as usual'): number {
  const flags = ['--allow-natives-syntax', '--no-concurrent-recompilation', '--no-use-osr'];
  const typescript = join(ROOT, 'scripts', 'typescript');
  const args = [...flags, '-r', typescript, '-e', COUNT_CALLS, how];
  return Number(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }));
}

test('a function is optimised after a small part of the calls that it takes otherwise', () => {
  expect(10 * callsUntilOptimised('early')).toBeLessThan(callsUntilOptimised('as usual'));
});
