import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupReader } from '../../../src/backup/BackupReader';
import { CLUSTER_FILE_NAME } from '../../../src/config/writeCluster';
import { buildMember } from '../../../src/config/Member';
import { entryPushId, toLogEntry, type LogEntry, type PushId } from '../../../src/entry/Entry';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import { VALUE_BYTES_MAX } from '../../../src/limits';
import { TCPMokka } from '../../../src/TCPMokka';
import { Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';
import { MOKKA_CLUSTER } from '../../programs';
import { runToEnd, type Ending } from '../../StartedProgram';

/** `npm run backup` of a cluster under load, and `npm run restore` into others, with other keys. */

const MEMBERS = [0, 1, 2];
/** Adds that are always under way, and how many are acknowledged before the backups begin. */
const IN_FLIGHT = 30;
const ADDED_BEFORE = 500;

/** Of the cluster that is trimmed: logs of the largest values, more of them than a file of the store holds, then small ones. */
const LARGE = 20;
const SMALL = 20;
/** The last log that it forgets, in the second file. */
const TRIMMED_TO = 18;

interface Backup {
  readonly file: string;
  readonly entries: number;
  readonly logs: number;
  readonly headHash: string;
}

let directory: string;
/** The whole log of the cluster that the backups are of, as its nodes answered it after them. */
let original: LogEntry[];
let ofFollower: Backup;
let ofLeader: Backup;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-backups-'));
  const cluster = await Cluster.createWithOwnKeys();
  try {
    for (const index of MEMBERS) cluster.start(index);
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const load = loadOf(cluster);
    await until(SERVES_WITHIN_MS, 'logs', () => (load.acknowledged() >= ADDED_BEFORE ? true : undefined));
    ofFollower = await backupUnder(load, cluster, follower.options.index);
    ofLeader = await backupUnder(load, cluster, leader.options.index);
    await load.stop();
    const { index } = await cluster.converged();
    original = await wholeLog(cluster, leader.options.index, index);
  } finally {
    await cluster.end();
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('a backup of a follower or of the leader holds all that was acknowledged before it, as it is', () => {
  for (const backup of [ofFollower, ofLeader]) {
    expect(logsOf(backup)).toEqual(original.slice(0, backup.logs));
    expect(backup.logs).toBeLessThan(original.length);
  }
});

test('restored for all members of another cluster: the same logs, adds go on, an old push is known', async () => {
  const cluster = await Cluster.createWithOwnKeys();
  try {
    const outcomes = await restoreInto(cluster, MEMBERS);
    for (const { status, stdout, stderr } of outcomes) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const [first, second] = stdout.split('\n');
      expect(first).toBe(`${ofLeader.entries} entries, head ${ofLeader.headHash}`);
      expect(second).toMatch(/restore the other members .* from this same file/);
    }
    // A second restore would overwrite what the first has made.
    const [again] = await restoreInto(cluster, [0]);
    expect(again).toMatchObject({ status: 7, stderr: expect.stringMatching(/^TARGET_EXISTS: /) as string });

    for (const index of MEMBERS) cluster.start(index);
    await cluster.leader();
    for (const index of MEMBERS)
      expect(await wholeLog(cluster, index, ofLeader.logs)).toEqual(original.slice(0, ofLeader.logs));
    expect((await cluster.node(1).addLog('after', 'restore')).index).toBe(ofLeader.logs + 1);

    await cluster.converged();
    const follower = await cluster.follower();
    await follower.kill();
    await pushOldOnes(cluster, follower.options.index);
  } finally {
    await cluster.end();
  }
});

test('a member that was not restored gets the log from the others and becomes a full member', async () => {
  const cluster = await Cluster.createWithOwnKeys();
  try {
    for (const { status } of await restoreInto(cluster, [0, 2])) expect(status).toBe(0);
    for (const index of MEMBERS) cluster.start(index);
    const empty = cluster.node(1);
    await until(SERVES_WITHIN_MS, 'the member without data is a voter', async () =>
      (await empty.info()).membership === 'voter' ? true : undefined,
    );
    await cluster.node(0).kill();
    expect((await empty.addLog('after', 'restore')).index).toBe(ofLeader.logs + 1);
    expect(await wholeLog(cluster, 1, ofLeader.logs)).toEqual(original.slice(0, ofLeader.logs));
  } finally {
    await cluster.end();
  }
});

test('of a trimmed cluster: the restored log begins where that one did, also on a member that was not restored', async () => {
  const trimmed = await Cluster.createWithOwnKeys();
  let kept: LogEntry[];
  let head: string;
  const file = join(directory, 'of-trimmed');
  try {
    for (const index of MEMBERS) trimmed.start(index);
    await trimmed.leader();
    // More than a file of the store holds, so that the backup begins where the first one there is begins, or later.
    const value = 'v'.repeat(VALUE_BYTES_MAX);
    for (let n = 0; n < LARGE; n++) await trimmed.node(n % 3).addLog('large', value);
    for (let n = 0; n < SMALL; n++) await trimmed.node(n % 3).addLog('small', String(n));
    expect(await trimmed.node(1).expectOk(`trim ${TRIMMED_TO} --yes`)).toEqual({ floor: TRIMMED_TO });
    const { index } = await trimmed.converged();
    const follower = await trimmed.follower();
    kept = await logsBetween(follower, TRIMMED_TO + 1, index);
    const env = { DATA_DIR: trimmed.dataDirectory };
    const taken = await script('backup', env, '--node', String(follower.options.index), '--json', file);
    expect({ ...taken, stdout: JSON.parse(taken.stdout) as unknown }).toMatchObject({
      status: 0,
      stderr: '',
      stdout: { result: { floor: TRIMMED_TO, logs: kept.length } },
    });
    head = (JSON.parse(taken.stdout) as { result: Backup }).result.headHash;
  } finally {
    await trimmed.end();
  }

  const cluster = await Cluster.createWithOwnKeys();
  try {
    for (const { status, stderr } of await restoreInto(cluster, [0, 2], file))
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const index of [0, 2]) {
      const { status, stdout } = await script('verify', {}, cluster.directoryOf(index));
      expect(status).toBe(0);
      expect(stdout).toContain(`trimmed up to ${TRIMMED_TO}`);
      expect(stdout).toContain(`head hash ${head}`);
    }
    for (const index of MEMBERS) cluster.start(index);
    await cluster.leader();
    const last = TRIMMED_TO + kept.length;
    expect((await cluster.node(2).addLog('after', 'restore')).index).toBe(last + 1);
    await until(SERVES_WITHIN_MS, 'the member without data is a voter', async () =>
      (await cluster.node(1).info()).membership === 'voter' ? true : undefined,
    );
    await cluster.converged();
    for (const node of cluster.running) {
      expect(await logsBetween(node, TRIMMED_TO + 1, last)).toEqual(kept);
      expect(await node.command(`get_log ${TRIMMED_TO}`)).toMatchObject({ error: { code: 'TRIMMED' } });
      expect(await node.command('get nowhere')).toMatchObject({ error: { code: 'TRIMMED' } });
    }
    expect(await cluster.node(1).expectOk(`trim ${last} --yes`)).toEqual({ floor: last });
    expect((await cluster.node(0).addLog('after', 'the second trim')).index).toBe(last + 2);
    await cluster.converged();
  } finally {
    await cluster.end();
  }
});

