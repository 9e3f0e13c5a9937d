import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { createLogger } from 'bunyan';
import { generateKeyPair } from '../../../src/config/keyPair';
import { StartError } from '../../../src/errors';
import type { Entry } from '../../../src/entry/Entry';
import type { Told } from '../../../src/storage/LogStore';
import { MemoryLogStore } from '../../../src/storage/MemoryLogStore';
import { TCPMokka } from '../../../src/TCPMokka';
import { Cluster, freeStartPort, isFree, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { injectInto, unless, whyNoTrace } from '../cluster/disturbances';
import { REPOSITORY } from '../cluster/NodeProcess';
import { rounds } from '../cluster/checks/rounds';
import { until } from '../cluster/until';

/** A clean stop forgets nothing that the node knew (CASES 39), on real processes. CASES_ROUNDS_FACTOR=1 does all rounds. */
jest.setTimeout(3_600_000);

const ROUNDS = rounds(14, 2);
const ADDS = 200;

let cluster: Cluster | null = null;
afterEach(async () => {
  await cluster?.end();
  cluster = null;
});

/** The logs that a backup of a lone node has. */
function backedUp({ dataDirectory }: Cluster, index: number): number {
  const file = path.join(dataDirectory, 'lone.backup');
  const args = ['run', '--silent', 'backup', '--', '--unconfirmed', '--json', '--node', String(index), file];
  const env = { ...process.env, DATA_DIR: dataDirectory };
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: REPOSITORY, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  rmSync(file);
  return (JSON.parse(stdout) as { result: { logs: number } }).result.logs;
}

test.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
  `stopped by SIGTERM, followers first, the leader alone knows all that was committed (round %d of ${ROUNDS})`,
  async () => {
    const started = (cluster = await Cluster.started());
    const leader = await started.leader();
    await Promise.all(Array.from({ length: ADDS }, (_, n) => leader.addLog('key', `value-${n}`)));
    await until(SERVES_WITHIN_MS, 'all know that all is committed', async () =>
      (await started.infos()).every(({ committedIndex }) => committedIndex === ADDS) ? true : undefined,
    );
    const followers = started.running.filter((node) => node !== leader);
    for (const node of [...followers, leader]) process.kill(node.pid, 'SIGTERM');
    for (const node of [...followers, leader]) expect(await node.exited).toMatchObject({ code: 0 });
    const alone = started.start(leader.options.index);
    expect((await alone.info()).committedIndex).toBe(ADDS);
    expect((await alone.getLog(ADDS)).index).toBe(ADDS);
    expect(backedUp(started, leader.options.index)).toBe(ADDS);
  },
);

unless(whyNoTrace())('a last sync that fails at the stop is status 1, and said', async () => {
  cluster = await Cluster.started();
  const leader = await cluster.leader();
  await leader.addLog('key', 'value');
  const stop = await injectInto(leader.pid, 'fdatasync,fsync:error=EIO');
  try {
    process.kill(leader.pid, 'SIGTERM');
    expect(await leader.exited).toMatchObject({ code: 1 });
    expect(leader.lastWords).toMatch(
      /^STORE_FAILED: cannot write to .*(EIO|Input\/output error).*start again$/m,
    );
  } finally {
    stop();
  }
});

describe('an embedded node', () => {
  async function alone(store: MemoryLogStore): Promise<{ node: TCPMokka; port: number }> {
    const port = await freeStartPort();
    const { publicKey, secretKey, votingKey: privateKey } = generateKeyPair();
    const address = `tcp://127.0.0.1:${port}/${publicKey}`;
    const node = new TCPMokka({
      address,
      members: [address],
      heartbeat: 50,
      electionTimeout: 200,
      logger: createLogger({ name: 'stop.test', level: 'fatal' }),
      store,
      privateKey,
      secretKey,
    });
    node.connect();
    await node.logApi.push('key', { value: 'value', nonce: 1 });
    return { node, port };
  }

  test('has saved what is committed once it is disconnected', async () => {
    const store = new MemoryLogStore();
    const { node } = await alone(store);
    await node.disconnect();
    expect(store.commitIndex).toBe(store.last?.index);
  });

  test('rejects its disconnect when that cannot be saved, and has left its port', async () => {
    let broken = false;
    class BreakingStore extends MemoryLogStore {
      override append(entries: readonly Entry[], commitIndex: number, told?: Told): void {
        if (broken) throw new StartError('STORE_FAILED', 'a broken disk');
        super.append(entries, commitIndex, told);
      }
    }
    const { node, port } = await alone(new BreakingStore());
    broken = true;
    await expect(node.disconnect()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(await isFree(port)).toBe(true);
    await node.disconnect();
  });
});
