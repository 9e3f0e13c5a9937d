import { REMEMBERED_PUSHES_MAX, UNCOMMITTED_BYTES_MAX } from '../../../src/limits';
import type { LogLimits } from '../../../src/mokka/log/LogLimits';
import type { StoreLimits } from '../../../src/storage/StoreLimits';
import type { Fault } from './faults/Fault';
import { makeFault, type FaultName } from './faults/faults';
import type { PushPlan } from './Clients';
import { DENIALS } from './checks/History';
import { Random } from './world/Random';
import type { ClusterSettings } from './SimulatedCluster';
import { QUIET_NETWORK, type NetworkSettings } from './SimulatedNetwork';

/** What a client does at a time (µs). */
export type ClientStep = { readonly at: number } & (
  | { readonly kind: 'push'; readonly plan: PushPlan }
  | {
      readonly kind: 'get';
      readonly node: number;
      readonly which: 'last' | 'next' | 'any';
      readonly draw: number;
    }
  | { readonly kind: 'trim'; readonly node: number; readonly draw: number }
);

/** A schedule, before it runs: all of it follows from the seed. */
export interface SchedulePlan {
  readonly kind: ScheduleKind;
  readonly settings: Omit<ClusterSettings, 'limits' | 'plant'>;
  readonly limits: Partial<LogLimits>;
  /** Whether clients trim the log. */
  readonly trims: boolean;
  /** Whether disks have no room for logs at times. */
  readonly rooms: boolean;
  readonly realArithmetic: boolean;
  /** When each node starts first, µs. */
  readonly starts: readonly number[];
  readonly wallOffsets: readonly number[];
  readonly faults: readonly Fault[];
  readonly clientSteps: readonly ClientStep[];
  /** When the faults end and the healing begins, µs. */
  readonly faultsEndAt: number;
}

const MS = 1000;
const HOUR = 3_600_000;

/** Of the logs that clients push. */
const KEYS = ['key', 'other-key', 'third-key'];

/** What goes wrong in each kind of schedule, by weight. */
const kinds = {
  crashes: { crash: 4, stop: 2, dieInEvent: 4, blackout: 1, cutOff: 1 },
  storms: { storm: 2, crash: 1, stop: 1, dieInEvent: 2, slowDisk: 1 },
  cuts: { cutOff: 3, cutOneWay: 3, cutPair: 3, split: 3 },
  delays: { slowNetwork: 2, slowWay: 4, stop: 1, pause: 3, slowDisk: 2, cutPair: 1 },
  disks: { slowDisk: 3, slowDisks: 2, hangingDisk: 2, failedWrite: 3, fullDisk: 2, dieInEvent: 3, crash: 1 },
  wipes: {
    voterWiped: 5,
    wipe: 2,
    wipeAgain: 3,
    wipeWhileOthersAreBehind: 3,
    slowWay: 1,
    crash: 1,
    cutOff: 1,
  },
  clocks: { clockJump: 6, crash: 1, cutOff: 1 },
  forming: { crash: 3, dieInEvent: 3, storm: 1, wipe: 4, wipeAgain: 1, slowWay: 2, cutPair: 1, pause: 1 },
  elections: { rivals: 6, crash: 1 },
  figure8: { strandedLeader: 6, crash: 1, dieInEvent: 2 },
  isolation: {},
  wipedMajority: { cutOff: 2, crash: 2, wipeTwo: 3 },
  mixed: {
    crash: 2,
    stop: 2,
    dieInEvent: 2,
    pause: 2,
    cutOff: 1,
    cutOneWay: 1,
    cutPair: 1,
    split: 1,
    slowNetwork: 1,
    slowWay: 1,
    slowDisk: 1,
    failedWrite: 1,
    wipe: 1,
    voterWiped: 1,
    clockJump: 1,
    strandedLeader: 1,
  },
} satisfies Record<string, Partial<Record<FaultName, number>>>;

export type ScheduleKind = keyof typeof kinds;

const KIND_WEIGHTS: Record<ScheduleKind, number> = {
  crashes: 2,
  storms: 1,
  cuts: 2,
  delays: 2,
  disks: 2,
  wipes: 3,
  clocks: 1,
  forming: 2,
  elections: 5,
  figure8: 2,
  isolation: 2,
  wipedMajority: 1,
  mixed: 4,
};

/** In so many schedules in a thousand disks have no room for logs for a while. */
const ROOMS_PER_MILLE = 200;

/** In so many schedules in a thousand clients trim the log. */
const TRIMS_PER_MILLE = 300;

/** So many schedules in a thousand have the store that users run; the others are faster. */
const DURABLE_PER_MILLE = 500;

/** One schedule in so many runs with Mokka's own arithmetic. */
const REAL_ARITHMETIC_EVERY = 100;

