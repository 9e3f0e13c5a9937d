import { StartError } from '../../../src/errors';
import { MEMBERS_MAX } from '../../../src/limits';
import { keyPairFromSecret, type NodeKeys } from '../../../src/config/keyPair';
import type { StoreSnapshot } from '../../../src/storage/MemoryLogStore';
import nacl from 'tweetnacl';
import { EventQueue } from './EventQueue';
import { Random } from './Random';
import { SafetyChecks } from './SafetyChecks';
import { SimulatedDisk } from './SimulatedDisk';
import { SimulatedMokka } from './SimulatedMokka';
import {
  QUIET_NETWORK,
  SimulatedNetwork,
  type NetworkSettings,
  type NetworkSurroundings,
} from './SimulatedNetwork';
import { SimulatedProcess, type ProcessSurroundings } from './SimulatedProcess';
import type { Plant } from './Plant';
import type { Trace } from './Trace';
import { describePacket } from './describePacket';

export interface ClusterSettings {
  readonly seed: number;
  readonly size: number;
  /** ms */
  readonly heartbeat: number;
  /** ms */
  readonly electionTimeout: number;
  readonly network: NetworkSettings;
  readonly plant: Plant | null;
}

export const QUIET_CLUSTER: Omit<ClusterSettings, 'seed' | 'size'> = {
  heartbeat: 50,
  electionTimeout: 200,
  network: QUIET_NETWORK,
  plant: null,
};

/** A machine: its disk, its wall clock, and the process that runs on it, if one does. */
interface Machine {
  readonly keys: NodeKeys;
  readonly disk: SimulatedDisk;
  process: SimulatedProcess | null;
  /** What was on disks that this machine lost. */
  readonly lostDisks: StoreSnapshot[];
  /** How far its wall clock is off, ms. */
  wallOffset: number;
  /** µs that a write takes, at most and at least. */
  diskDelay: number;
  diskDelayMin: number;
  /** Until when the disk hangs, µs. */
  diskHangsUntil: number;
  failsNextWrite: boolean;
  /** Its process dies as soon as it has voted, and is back after so many µs; null: it does not. */
  diesAfterVoteFor: number | null;
}

/** Where the simulated wall clocks start: a day in 2025, ms since 1970. */
const WALL_START = 1_750_000_000_000;

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
    this.machines = memberKeys.slice(0, size).map((keys) => this.newMachine(keys));
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
      this.settings.plant?.onStart?.(process.mokka, machine.disk);
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
    this.settings.plant?.onWipe?.(machine.disk);
    this.checks.diskLost(node);
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

  send(process: SimulatedProcess, address: string, packet: Buffer, at: number): void {
    const to = this.machines.findIndex((_, node) => addressOf(node) === address);
    const isVote = this.checks.sent(process, packet, to);
    this.network.send(process, to, packet, at);
    const { diesAfterVoteFor: down } = this.machine(process.node);
    if (!isVote || down === null) return;
    this.at(this.now, () => {
      if (this.heals || this.processAt(process.node) !== process) return;
      this.crash(process.node);
      this.at(this.now + down, () => this.start(process.node));
    });
  }

  stepped(process: SimulatedProcess): void {
    this.checks.check(process);
    if (this.settings.plant?.keepsUnsynced?.(process.disk) !== true) process.disk.sync();
    this.onStep(process);
  }

  ended(process: SimulatedProcess, error: Error): void {
    this.trace.add(this.now, 'ended', process.node, 0, () => `node ${process.node} ends: ${error.message}`);
    process.disk.crash(Math.max(0, process.disk.unsynced.length - 1), (entries) =>
      this.random.below(entries + 1),
    );
    this.gone(process);
  }

  // NetworkSurroundings.

  deliver(from: SimulatedProcess, to: SimulatedProcess, packet: Buffer): void {
    const sender = this.machine(from.node).keys.publicKey;
    to.handle(() => {
      this.trace.add(
        this.now,
        'deliver',
        to.node,
        from.node,
        () => `${from.node} -> ${to.node}: ${describePacket(packet)}`,
      );
      this.trace.addBytes(packet);
      to.mokka.emit('data', this.settings.plant?.onPacket?.(packet) ?? packet, sender);
    });
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

  private gone(process: SimulatedProcess): void {
    this.machine(process.node).process = null;
    this.network.ended(process.node);
    this.checks.died(process.node);
  }

  private build(machine: Machine, process: SimulatedProcess): SimulatedMokka {
    const { heartbeat, electionTimeout, plant } = this.settings;
    const { node } = process;
    const silent = (): void => undefined;
    const mokka = new SimulatedMokka(
      {
        address: `${addressOf(node)}/${machine.keys.publicKey}`,
        privateKey: machine.keys.votingKey,
        heartbeat,
        electionTimeout,
        index: node,
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
    );
    mokka.on('fatal', (error: Error) => process.fail(error));
    mokka.on('error', (error: Error) => this.violated(`node ${node} blames a peer: ${error.message}`));
    this.nodes.forEach((peer) => {
      if (peer !== node) mokka.nodeApi.join(`${addressOf(peer)}/${this.machine(peer).keys.publicKey}`);
    });
    return mokka;
  }

  private newMachine(keys: NodeKeys): Machine {
    const disk = new SimulatedDisk({
      writeTime: () => {
        const hang = Math.max(0, machine.diskHangsUntil - this.now);
        const { diskDelay, diskDelayMin } = machine;
        return (
          hang + (diskDelay <= diskDelayMin ? diskDelayMin : this.random.between(diskDelayMin, diskDelay))
        );
      },
      failsNext: () => {
        const fails = machine.failsNextWrite;
        machine.failsNextWrite = false;
        return fails;
      },
    });
    const machine: Machine = {
      keys,
      disk,
      process: null,
      lostDisks: [],
      wallOffset: WALL_START,
      diskDelay: 0,
      diskDelayMin: 0,
      diskHangsUntil: 0,
      failsNextWrite: false,
      diesAfterVoteFor: null,
    };
    return machine;
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
