import { StartError } from '../../../src/errors';
import { MEMBERS_MAX } from '../../../src/limits';
import { LOG_LIMITS, type LogLimits } from '../../../src/mokka/log/LogLimits';
import { quorumOf } from '../../../src/mokka/log/quorum';
import { keyPairFromSecret, type NodeKeys } from '../../../src/config/keyPair';
import nacl from 'tweetnacl';
import { EventQueue } from './world/EventQueue';
import { newMachine, type Machine } from './Machine';
import { Random } from './world/Random';
import { SafetyChecks } from './checks/SafetyChecks';
import type { StoreLimits } from '../../../src/storage/StoreLimits';
import { SimulatedStore } from './SimulatedStore';
import { SimulatedMokka } from './SimulatedMokka';
import {
  QUIET_NETWORK,
  SimulatedNetwork,
  type NetworkSettings,
  type NetworkSurroundings,
  type Way,
} from './SimulatedNetwork';
import { SimulatedProcess, type ProcessSurroundings } from './SimulatedProcess';
import { plantIn, type Plant } from './Plant';
import type { Trace } from './checks/Trace';
import { describePacket } from './checks/describePacket';

export interface ClusterSettings {
  readonly seed: number;
  readonly size: number;
  /** ms */
  readonly heartbeat: number;
  /** ms */
  readonly electionTimeout: number;
  readonly network: NetworkSettings;
  /** Limits of the nodes that are smaller than those of users. */
  readonly limits: Partial<LogLimits>;
  /** The sizes of the nodes' stores, which are those of users; null: stores in memory. */
  readonly store: StoreLimits | null;
  readonly plant: Plant | null;
}

export const QUIET_CLUSTER: Omit<ClusterSettings, 'seed' | 'size'> = {
  heartbeat: 50,
  electionTimeout: 200,
  network: QUIET_NETWORK,
  limits: {},
  store: null,
  plant: null,
};

/** The error of a schedule: what must never be, was. */
export class ViolationError extends Error {
  override readonly name = 'ViolationError';
}

/** The simulated world: machines, the network between them, one queue of events, and the checks after each. */
export class SimulatedCluster implements ProcessSurroundings, NetworkSurroundings {
  now = 0;
  /** The process whose code runs now. */
  current: SimulatedProcess | null = null;
  readonly network: SimulatedNetwork;
  readonly checks: SafetyChecks;
  readonly machines: readonly Machine[];
  readonly random: Random;
  /** Set when a voter loses its disk while the cluster forms, see {@link isEmptyWithout}. */
  lostWhileForming = false;
  /** Set when the faults are over: what is left of them does not happen. */
  heals = false;
  /** Called after each event of a process. */
  onStep: (process: SimulatedProcess) => void = () => undefined;
  private readonly queue = new EventQueue();
  private violation: string | null = null;
  private lives = 0;
  eventsHandled = 0;

  constructor(
    readonly settings: ClusterSettings,
    readonly trace: Trace,
  ) {
    const { seed, size } = settings;
    this.random = new Random(seed, 'faults at run time');
    this.machines = memberKeys
      .slice(0, size)
      .map((keys, node) =>
        newMachine(keys, this, this.newStore(node), new Random(seed, `syncs of node ${node}`)),
      );
    this.checks = new SafetyChecks(this);
    this.network = new SimulatedNetwork(size, settings.network, this, new Random(seed, 'network'));
  }

  get size(): number {
    return this.machines.length;
  }

  get nodes(): number[] {
    return [...this.machines.keys()];
  }

  machine(node: number): Machine {
    const machine = this.machines[node];
    if (machine === undefined) throw new Error(`there is no node ${node}`);
    return machine;
  }

  processAt(node: number): SimulatedProcess | null {
    return this.machines[node]?.process ?? null;
  }

  nodeOf(publicKey: string | null): number | null {
    const node = this.machines.findIndex(({ keys }) => keys.publicKey === publicKey);
    return node < 0 ? null : node;
  }

  /** Nodes whose process leads, as they believe. */
  get leaders(): number[] {
    return this.nodes.filter((node) => this.processAt(node)?.mokka.leads === true);
  }

  /** The leader of the highest term, or null. */
  get leader(): number | null {
    const term = (node: number): number => this.processAt(node)?.mokka.term ?? 0;
    return this.leaders.sort((a, b) => term(b) - term(a))[0] ?? null;
  }

  // Time.

  at(time: number, run: () => void): void {
    this.queue.put(Math.max(time, this.now), run);
  }

  /**
   * Lets events happen until a time, or until a condition holds after one; returns whether it did.
   *
   * @throws ViolationError when a check fails.
   */
  runUntil(time: number, holds: () => boolean = () => false): boolean {
    while (this.queue.nextAt <= time) {
      const event = this.queue.take();
      if (event === undefined) break;
      this.now = event.at;
      this.eventsHandled++;
      event.run();
      if (this.violation !== null) throw new ViolationError(this.violation);
      if (holds()) return true;
    }
    this.now = Math.max(this.now, Math.min(time, Number.MAX_SAFE_INTEGER));
    return false;
  }

