import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isFree } from '../integration/cluster/Cluster';
import { until } from '../integration/cluster/until';
import { isAlive } from '../linuxProcesses';

const ROOT = resolve(__dirname, '../..');
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
/** With a second file, jest runs both in workers. */
const FILES = ['**/leftovers/holdsCluster.ts', '**/plainEnvironment.test.ts'];
/** Of jest's start with three nodes, and of the end of all. */
const WITHIN_MS = 180_000;

interface Held {
  readonly startPort: number;
  readonly pids: readonly number[];
  readonly directory: string;
}

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  '%s to jest alone leaves no node and no port behind',
  async (signal) => {
    const home = mkdtempSync(join(tmpdir(), 'mokka-leftovers-'));
    const file = join(home, 'cluster.json');
    // Without pipes, as a StartedProgram has them: what jest leaves behind would hold them open.
    const jest = spawn(process.execPath, [JEST, '--testMatch', ...FILES, '-w', '2'], {
      cwd: ROOT,
      env: { ...process.env, TELL_CLUSTER: file },
      stdio: 'ignore',
    });
    const ended = once(jest, 'exit');
    await until(WITHIN_MS, 'the cluster runs', () =>
      existsSync(file) && readFileSync(file, 'utf8').endsWith('}') ? true : undefined,
    );
    const { startPort, pids, directory } = JSON.parse(readFileSync(file, 'utf8')) as Held;
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    jest.kill(signal);
    await ended;
    await until(WITHIN_MS, 'no node is left', () => (pids.some(isAlive) ? undefined : true));
    // The kernel closes a killed process's sockets a moment later.
    for (let port = startPort; port < startPort + pids.length; port++)
      await until(WITHIN_MS, `port ${port} is free`, async () => ((await isFree(port)) ? true : undefined));
    for (const left of [home, directory]) rmSync(left, { recursive: true, force: true });
  },
);