/** Makes the plan of a seed. `size` null: the seed chooses it, from 1 to 7. */
export function planOf(seed: number, size: number | null): SchedulePlan {
  const random = new Random(seed, 'plan');
  const kind = weighted(random, KIND_WEIGHTS);
  const members =
    size ?? random.pick(kind === 'elections' ? [3, 3, 4, 5] : [1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7]);
  const faultsEndAt = random.between(kind === 'elections' ? 6000 : 2500, 6000) * MS;
  const isQuiet = kind === 'isolation';
  const timing = random.pick([
    { heartbeat: 50, electionTimeout: 200 },
    { heartbeat: 50, electionTimeout: 200 },
    { heartbeat: 30, electionTimeout: 120 },
    { heartbeat: 100, electionTimeout: 300 },
  ]);
  const limits = isQuiet ? {} : smallLimits(new Random(seed, 'limits'));
  const trims = !isQuiet && new Random(seed, 'trims').perMille(TRIMS_PER_MILLE);
  const rooms = !isQuiet && new Random(seed, 'rooms').perMille(ROOMS_PER_MILLE);
  const forgets = trims || forgetsPushes(limits);
  return {
    kind,
    settings: {
      seed,
      size: members,
      ...timing,
      store: storeOf(new Random(seed, 'store')),
      network: exactLinksFor(forgets || rooms, networkOf(kind, new Random(seed, 'links'), timing.heartbeat)),
    },
    limits,
    trims,
    rooms,
    realArithmetic: !isQuiet && members <= 3 && seed % REAL_ARITHMETIC_EVERY === 7,
    starts: startsOf(random, members, kind),
    wallOffsets: Array.from({ length: members }, () => random.between(-12 * HOUR, 12 * HOUR)),
    faults: [
      ...faultsOf(new Random(seed, 'faults'), kinds[kind], kind, faultsEndAt),
      ...(rooms ? faultsOf(new Random(seed, 'room faults'), { noRoom: 1 }, kind, faultsEndAt) : []),
    ],
    clientSteps: [
      ...clientStepsOf(new Random(seed, 'clients'), members, faultsEndAt, forgets),
      ...(trims ? trimStepsOf(new Random(seed, 'trim steps'), members, faultsEndAt) : []),
    ],
    faultsEndAt,
  };
}

function weighted<Name extends string>(
  random: Random,
  weights: Readonly<Partial<Record<Name, number>>>,
): Name {
  const names = Object.keys(weights) as Name[];
  return random.pick(names.flatMap((name) => new Array<Name>(weights[name] ?? 0).fill(name)));
}

function startsOf(random: Random, members: number, kind: ScheduleKind): number[] {
  const spread = kind === 'forming' ? 3000 : kind === 'isolation' ? 0 : random.pick([0, 0, 100, 1500]);
  return Array.from({ length: members }, () => random.below(spread + 1) * MS);
}

function networkOf(kind: ScheduleKind, random: Random, heartbeat: number): NetworkSettings {
  if (kind === 'elections') return quickLinks(random);
  if (kind === 'isolation' || random.perMille(300)) return QUIET_NETWORK;
  const delayMin = random.pick([0, 100, 1000, 5000]);
  return {
    delayMin,
    delayMax: delayMin + random.pick([500, 5000, (heartbeat * MS) / 2, heartbeat * MS]),
    lossPerMille: random.pick([0, 0, 10, 100]),
    duplicatesPerMille: random.pick([0, 0, 50, 300]),
    reorders: random.perMille(500),
    connectMax: random.pick([20_000, 400_000]),
  };
}

/** Whether pushes may fall out of the window that is remembered. */
function forgetsPushes({ REMEMBERED_PUSHES_MAX: max }: Partial<LogLimits>): boolean {
  return max !== undefined && max < REMEMBERED_PUSHES_MAX;
}

/** What a push may be answered with, codes of errors. Where no push is forgotten, none is refused as too old. */
export function errorsOf({ limits, trims, rooms }: SchedulePlan): string[] {
  return [
    ...DENIALS.filter((code) => rooms || code !== 'STORE_FULL'),
    'UNKNOWN_OUTCOME',
    ...(trims || forgetsPushes(limits) ? ['STALE_NONCE'] : []),
    ...(trims ? ['TRIMMED'] : []),
  ];
}

/**
 * Where pushes are forgotten, or refused for want of room, a forwarded push must not come twice: LogApi takes a refusal for
 * the answer to its only try. Links of src/transport never repeat a packet.
 */
function exactLinksFor(isRefused: boolean, network: NetworkSettings): NetworkSettings {
  return isRefused ? { ...network, duplicatesPerMille: 0 } : network;
}

/** Links that come up at once, so that who votes in one moment and dies can be asked again in the next. */
function quickLinks(random: Random): NetworkSettings {
  return {
    ...QUIET_NETWORK,
    delayMin: 0,
    delayMax: random.between(2, 30) * MS,
    reorders: true,
    connectMax: 10_000,
  };
}

