import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Before all tests: starts what ends their processes (nodes, terminals, jest's own workers) when jest has ended, also by a
 * signal to it alone, or by kill -9. It knows them by their environment, which each passes on, and stands in a process
 * group of its own, so that a Ctrl-C does not end it. Needs /proc.
 */
export default function endWithJest(): void {
  const id = randomUUID();
  const { TEST_RUNS: outer, ...env } = process.env;
  const guard = spawn('sh', [join(__dirname, 'end.sh'), id], {
    detached: true,
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  // Jest ends without waiting for it.
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  // A run within a test of another run belongs to both.
  process.env['TEST_RUNS'] = outer === undefined ? id : `${outer} ${id}`;
}
