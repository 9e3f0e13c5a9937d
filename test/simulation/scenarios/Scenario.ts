import { toError } from '../../../src/errors';
import type { NodeInfo } from '../../../src/api';
import { Clients, type PushPlan } from '../simulator/Clients';
import { DENIALS, History, type PushRecord } from '../simulator/checks/History';
import { describePacket } from '../simulator/checks/describePacket';
import { inSimulatedWorld } from '../simulator/world/inSimulatedWorld';
import type { LogLimits } from '../../../src/mokka/log/LogLimits';
import { inMacrotask } from '../simulator/world/microtasks';
import type { Plant } from '../simulator/Plant';
import { hashOf } from '../simulator/checks/SafetyChecks';
import { QUIET_CLUSTER, SimulatedCluster } from '../simulator/SimulatedCluster';
import type { NetworkSettings } from '../simulator/SimulatedNetwork';
import { Trace } from '../simulator/checks/Trace';

const MS = 1000;

/** How long a scenario waits for what it expects, simulated ms. */
const PATIENCE = 10_000;

export interface ScenarioOptions {
  /** Members that do not start by themselves. */
  readonly notStarted?: readonly number[];
  readonly limits?: Partial<LogLimits>;
  /** Default: as many as the members. */
  readonly seed?: number;
  readonly network?: NetworkSettings;
  readonly plant?: Plant;
}

/** A session and a nonce of a caller's own. */
export interface Named {
  readonly session: string;
  readonly nonce: number;
}

/** What became of a push; `index` and `error` are null until it is known. */
export interface Pushed {
  readonly value: string;
  index: number | null;
  error: Error | null;
}

/**
 * A small language for stories about a cluster: each verb does one thing or waits for one, in simulated time. All of
 * Raft's safety is checked after every event anyhow, and the clients' history at the end.
 *
 * Plays a story with a cluster of so many members that are all started, unless the options say otherwise.
 */
export function story(
  size: number,
  tell: (it: Scenario) => void,
  options: ScenarioOptions = {},
): Promise<void> {
  return inMacrotask(() => {
    const { seed = size, network = QUIET_CLUSTER.network, plant = null } = options;
    const cluster = new SimulatedCluster(
      { ...QUIET_CLUSTER, seed, size, network, limits: options.limits ?? {}, plant },
      new Trace(true),
    );
    const scenario = new Scenario(cluster);
    inSimulatedWorld(cluster, { realArithmetic: false }, () => {
      for (const node of cluster.nodes) if (options.notStarted?.includes(node) !== true) cluster.start(node);
      tell(scenario);
      scenario.end();
    });
  });
}

export class Scenario {
  private readonly clients: Clients;
  private count = 0;

  constructor(readonly cluster: SimulatedCluster) {
    const codes = [...DENIALS, 'UNKNOWN_OUTCOME', 'STALE_NONCE', 'NONCE_REUSED'];
    this.clients = new Clients(cluster, new History(codes));
  }

  get nodes(): readonly number[] {
    return this.cluster.nodes;
  }

  // What happens.

  wait(ms: number): void {
    this.cluster.runUntil(this.cluster.now + ms * MS);
  }

  crash(...nodes: readonly number[]): void {
    for (const node of nodes) this.cluster.crash(node);
  }

  start(...nodes: readonly number[]): void {
    for (const node of nodes) this.cluster.start(node);
  }

  /** Its disk is empty; it does not run any more. */
  wipe(...nodes: readonly number[]): void {
    for (const node of nodes) this.cluster.wipe(node);
  }

  /** From now on each write of these nodes takes so long. */
  slowDisks(ms: number, nodes: readonly number[] = this.nodes): void {
    for (const node of nodes)
      Object.assign(this.cluster.machine(node), { diskDelay: ms * MS, diskDelayMin: ms * MS });
  }

