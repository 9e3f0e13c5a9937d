import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../integration/cluster/until';
import type { Random } from '../simulation/simulator/world/Random';
import { SIZE, type TorturedCluster } from './TorturedCluster';

/** One kind of fault: does it, for a time, and undoes it. Returns false where the machine does not allow it. */
export type Fault = (cluster: TorturedCluster, random: Random) => Promise<boolean>;

const PAUSE_MS_MAX = 3000;
const CUT_MS_MAX = 3000;
const SLOW_DISK_MS = 2000;
/** A wiped node must be a voter again within this time. */
const REJOIN_MS = 60_000;

const killOne: Fault = async (cluster, random) => {
  const index = random.below(SIZE);
  await cluster.kill(index);
  await delay(random.below(1500));
  cluster.start(index);
  return true;
};

const killAll: Fault = async (cluster) => {
  await Promise.all([0, 1, 2].map((index) => cluster.kill(index)));
  for (let index = 0; index < SIZE; index++) cluster.start(index);
  return true;
};

/** A voter that crashes and is back while an election may be under way (CASES 16). */
const killLeaderThenVoter: Fault = async (cluster, random) => {
  const leader = (await cluster.infos()).find((info) => info.state === 'leader')?.node ?? random.below(SIZE);
  await cluster.kill(leader);
  await delay(random.between(50, 400));
  const voter = (leader + random.between(1, 2)) % SIZE;
  await cluster.kill(voter);
  cluster.start(voter);
  cluster.start(leader);
  return true;
};

/** A frozen node acts on what it believed when it wakes (CASES 1). */
const pauseOne: Fault = async (cluster, random) => {
  const node = cluster.running(random.below(SIZE));
  node?.signalGroup('SIGSTOP');
  await delay(random.between(100, PAUSE_MS_MAX));
  node?.signalGroup('SIGCONT');
  return true;
};

const cutOneOff: Fault = async (cluster, random) => {
  const lonely = random.below(SIZE);
  cluster.links.isolate(lonely, random.perMille(500) ? 'silence' : 'cut');
  await delay(random.between(300, CUT_MS_MAX));
  cluster.links.healAll();
  return true;
};

/** Two nodes lose each other while both see the third; or only in one direction. */
const cutOneLink: Fault = async (cluster, random) => {
  const from = random.below(SIZE);
  const to = (from + random.between(1, 2)) % SIZE;
  cluster.links.link(from, to).silence();
  if (random.perMille(500)) cluster.links.link(to, from).silence();
  await delay(random.between(300, CUT_MS_MAX));
  cluster.links.healAll();
  return true;
};

const wipeOne: Fault = async (cluster, random) => {
  const index = random.below(SIZE);
  const infos = await cluster.infos();
  // Only with all members whole is the loss of one disk promised to be survived.
  if (infos.length < SIZE || infos.some((info) => info.membership !== 'voter')) return true;
  await cluster.kill(index);
  cluster.wipe(index);
  const wiped = cluster.start(index);
  await until(REJOIN_MS, `node ${index} is a voter again`, async () =>
    (await wiped.info()).membership === 'voter' ? true : undefined,
  );
  return true;
};

const slowDisk: Fault = async (cluster, random) => {
  const stop = cluster.disturbDisk(
    random.below(SIZE),
    `inject=fdatasync:delay_enter=${random.between(50, 1500)}ms`,
  );
  if (stop === null) return false;
  await delay(SLOW_DISK_MS);
  stop();
  return true;
};

/** The first write that fails ends the node; it starts again with what it had. */
const failingDisk: Fault = async (cluster, random) => {
  const index = random.below(SIZE);
  const stop = cluster.disturbDisk(index, 'inject=fdatasync:error=EIO:when=1');
  if (stop === null) return false;
  await delay(SLOW_DISK_MS);
  stop();
  if (cluster.running(index) === undefined) cluster.start(index);
  return true;
};

/** All kinds, by name; a kind that stands twice comes twice as often. */
export const FAULTS: readonly (readonly [string, Fault])[] = [
  ['kill one', killOne],
  ['kill one', killOne],
  ['kill all', killAll],
  ['kill the leader, then a voter', killLeaderThenVoter],
  ['pause one', pauseOne],
  ['pause one', pauseOne],
  ['cut one off', cutOneOff],
  ['cut one off', cutOneOff],
  ['cut one link', cutOneLink],
  ['wipe one', wipeOne],
  ['slow disk', slowDisk],
  ['failing disk', failingDisk],
];
