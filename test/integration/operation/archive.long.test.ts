import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VALUE_BYTES_MAX } from '../../../src/limits';
import { SEGMENT_BYTES } from '../../../src/storage/StoreLimits';
import { MOKKA_CLUSTER } from '../../programs';
import { SERVES_WITHIN_MS } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { HttpCluster } from '../http/HttpCluster';

/** `settings.archive` on three real nodes: what a trim forgets is kept, whatever is killed, and can be checked. */
jest.setTimeout(300_000);

/** Fills two files, and more than a journal behind them. */
const LOGS = 2 * (SEGMENT_BYTES / VALUE_BYTES_MAX) + 6;
const MEMBERS = [0, 1, 2];
const FIRST = '00000000000000000001.seg';

interface Verified {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function verify(...directories: string[]): Verified {
  const args = [...MOKKA_CLUSTER, 'verify', ...directories];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: REPOSITORY, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('files that a trim forgets are archived over kill -9, by a node that was away, and once an archive works again', async () => {
  const http = await HttpCluster.calm({ archive: '../archive' });
  const { cluster } = http;
  const archive = join(cluster.dataDirectory, 'archive');
  const folderOf = (index: number): string => {
    const [folder = 'none'] = existsSync(archive) ? readdirSync(archive) : [];
    return join(archive, folder, `node-${index}`);
  };
  const firstHeld = (index: number): string =>
    readdirSync(join(cluster.directoryOf(index), 'log')).sort()[0] ?? '';
  const start = (index: number): unknown => cluster.start(index, { HTTP_PORT: String(http.portOf(index)) });
  try {
    const value = 'v'.repeat(VALUE_BYTES_MAX);
    for (let count = 0; count < LOGS; count++) expect((await http.push(0, 'key', value)).status).toBe(201);
    await cluster.converged();

    // Node 2 is away at the trim, node 0 is killed amid it, and where the archive was there is none.
    rmSync(archive, { recursive: true });
    writeFileSync(archive, '');
    await cluster.node(2).kill();
    expect(await cluster.node(1).expectOk(`trim ${LOGS - 2} --yes`)).toEqual({ floor: LOGS - 2 });
    await cluster.node(0).kill();
    const problem = await until(SERVES_WITHIN_MS, 'node 1 tells of its archive', async () => {
      const info = await cluster.node(1).info();
      return info.problem?.includes('archive') === true ? info.problem : undefined;
    });
    expect(problem).toContain(`cannot be archived in ${archive}`);
    expect(firstHeld(1)).toBe(FIRST);

    rmSync(archive);
    start(0);
    start(2);
    await cluster.leader();
    await until(SERVES_WITHIN_MS, 'all nodes have archived the file', () =>
      Promise.resolve(
        MEMBERS.every((index) => existsSync(join(folderOf(index), FIRST)) && firstHeld(index) > FIRST) ||
          undefined,
      ),
    );
    await until(SERVES_WITHIN_MS, 'node 1 has no problem', async () =>
      (await cluster.node(1).info()).problem === null ? true : undefined,
    );
    expect((await http.push(1, 'key', 'after')).status).toBe(201);
    await cluster.converged();
    await Promise.all(cluster.running.map((node) => node.kill()));

    for (const index of MEMBERS) {
      const whole = verify(cluster.directoryOf(index), archive);
      expect({ index, status: whole.status, stderr: whole.stderr }).toEqual({ index, status: 0, stderr: '' });
      expect(whole.stdout).toMatch(/^archived: logs 1 to \d+, in \d+ files\nwhole: /);
      expect(whole.stdout).toContain(`${LOGS + 1} of them logs,`);
    }
    const file = join(folderOf(1), FIRST);
    const content = readFileSync(file);
    content.writeUInt8(content.readUInt8(content.length >> 1) ^ 1, content.length >> 1);
    writeFileSync(file, content);
    const damaged = verify(cluster.directoryOf(1), archive);
    expect(damaged).toMatchObject({ status: 1, stdout: '' });
    expect(damaged.stderr).toMatch(/^DATA_DAMAGED: .*node-1\/0{19}1\.seg is damaged at position \d+/);
    expect(verify(cluster.directoryOf(1), folderOf(0)).status).toBe(0);
  } finally {
    await cluster.end();
  }
});