test('a damaged backup is refused with its status, and leaves no directory', async () => {
  const cluster = await Cluster.createWithOwnKeys();
  try {
    const bytes = readFileSync(ofLeader.file);
    const cut = join(directory, 'cut');
    writeFileSync(cut, bytes.subarray(0, bytes.length - 1));
    const outcome = await script('restore', restoreEnv(cluster, 0), '--json', cut);
    expect({ ...outcome, stdout: JSON.parse(outcome.stdout) as unknown }).toMatchObject({
      status: 8,
      stdout: { command: 'restore', ok: false, error: { code: 'BACKUP_DAMAGED' } },
    });
    expect(existsSync(cluster.directoryOf(0))).toBe(false);
  } finally {
    await cluster.end();
  }
});

interface Load {
  acknowledged(): number;
  stop(): Promise<void>;
}

/** Keeps adds under way on all nodes. */
function loadOf(cluster: Cluster): Load {
  let acknowledged = 0;
  let stopped = false;
  const run = async (worker: number): Promise<void> => {
    for (let n = 0; !stopped; n++) {
      await cluster.node(worker % MEMBERS.length).addLog(`key-${worker}`, `${n} ü ${'v'.repeat(n % 500)}`);
      acknowledged++;
    }
  };
  const workers = Array.from({ length: IN_FLIGHT }, (_, worker) => run(worker));
  return {
    acknowledged: () => acknowledged,
    stop: async () => {
      stopped = true;
      await Promise.all(workers);
    },
  };
}