function smallLimits(random: Random): Partial<LogLimits> {
  if (random.perMille(400)) return {};
  return {
    APPEND_ENTRIES_MAX: random.between(1, 3),
    APPENDS_IN_FLIGHT_MAX: random.between(1, 6),
    RECENT_ENTRIES_MAX: random.between(1, 6),
    FORWARD_PUSHES_MAX: random.between(1, 4),
    FORWARD_BYTES_IN_FLIGHT_MAX: random.pick([100, 1000, 1_000_000]),
    FORWARDS_IN_FLIGHT_MAX: random.between(1, 8),
    FORWARDS_WAITING_MAX: random.between(2, 16),
    FLUSH_ENTRIES_MAX: random.between(1, 4),
    UNCOMMITTED_ENTRIES_MAX: random.between(2, 20),
    ANSWER_STEP_ENTRIES: random.between(1, 5),
    REMEMBERED_PUSHES_MAX: random.pick([REMEMBERED_PUSHES_MAX, REMEMBERED_PUSHES_MAX, random.between(4, 30)]),
    READ_DEADLINE_MS: 3000,
    REMEMBER_STEP_ENTRIES: random.pick([1, 3, 256]),
    LATE_ENTRIES_MAX: random.pick([1, 2, 8, 50]),
    LATE_BYTES_MAX: random.pick([0, 300, 4096]),
    UNCOMMITTED_BYTES_MAX: random.pick([200, 2000, UNCOMMITTED_BYTES_MAX]),
  };
}

/** Sizes of stores that are like users', so small that a schedule goes through many files; null: stores in memory. */
function storeOf(random: Random): StoreLimits | null {
  if (!random.perMille(DURABLE_PER_MILLE)) return null;
  return {
    JOURNAL_BYTES: random.pick([8192, 8192, 16_384]),
    JOURNAL_FILES_MAX: random.between(3, 5),
    SEGMENT_BYTES: random.between(500, 4000),
    BLOCK_BYTES: random.between(200, 1000),
    SEGMENT_SYNC_BYTES: random.pick([1, 2000, Infinity]),
    SEGMENT_WRITE_BYTES: random.pick([1, 300, 2000, Infinity]),
    CLOSING_PACE: random.pick([1, 3]),
  };
}

function faultsOf(
  random: Random,
  weights: Partial<Record<FaultName, number>>,
  kind: ScheduleKind,
  endAt: number,
): Fault[] {
  if (kind === 'isolation') return [];
  const faults: Fault[] = [];
  const pause = kind === 'elections' ? 600 : random.pick([150, 400, 800, 1500]);
  for (let at = random.below(800) * MS; at < endAt; at += random.between(pause / 3, pause * 2) * MS) {
    const name = weighted(random, weights);
    faults.push(makeFault(name, at, random));
  }
  return faults;
}

function clientStepsOf(random: Random, size: number, endAt: number, forgets: boolean): ClientStep[] {
  const steps: ClientStep[] = [];
  const pause = random.pick([20, 60, 150, 300]);
  const lastNonces = [0, 0, 0];
  let count = 0;
  for (let at = 100 * MS; at < endAt; at += random.below(2 * pause) * MS) {
    const burst = random.perMille(100) ? random.between(2, 8) : 1;
    for (let each = 0; each < burst; each++) {
      if (random.perMille(350)) {
        const which = random.pick(['last', 'next', 'next', 'any'] as const);
        steps.push({ at, kind: 'get', node: random.below(size), which, draw: random.below(1000) });
        continue;
      }
      const caller = random.below(lastNonces.length);
      const nonce = (lastNonces[caller] ?? 0) + random.between(1, 3);
      const isNamed = random.perMille(500);
      if (isNamed) lastNonces[caller] = nonce;
      steps.push({
        at,
        kind: 'push',
        plan: {
          key: KEYS[count % KEYS.length] ?? 'key',
          behindKey: count % 2 === 0,
          value: `v${++count}`,
          named: isNamed ? { session: `00000000000000${caller}0`.slice(-16), nonce } : null,
          // A named session that is forgotten, see RememberedPushes, needs its `since`.
          bringsSince: forgets || random.perMille(500),
          behind: random.perMille(200) ? random.pick([0, 0, 0, -1, 1]) : null,
          nodes: Array.from({ length: isNamed ? random.between(1, 5) : 1 }, () => random.below(size)),
          deadline: random.pick([100, 500, 1500, 3000, 6000]),
          patience: random.pick([30, 100, 400, 1000, 2500]) * MS,
        },
      });
    }
  }
  return steps;
}

function trimStepsOf(random: Random, size: number, endAt: number): ClientStep[] {
  const steps: ClientStep[] = [];
  const pause = random.pick([200, 600, 1500]);
  for (let at = 300 * MS; at < endAt; at += random.between(1, 2 * pause) * MS)
    steps.push({ at, kind: 'trim', node: random.below(size), draw: random.below(1000) });
  return steps;
}