  /** These nodes do not get to run for so long; their links stay. */
  holdUp(ms: number, nodes: readonly number[]): void {
    for (const node of nodes) this.cluster.processAt(node)?.work(ms * MS);
  }

  freeze(node: number): void {
    this.cluster.pause(node);
  }

  thaw(node: number): void {
    this.cluster.resume(node);
  }

  /** Cuts nodes off from some others, or from all others, both ways. */
  cut(some: readonly number[], others = this.nodes.filter((node) => !some.includes(node))): void {
    for (const one of some)
      for (const other of others) {
        this.cluster.network.cut(one, other);
        this.cluster.network.cut(other, one);
      }
  }

  /** What one node sends to the others goes nowhere. */
  cutOneWay(from: number, to: readonly number[]): void {
    for (const other of to) this.cluster.network.cut(from, other);
  }

  heal(): void {
    this.cluster.network.healAll();
  }

  /** Decides about packets by their words: arrival times in ms, [] to lose one, null to let it pass. */
  intercept(rule: (from: number, to: number, words: string) => readonly number[] | null): void {
    this.cluster.network.intercept = (from, to, packet) => rule(from, to, describePacket(packet));
  }

  /** Pushes, without waiting for the answer. */
  beginPush(node: number, named: Named | null = null, value?: string): Pushed {
    return this.begin({ value: value ?? `v${++this.count}`, named, nodes: [node] });
  }

  /** Begins a push that is to be appended only behind the last log that a client knows, or one that is so many further on. */
  beginPushBehind(node: number, behind: number): Pushed {
    return this.begin({ value: `v${++this.count}`, named: null, behind, nodes: [node] });
  }

  /** Begins a push with the `since` of its first node; it is made on the next one when the last has not answered in so many ms. */
  beginRetriedPush(nodes: readonly number[], named: Named, patience: number): PushRecord {
    const plan = { value: `v${++this.count}`, named, bringsSince: true, nodes };
    return this.clients.push({ ...plan, deadline: patience, patience: patience * MS });
  }

  private begin(plan: Omit<PushPlan, 'deadline' | 'patience'>): Pushed {
    const pushed: Pushed = { value: plan.value, index: null, error: null };
    const times = { deadline: PATIENCE, patience: 2 * PATIENCE * MS };
    const record = this.clients.push({ ...plan, ...times }, (index) => (pushed.index = index));
    this.watch(() => {
      const [outcome] = record.attempts;
      if (outcome && 'error' in outcome) pushed.error = outcome.error;
    });
    return pushed;
  }

  /** Gets, without waiting for the answer; what it gives is checked at the end. */
  beginGet(node: number, index: number): void {
    this.clients.get(node, index);
  }

  // What is expected.

  /** Pushes and waits until it is committed; returns its index. */
  push(node: number, named: Named | null = null, value?: string): number {
    const pushed = this.beginPush(node, named, value);
    this.expectAnswered(pushed);
    return pushed.index ?? 0;
  }

  pushMany(node: number, count: number): void {
    const all = Array.from({ length: count }, () => this.beginPush(node));
    for (const pushed of all) this.expectAnswered(pushed);
  }

  expectAnswered(pushed: Pushed): void {
    this.until(`${pushed.value} is committed`, () => pushed.index !== null || pushed.error !== null);
    expect(pushed.error).toBeNull();
  }

  /** What a get gives: the value, null for a miss, or the error's code. */
  get(node: number, index: number): string | null {
    let answer: { value: string | null } | null = null;
    const process = this.cluster.processAt(node);
    process?.handle(() => {
      void process.mokka
        .getDb()
        .getEntry()
        .get(index)
        .then(
          (entry) => (answer = { value: entry?.log.value.value ?? null }),
          (thrown: unknown) => (answer = { value: String(Reflect.get(toError(thrown), 'code')) }),
        );
    });
    const current = (): { value: string | null } | null => answer;
    this.until(`node ${node} answers a get of ${index}`, () => current() !== null, 2 * PATIENCE);
    return current()?.value ?? null;
  }

