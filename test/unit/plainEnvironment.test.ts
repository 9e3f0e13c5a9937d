import { execFileSync } from 'node:child_process';

/** Says which of the two it was given, whatever asked for colours when the tests were started. */
const SAY = `process.stdout.write(JSON.stringify([process.env.FORCE_COLOR, process.env.NO_COLOR]))`;

test('processes that a test starts are not told to print colours', () => {
  const inherited = execFileSync(process.execPath, ['-e', SAY], { encoding: 'utf8' });
  const copied = execFileSync(process.execPath, ['-e', SAY], { encoding: 'utf8', env: { ...process.env } });
  expect([inherited, copied]).toEqual(['[null,null]', '[null,null]']);
});