  violated(message: string): void {
    this.violation ??= message;
    this.trace.add(this.now, 'violation', 0, 0, () => `VIOLATION ${message}`);
  }

  // Processes.

  start(node: number): void {
    const machine = this.machine(node);
    if (machine.process !== null) return;
    const life = ++this.lives;
    const randomness = new Random(this.settings.seed, `node ${node} life ${life}`);
    const process = new SimulatedProcess(
      node,
      life,
      machine.disk,
      this,
      randomness,
      () => machine.wallOffset,
    );
    machine.process = process;
    this.trace.add(this.now, 'start', node, life, () => `node ${node} starts`);
    process.handle(() => {
      process.mokka = this.build(machine, process);
      plantIn(process.mokka, (mokka) => this.settings.plant?.onStart?.(mokka, machine.disk));
      process.mokka.connect();
    });
    this.network.reviewAll(node);
  }

  crash(node: number): void {
    const { process } = this.machine(node);
    if (process === null) return;
    this.trace.add(this.now, 'crash', node, 0, () => `node ${node} is killed`);
    process.kill(this.random);
    this.gone(process);
  }

  /** Asks a node to stop; calls back when it has. */
  stop(node: number, stopped: () => void): void {
    const process = this.processAt(node);
    if (process === null || process.isStopping) return;
    this.trace.add(this.now, 'stop', node, 0, () => `node ${node} is told to stop`);
    process.isStopping = true;
    process.handle(() => {
      const ended = (): void =>
        process.answer(() => {
          if (this.processAt(node) !== process) return;
          this.crash(node);
          stopped();
        });
      process.mokka.disconnect().then(ended, (thrown: unknown) => {
        if (!(thrown instanceof StartError)) this.violated(`node ${node} stopped: ${String(thrown)}`);
        // A last write that failed: the process ends as well.
        ended();
      });
    });
  }

  /** The disk of a node that does not run is replaced by an empty one. */
  wipe(node: number): void {
    const machine = this.machine(node);
    if (machine.process !== null) this.crash(node);
    this.trace.add(this.now, 'wipe', node, 0, () => `node ${node} loses its disk`);
    machine.lostDisks.push(machine.disk.wipe());
    machine.lastMembership = 'none';
    this.settings.plant?.onWipe?.(machine.disk);
    this.checks.diskLost(node);
  }

  /** Whether without a member voters are left that are a quorum: then the cluster bears that it loses its disk. */
  hasQuorumWithout(victim: number): boolean {
    return this.votersBut(victim) >= quorumOf(this.size);
  }

  /**
   * Whether no disk holds an entry, and with a member fewer than a majority have lost theirs as voters and are none again
   * yet. The cluster then forms anew; or it refuses to go on, when an entry on its way reaches one of its voters.
   */
  isEmptyWithout(victim: number): boolean {
    const isLost = (node: number): boolean => {
      const { disk, lostDisks } = this.machine(node);
      return disk.membership !== 'voter' && lostDisks.some(({ membership }) => membership === 'voter');
    };
    const lost = this.nodes.filter((node) => node === victim || isLost(node)).length;
    return lost <= this.size - quorumOf(this.size) && !this.holdsEntries;
  }

  /** Whether the cluster may refuse to go on now, since a disk was lost while it formed. */
  get mayRefuse(): boolean {
    return this.lostWhileForming && this.holdsEntries && this.votersBut(null) < quorumOf(this.size);
  }

  private get holdsEntries(): boolean {
    return this.machines.some(({ disk }) => disk.last !== null);
  }

  private votersBut(left: number | null): number {
    return this.nodes.filter((node) => node !== left && this.machine(node).disk.membership === 'voter')
      .length;
  }

  /** From now on the process of a node dies as soon as it has voted, and is back after so many µs. */
  dieAfterVotes(node: number, down: number): void {
    this.machine(node).afterVote = () => {
      this.crash(node);
      this.at(this.now + down, () => this.start(node));
    };
  }

  pause(node: number): void {
    const process = this.processAt(node);
    if (process === null || process.isPaused) return;
    this.trace.add(this.now, 'pause', node, 0, () => `node ${node} is frozen`);
    process.pause();
    this.network.noticeFrozen(node);
  }

  resume(node: number): void {
    const process = this.processAt(node);
    if (process?.isPaused !== true) return;
    this.trace.add(this.now, 'resume', node, 0, () => `node ${node} goes on`);
    process.resume();
    this.network.reviewAll(node);
  }

  // ProcessSurroundings.

  enter(process: SimulatedProcess | null): void {
    this.current = process;
  }