async function backupUnder(load: Load, cluster: Cluster, node: number): Promise<Backup> {
  const file = join(directory, `of-${node}`);
  const before = load.acknowledged();
  const outcome = await script(
    'backup',
    { DATA_DIR: cluster.dataDirectory },
    '--node',
    String(node),
    '--json',
    file,
  );
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  expect(load.acknowledged()).toBeGreaterThan(before);
  const { result } = JSON.parse(outcome.stdout) as { result: Omit<Backup, 'file'> };
  expect(result.logs).toBeGreaterThanOrEqual(before);
  return { ...result, file };
}

/** Restores a backup, the leader's, for some members of a cluster. */
function restoreInto(cluster: Cluster, members: readonly number[], file = ofLeader.file): Promise<Ending[]> {
  return Promise.all(members.map((member) => script('restore', restoreEnv(cluster, member), file)));
}

function restoreEnv(cluster: Cluster, member: number): NodeJS.ProcessEnv {
  return {
    INDEX: String(member),
    DATA_DIR: cluster.dataDirectory,
    CLUSTER_CONFIG: join(cluster.dataDirectory, 'config', CLUSTER_FILE_NAME),
  };
}

function script(name: string, env: NodeJS.ProcessEnv, ...words: string[]): Promise<Ending> {
  return runToEnd([process.execPath, ...MOKKA_CLUSTER, name, ...words], { env: { ...process.env, ...env } });
}

function wholeLog(cluster: Cluster, node: number, last: number): Promise<LogEntry[]> {
  return logsBetween(cluster.node(node), 1, last);
}

function logsBetween(node: NodeProcess, first: number, last: number): Promise<LogEntry[]> {
  return Promise.all(Array.from({ length: last - first + 1 }, (_, at) => node.getLog(first + at)));
}

/** The logs of a backup. */
function logsOf({ file }: Backup): LogEntry[] {
  return pushesOf(file).map(({ log }) => log);
}

function pushesOf(file: string): { id: PushId; log: LogEntry }[] {
  const reader = BackupReader.open(file);
  try {
    return [...reader.pages(Infinity)].flat().flatMap((entry) => {
      const id = entryPushId(entry);
      return id === null ? [] : [{ id, log: toLogEntry(entry) }];
    });
  } finally {
    reader.close();
  }
}

/** Makes pushes of the old cluster again, as a program in which this member of the restored one runs. */
async function pushOldOnes(cluster: Cluster, index: number): Promise<void> {
  const addresses = cluster.members.map(
    ({ host, port, keys }) => buildMember(host, port, keys.publicKey).address,
  );
  const { keys } = cluster.member(index);
  const store = await DurableLogStore.open({
    directory: cluster.directoryOf(index),
    clusterId: cluster.clusterId,
    publicKey: keys.publicKey,
  });
  const silent = (): void => undefined;
  const node = new TCPMokka({
    address: addresses[index] ?? '',
    members: addresses,
    heartbeat: 50,
    electionTimeout: 300,
    logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
    privateKey: keys.votingKey,
    secretKey: keys.secretKey,
    store,
  });
  try {
    for (const address of addresses) node.nodeApi.join(address);
    node.connect();
    const pushes = pushesOf(ofLeader.file);
    for (const { id, log } of [pushes[0], pushes[Math.floor(pushes.length / 2)], pushes.at(-1)].flatMap(
      (push) => push ?? [],
    )) {
      const { key, value } = log.log;
      const { session } = id;
      expect(await node.logApi.push(key, value, { session })).toEqual(log);
      const other = node.logApi.push(key, { ...value, value: 'another' }, { session });
      await expect(other).rejects.toMatchObject({ code: 'NONCE_REUSED' });
    }
  } finally {
    await node.disconnect();
    store.close();
  }
}
