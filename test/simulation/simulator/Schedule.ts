import { quorumOf } from '../../../src/mokka/log/quorum';
import { Clients } from './Clients';
import { History } from './checks/History';
import { inSimulatedWorld } from './world/inSimulatedWorld';
import { inMacrotask } from './world/microtasks';
import { errorsOf, planOf, type ClientStep, type SchedulePlan } from './plan';
import type { Plant } from './Plant';
import { Random } from './world/Random';
import { hashOf } from './checks/SafetyChecks';
import { SimulatedCluster, ViolationError } from './SimulatedCluster';
import { Trace } from './checks/Trace';

export interface ScheduleOptions {
  readonly seed: number;
  /** Members; null: the seed chooses. */
  readonly size: number | null;
  readonly plant: Plant | null;
  /** Which of the plan's faults and client steps happen, by number; null: all. */
  readonly only: ReadonlySet<number> | null;
  /** Whether events are kept in words. */
  readonly words: boolean;
}

export interface ScheduleResult {
  readonly plan: SchedulePlan;
  /** What must not have been; null: the schedule passed. */
  readonly failure: string | null;
  readonly trace: string;
  readonly words: readonly string[];
  /** Simulated, µs. */
  readonly time: number;
  readonly events: number;
  readonly committed: number;
}

const MS = 1000;

/** Within this simulated time a healed cluster must do its work, µs: links come back, a leader is elected, logs are equal. */
const HEALED_WITHIN = 20_000 * MS;

/** Runs one schedule: faults, then a quorum is healed and must work, then all are. Throws only for faults of its own. */
export function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  return inMacrotask(() => new Schedule(options).run());
}

class Schedule {
  private readonly plan: SchedulePlan;
  private readonly trace: Trace;
  private readonly cluster: SimulatedCluster;
  private readonly clients: Clients;
  private readonly random: Random;

  constructor(private readonly options: ScheduleOptions) {
    this.plan = planOf(options.seed, options.size);
    this.trace = new Trace(options.words);
    this.cluster = new SimulatedCluster(
      { ...this.plan.settings, limits: this.plan.limits, plant: options.plant },
      this.trace,
    );
    const { duplicatesPerMille } = this.plan.settings.network;
    const history = new History(errorsOf(this.plan), duplicatesPerMille > 0);
    this.clients = new Clients(this.cluster, history);
    this.random = new Random(options.seed, 'healing');
  }

  run(): ScheduleResult {
    const { plan, cluster, trace } = this;
    let failure: string | null = null;
    try {
      inSimulatedWorld(cluster, plan, () => this.play());
    } catch (thrown) {
      if (!(thrown instanceof ViolationError)) throw thrown;
      failure = thrown.message;
    }
    return {
      plan,
      failure,
      trace: trace.hash,
      words: trace.words,
      time: cluster.now,
      events: cluster.eventsHandled,
      committed: cluster.checks.committed.length,
    };
  }

  private play(): void {
    this.prepare();
    if (this.plan.kind === 'isolation') this.isolateOne();
    this.cluster.runUntil(this.plan.faultsEndAt);
    this.endFaults();
    if (this.plan.kind !== 'wipedMajority') {
      this.healQuorum();
      this.healAll();
    } else this.cluster.runUntil(this.cluster.now + 3000 * MS);
    const fault = this.clients.history.fault(
      this.cluster.checks.committedLogs,
      this.cluster.checks.floorLogs,
    );
    if (fault !== null) this.fail(fault);
  }

  private endFaults(): void {
    const { cluster } = this;
    cluster.heals = true;
    for (const node of cluster.nodes) {
      const machine = cluster.machine(node);
      machine.diskDelay = 0;
      machine.diskDelayMin = 0;
      machine.diskHangsUntil = 0;
      machine.failsNextWrite = false;
      machine.disk.room = 'some';
      machine.disk.durable?.heal();
      machine.afterVote = null;
      machine.onMembership = null;
      machine.process?.dieInNextEffect(false);
      // Whoever waits for a disk that hangs, or stops, is replaced.
      if (machine.process?.isHanging === true || machine.process?.isStopping === true) cluster.crash(node);
    }
  }

  private prepare(): void {
    const { plan, cluster, options } = this;
    plan.wallOffsets.forEach((offset, node) => (cluster.machine(node).wallOffset += offset));
    for (const machine of cluster.machines) machine.tellsLate = true;
    plan.starts.forEach((at, node) => cluster.at(at, () => cluster.start(node)));
    const happens = (number: number): boolean => options.only?.has(number) ?? true;
    plan.faults.forEach((fault, number) => {
      if (happens(number))
        cluster.at(fault.at, () => {
          this.trace.add(cluster.now, 'fault', number, 0, () => `fault ${number}: ${fault.name}`);
          fault.strike(cluster);
        });
    });
    plan.clientSteps.forEach((step, number) => {
      if (happens(plan.faults.length + number)) cluster.at(step.at, () => this.step(step));
    });
  }

  private step(step: ClientStep): void {
    if (step.kind === 'push') {
      this.clients.push(step.plan);
      return;
    }
    const known = this.clients.history.highestIndex();
    if (step.kind === 'trim') {
      if (known > 0) this.clients.trim(step.node, 1 + (step.draw % known));
      return;
    }
    const index = { last: known, next: known + 1, any: 1 + (step.draw % (known + 2)) }[step.which];
    if (index > 0) this.clients.get(step.node, index);
  }