  send(
    process: SimulatedProcess,
    address: string,
    packet: Buffer,
    at: number,
    asker: SimulatedProcess | null,
  ): void {
    const to = this.machines.findIndex((_, node) => addressOf(node) === address);
    const isVote = this.checks.sent(process, packet, to);
    this.network.send(process, to, packet, at, asker?.node === to ? asker : null);
    const { afterVote } = this.machine(process.node);
    if (isVote && afterVote !== null) this.soon(process, afterVote);
  }

  stepped(process: SimulatedProcess): void {
    this.checks.check(process);
    if (this.settings.plant?.keepsUnsynced?.(process.disk) !== true) process.disk.sync();
    const machine = this.machine(process.node);
    const { membership } = machine.disk;
    if (machine.lastMembership !== membership) {
      machine.lastMembership = membership;
      this.soon(process, () => machine.onMembership?.(membership));
    }
    this.onStep(process);
  }

  /** Does something to a process after what it does now, unless it has ended by then or the faults are over. */
  private soon(process: SimulatedProcess, run: () => void): void {
    this.at(this.now, () => {
      if (!this.heals && this.processAt(process.node) === process) run();
    });
  }

  ended(process: SimulatedProcess, error: Error): void {
    this.trace.add(this.now, 'ended', process.node, 0, () => `node ${process.node} ends: ${error.message}`);
    process.disk.crash(Math.max(0, process.disk.unsynced.length - 1), (entries) =>
      this.random.below(entries + 1),
    );
    this.gone(process);
  }

  // NetworkSurroundings.

  deliver(from: SimulatedProcess, to: SimulatedProcess, packet: Buffer, way: Way): void {
    const sender = this.machine(from.node).keys.publicKey;
    const take = (): void => {
      this.trace.add(
        this.now,
        'deliver',
        to.node,
        from.node,
        () => `${from.node} -> ${to.node}: ${describePacket(packet)}`,
      );
      this.trace.addBytes(packet);
      to.mokka.emit('data', this.settings.plant?.onPacket?.(packet) ?? packet, sender);
    };
    if (way === 'request') to.handleRequest(from, take);
    else to.handle(take);
  }

  linkChanged(of: SimulatedProcess, peer: number, connected: boolean): void {
    const { publicKey } = this.machine(peer).keys;
    of.handle(() => {
      this.trace.add(
        this.now,
        'link',
        of.node,
        peer,
        () => `node ${of.node} ${connected ? 'is linked to' : 'lost'} node ${peer}`,
      );
      of.mokka.emit('link', publicKey, connected);
    });
  }

  /** A bug of consensus is planted over stores in memory, which it may change. */
  private newStore(node: number): SimulatedStore | null {
    const { seed, store, plant } = this.settings;
    if (store === null || (plant !== null && plant.onStore === undefined)) return null;
    return new SimulatedStore(store, new Random(seed, `store of node ${node}`), (opened, files) =>
      plantIn(opened, () => plant?.onStore?.(opened, files)),
    );
  }

  private gone(process: SimulatedProcess): void {
    this.machine(process.node).process = null;
    this.network.ended(process.node);
    this.checks.died(process);
  }

  private build(machine: Machine, process: SimulatedProcess): SimulatedMokka {
    const { heartbeat, electionTimeout, limits, plant } = this.settings;
    const { node } = process;
    const silent = (): void => undefined;
    const members = this.nodes.map((peer) => `${addressOf(peer)}/${this.machine(peer).keys.publicKey}`);
    const mokka = new SimulatedMokka(
      {
        address: `${addressOf(node)}/${machine.keys.publicKey}`,
        privateKey: machine.keys.votingKey,
        heartbeat,
        electionTimeout,
        members,
        store: plant?.store?.(machine.disk, machine.keys.publicKey) ?? machine.disk,
        logger: {
          error: (...fields) => this.violated(`node ${node} logged an error: ${JSON.stringify(fields)}`),
          warn: silent,
          info: silent,
          debug: silent,
          trace: silent,
        },
      },
      {
        send: (address, packet) => process.send(address, packet),
        isLinked: (publicKey) => this.network.isLinked(node, this.nodeOf(publicKey) ?? node),
      },
      { ...LOG_LIMITS, ...limits },
    );
    mokka.on('fatal', (error: Error) => process.fail(error));
    mokka.on('error', (error: Error) => this.violated(`node ${node} blames a peer: ${error.message}`));
    for (const member of members) mokka.nodeApi.join(member);
    return mokka;
  }
}

function addressOf(node: number): string {
  return `tcp://10.0.0.${node}:2000`;
}

/** The keys of the largest cluster; a smaller one has the first of them. */
export const memberKeys: readonly NodeKeys[] = Array.from({ length: MEMBERS_MAX }, (_, node) => {
  const { secretKey } = nacl.sign.keyPair.fromSeed(Buffer.alloc(32, node + 1));
  return keyPairFromSecret(Buffer.from(secretKey).toString('hex'));
});