  info(node: number): NodeInfo {
    const infos: NodeInfo[] = [];
    const process = this.cluster.processAt(node);
    process?.handle(() => {
      void process.mokka
        .getDb()
        .getState()
        .getInfo()
        .then((info) => infos.push(info));
    });
    // One that is behind what it has acknowledged waits for that.
    this.until(`node ${node} answers info`, () => infos.length > 0, PATIENCE);
    const [info] = infos;
    if (info === undefined) throw new Error(`node ${node} does not answer`);
    return info;
  }

  /** Waits until exactly one of the nodes leads, and the others of them follow it; returns it. */
  leader(among: readonly number[] = this.nodes): number {
    const found = (): number | null => {
      const leading = among.filter((node) => this.cluster.processAt(node)?.mokka.leads === true);
      const [leader] = leading;
      const follows = (node: number): boolean =>
        this.cluster.nodeOf(this.cluster.processAt(node)?.mokka.leaderPublicKey ?? null) === leader;
      return leading.length === 1 && leader !== undefined && among.every(follows) ? leader : null;
    };
    this.until(`one leader among ${among.join(' ')}`, () => found() !== null);
    return found() ?? 0;
  }

  expectLinked(one: number, other: number): void {
    const { network } = this.cluster;
    this.until('a link', () => network.isLinked(one, other) && network.isLinked(other, one));
  }

  expectFollows(node: number, leader: number): void {
    const followed = (): number | null =>
      this.cluster.nodeOf(this.cluster.processAt(node)?.mokka.leaderPublicKey ?? null);
    this.until(`node ${node} follows ${leader}`, () => followed() === leader);
  }

  followers(): number[] {
    const leader = this.leader();
    return this.nodes.filter((node) => node !== leader);
  }

  /** For so long nobody leads, and nothing is committed. */
  expectNoLeader(ms = 3000): void {
    const before = this.committed;
    const leads = this.cluster.runUntil(this.cluster.now + ms * MS, () => this.cluster.leaders.length > 0);
    expect(leads).toBe(false);
    expect(this.committed).toBe(before);
  }

  membership(node: number): string {
    return this.cluster.machine(node).disk.membership;
  }

  term(node: number): number {
    return this.cluster.processAt(node)?.mokka.term ?? -1;
  }

  /** How many entries are committed, empty ones too. */
  get committed(): number {
    return this.cluster.checks.committed.length;
  }

  /** The values of the committed logs, in order. */
  get logs(): string[] {
    return this.cluster.checks.committedLogs.map(({ entry }) => {
      const { bytes } = entry;
      return bytes.toString('utf8', bytes.lastIndexOf('key') + 3, bytes.length - 32);
    });
  }

  /** Waits until the nodes hold the same log, all of it committed. */
  expectEqualLogs(among: readonly number[] = this.nodes): void {
    const state = (node: number): string => {
      const { last } = this.cluster.machine(node).disk;
      const { mokka } = this.cluster.processAt(node) ?? {};
      return last !== null && mokka?.commitIndex === last.index ? hashOf(last) : `not ${node}`;
    };
    this.until('equal logs', () => new Set(among.map(state)).size === 1);
  }

  until(what: string, holds: () => boolean, ms = PATIENCE): void {
    if (holds()) return;
    const { cluster } = this;
    if (!cluster.runUntil(cluster.now + ms * MS, holds))
      throw new Error(`not within ${ms} ms: ${what}\n${cluster.trace.words.slice(-30).join('\n')}`);
  }

  /** The clients' history must be that of one log. */
  end(): void {
    expect(this.clients.history.fault(this.cluster.checks.committedLogs)).toBeNull();
  }

  private watch(look: () => void): void {
    const before = this.cluster.onStep;
    this.cluster.onStep = (process) => {
      before(process);
      look();
    };
  }
}