  /** A follower without any link must not disturb the others when it comes back (Raft dissertation, 4.2.3 and 9.6). */
  private isolateOne(): void {
    const { cluster } = this;
    if (cluster.size < 3) return;
    this.reach('a leader', () => cluster.leader !== null, 5000);
    cluster.runUntil(cluster.now + 1000 * MS);
    const { leader } = cluster;
    const term = cluster.processAt(leader ?? 0)?.mokka.term;
    const victim = cluster.nodes[(leader ?? 0) === 0 ? 1 : 0] ?? 0;
    for (const other of cluster.nodes)
      if (other !== victim) {
        cluster.network.cut(victim, other);
        cluster.network.cut(other, victim);
      }
    cluster.runUntil(cluster.now + this.random.between(500, 4000) * MS);
    cluster.network.healAll();
    cluster.runUntil(cluster.now + 3500 * MS);
    if (cluster.leader !== leader || cluster.processAt(leader ?? 0)?.mokka.term !== term)
      this.fail(
        `node ${victim} was cut off from a healthy cluster and came back: leader ${leader ?? 'none'} of term ${term ?? 0} was deposed by it`,
      );
  }

  private healQuorum(): void {
    const { cluster, random } = this;
    const isVoter = (node: number): boolean => cluster.machine(node).disk.membership === 'voter';
    const quorum = quorumOf(cluster.size);
    const voters = random.shuffle(cluster.nodes.filter(isVoter));
    const others = random.shuffle(cluster.nodes.filter((node) => !isVoter(node)));
    // A cluster that has not formed needs all its members.
    if (voters.length < quorum) return;
    const core = [...voters.slice(0, quorum), ...others.slice(0, random.below(others.length + 1))];
    this.trace.add(
      cluster.now,
      'heal',
      0,
      core.length,
      () => `heal nodes ${core.join(' ')}, cut off the others`,
    );
    this.mend(core);
    for (const one of core)
      for (const other of cluster.nodes)
        if (!core.includes(other)) {
          cluster.network.cut(one, other);
          cluster.network.cut(other, one);
        }
    this.reach(`one leader among the nodes ${core.join(' ')}`, () => this.oneLeader(core));
    this.demandReads(core);
  }

  /** Every acknowledged push must be readable on the leader. */
  private demandReads(core: readonly number[]): void {
    const { cluster, clients } = this;
    const { history } = clients;
    const due = new Set(history.acknowledged.map(({ index }) => index ?? 0));
    const ask = (): void => {
      const leader = this.leaderOf(core);
      if (leader !== null)
        for (const index of due) clients.get(leader, index, (entry) => entry !== null && due.delete(index));
      if (due.size > 0) cluster.at(cluster.now + 1000 * MS, ask);
    };
    cluster.at(cluster.now, ask);
    this.reach('every acknowledged push on the leader', () => due.size === 0);
  }

  private healAll(): void {
    const { cluster } = this;
    this.trace.add(cluster.now, 'heal', 0, cluster.size, () => 'heal all');
    this.mend(cluster.nodes);
    const works = (): boolean =>
      this.oneLeader(cluster.nodes) &&
      this.equalLogs() &&
      cluster.processAt(cluster.leader ?? 0)?.mokka.hasRoom === true;
    this.reach('one leader, equal logs and room', () => works() || cluster.mayRefuse);
    if (!works()) {
      cluster.runUntil(cluster.now + 3000 * MS);
      return;
    }
    let index = 0;
    const node = this.random.below(cluster.size);
    const plan = { value: 'last', named: null, nodes: [node], deadline: 10_000, patience: 20_000 * MS };
    this.clients.push(plan, (at) => (index = at));
    this.reach(`a push on node ${node}`, () => index > 0);
    const reader = this.random.below(cluster.size);
    let read = false;
    this.clients.get(reader, index, (entry) => (read = entry !== null));
    this.reach(`a get on node ${reader}`, () => read);
  }

  private mend(nodes: readonly number[]): void {
    const { cluster } = this;
    cluster.network.calm();
    for (const node of nodes) {
      cluster.resume(node);
      cluster.start(node);
    }
  }

  private oneLeader(core: readonly number[]): boolean {
    const leading = core.filter((node) => this.cluster.processAt(node)?.mokka.leads === true);
    return leading.length === 1;
  }

  private leaderOf(core: readonly number[]): number | null {
    return core.find((node) => this.cluster.processAt(node)?.mokka.leads === true) ?? null;
  }

  private equalLogs(): boolean {
    const { cluster } = this;
    const { leader } = cluster;
    const last = leader === null ? null : cluster.machine(leader).disk.last;
    if (last === null) return false;
    return cluster.nodes.every((node) => {
      const { disk } = cluster.machine(node);
      const process = cluster.processAt(node);
      return (
        process !== null &&
        disk.membership === 'voter' &&
        disk.last !== null &&
        hashOf(disk.last) === hashOf(last) &&
        process.mokka.commitIndex === last.index &&
        cluster.nodeOf(process.mokka.leaderPublicKey) === leader
      );
    });
  }

  private reach(what: string, holds: () => boolean, within = HEALED_WITHIN / MS): void {
    if (!this.cluster.runUntil(this.cluster.now + within * MS, holds))
      this.fail(`not reached within ${within} ms: ${what}`);
  }

  private fail(message: string): never {
    this.trace.add(this.cluster.now, 'failure', 0, 0, () => `FAILURE ${message}`);
    throw new ViolationError(message);
  }
}
