import { EntryKind } from '../../../src/entry/Entry';
import { StartError } from '../../../src/errors';
import { drainMicrotasks } from './world/microtasks';
import { SimulatedTimer, type Host } from './world/hostGlobals';
import { UnfitPlantError } from './Plant';
import type { Random } from './world/Random';
import type { DiskWrite } from './DiskWrite';
import type { SimulatedDisk } from './SimulatedDisk';
import type { SimulatedMokka } from './SimulatedMokka';

/** What a process does to the world outside, in order, each at the time of its own clock (µs). */
type Effect =
  | {
      readonly kind: 'send';
      readonly at: number;
      readonly address: string;
      readonly packet: Buffer;
      readonly asker: SimulatedProcess | null;
    }
  | { readonly kind: 'write'; readonly at: number; readonly write: DiskWrite }
  | { readonly kind: 'answer'; readonly at: number; readonly answer: (at: number) => void };

/** The world as a process needs it. Times are in µs. */
export interface ProcessSurroundings {
  readonly now: number;
  at(time: number, run: () => void): void;
  /** Makes this process the one whose machine the globals are; null when it is done. */
  enter(process: SimulatedProcess | null): void;
  /** @param asker the process whose request was being handled, if any: if it is who is sent to, this is its answer. */
  send(
    process: SimulatedProcess,
    address: string,
    packet: Buffer,
    at: number,
    asker: SimulatedProcess | null,
  ): void;
  /** An event of this process is over and all that it did is done. */
  stepped(process: SimulatedProcess): void;
  /** The process ended by itself. */
  ended(process: SimulatedProcess, error: Error): void;
  violated(message: string): void;
}

/**
 * One life of a node: from its start to its crash. It handles one event after another. What an event does to the
 * outside is held back until the event is over on the process's own clock, which a slow disk moves on; a crash
 * before that leaves only a beginning of it, whichever the cut: so a process can die between any two sends or
 * writes, and in the middle of a write.
 */
export class SimulatedProcess implements Host {
  alive = true;
  /** It was asked to stop and has not ended yet. */
  isStopping = false;
  /** Set once the node is built. */
  mokka!: SimulatedMokka;
  private paused = false;
  /** Until when the event under way lasts: its disk is slow. */
  private busyUntil = 0;
  private localTime = 0;
  private running = false;
  private effects: Effect[] = [];
  private waiting: (() => void)[] = [];
  private fatal: Error | null = null;
  private diesInEvent = false;
  private asker: SimulatedProcess | null = null;

  constructor(
    readonly node: number,
    /** Counts all lives in the schedule: names this one. */
    readonly life: number,
    readonly disk: SimulatedDisk,
    private readonly world: ProcessSurroundings,
    private readonly randomness: Random,
    private readonly wallOffset: () => number,
  ) {
    disk.onWrite = (write, takes) => {
      this.checkRoom(write);
      this.localTime += takes;
      this.effects.push({ kind: 'write', at: this.localTime, write });
    };
    disk.onTell = (after, tell) => {
      world.at(Math.max(this.localTime, world.now) + after, () => this.handle(tell));
    };
    if (disk.durable !== null)
      disk.durable.onLater = (end) => {
        const at = Math.max(this.localTime, world.now) + disk.syncTime();
        world.at(at, () => this.handle(end));
      };
  }

  /** A full disk takes logs of users only from a leader whose own has room, and without any room none. */
  private checkRoom(write: DiskWrite): void {
    const { room } = this.disk;
    if (room === 'some' || write.kind !== 'append') return;
    if (write.entries.every(({ kind }) => kind !== EntryKind.Log)) return;
    if (room === 'none' || this.mokka.leads)
      this.world.violated(`node ${this.node} stores logs on a disk with room: ${room}`);
  }

  // Host.

  now(): number {
    return (this.running ? this.localTime : this.world.now) / 1000;
  }

  wallClock(): number {
    return Math.floor(this.now() + this.wallOffset());
  }

  random(): number {
    return this.randomness.fraction();
  }

  randomBytes(length: number): Buffer {
    return this.randomness.bytes(length);
  }

  setTimer(callback: () => void, delay: number, repeats: boolean): SimulatedTimer {
    const timer = new SimulatedTimer();
    const period = Math.max(1000, Math.round(delay * 1000));
    const fire = (): void => {
      if (timer.cleared) return;
      this.handle(() => {
        if (timer.cleared) return;
        if (repeats) this.world.at(Math.max(this.world.now, this.localTime) + period, fire);
        callback();
      });
    };
    this.world.at(this.localTime + period, fire);
    return timer;
  }

  setImmediate(callback: () => void): void {
    this.world.at(this.localTime, () => this.handle(callback));
  }

  // Events.

  /** Lets the process handle an event as soon as it can. */
  handle(event: () => void): void {
    if (!this.alive) return;
    if (this.isBlocked || this.waiting.length > 0) this.waiting.push(event);
    else this.run(event);
  }

  /** As {@link handle}, for what came as a request: what is sent to its sender in this very call is its answer. */
  handleRequest(asker: SimulatedProcess, event: () => void): void {
    this.handle(() => {
      this.asker = asker;
      try {
        event();
      } finally {
        this.asker = null;
      }
    });
  }

  /** A packet leaves with the other effects of the event. */
  send(address: string, packet: Buffer): void {
    const { alive, localTime: at, asker } = this;
    if (alive) this.effects.push({ kind: 'send', at, address, packet, asker });
  }

  /** Tells someone outside something, unless the process dies before. */
  answer(answer: (at: number) => void): void {
    if (this.alive) this.effects.push({ kind: 'answer', at: this.localTime, answer });
  }

  /** A step of the process takes so many µs: nothing else is handled meanwhile. */
  work(takes: number): void {
    this.handle(() => {
      this.localTime += takes;
    });
  }

  /** The process must not go on after this event. */
  fail(error: Error): void {
    this.fatal ??= error;
  }

  // Faults.

  /** SIGSTOP: nothing is handled; what arrives waits. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.catchUp();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Whether it waits for its disk for longer than a second, or for a write that will fail. */
  get isHanging(): boolean {
    return this.busyUntil > this.world.now + 1_000_000 || this.fatal !== null;
  }

  /** The next event that writes or sends is the last one, and only a beginning of it happens. */
  dieInNextEffect(dies = true): void {
    this.diesInEvent = dies;
  }

  /** kill -9. Of an event under way what is done by now stays done. */
  kill(random: Random): void {
    if (!this.alive) return;
    const done = this.effects.filter(({ at }) => at <= this.world.now).length;
    this.cutAt(done, random);
  }

  private get isBlocked(): boolean {
    return this.paused || this.running || this.busyUntil > this.world.now || this.effects.length > 0;
  }

  private run(event: () => void): void {
    this.running = true;
    this.localTime = this.world.now;
    this.world.enter(this);
    try {
      event();
      drainMicrotasks();
    } catch (thrown) {
      if (thrown instanceof UnfitPlantError) throw thrown;
      this.world.violated(`node ${this.node} threw ${String(thrown)}`);
    } finally {
      this.world.enter(null);
      this.running = false;
    }
    if (this.diesInEvent && this.effects.length > 0) this.dieInTheMiddle();
    else if (this.localTime > this.world.now) {
      this.busyUntil = this.localTime;
      this.world.at(this.busyUntil, () => {
        if (!this.alive || this.busyUntil > this.world.now) return;
        this.finish();
        this.catchUp();
      });
    } else this.finish();
  }

  private dieInTheMiddle(): void {
    this.cutAt(this.randomness.below(this.effects.length), this.randomness);
    this.world.ended(this, new Error('killed in the middle of an event'));
  }

  private finish(): void {
    const { effects } = this;
    this.effects = [];
    this.release(effects);
    if (this.fatal === null) this.world.stepped(this);
    else {
      if (this.fatal instanceof UnfitPlantError) throw this.fatal;
      // Only a write that failed may end a node.
      if (!(this.fatal instanceof StartError))
        this.world.violated(`node ${this.node} stopped: ${this.fatal.message}`);
      this.alive = false;
      this.world.ended(this, this.fatal);
    }
  }

  /** Handles what has waited, one event a turn, until something blocks again. */
  private catchUp(): void {
    while (this.alive && !this.isBlocked) {
      const event = this.waiting.shift();
      if (event === undefined) return;
      this.run(event);
    }
  }

  private cutAt(kept: number, random: Random): void {
    this.alive = false;
    const writes = this.effects.filter(({ kind }) => kind === 'write').length;
    const before = this.effects.slice(0, kept);
    const undone = writes - before.filter(({ kind }) => kind === 'write').length;
    this.release(before);
    this.disk.crash(this.disk.unsynced.length - undone, (entries) => random.below(entries + 1));
    this.effects = [];
    this.waiting = [];
  }

  private release(effects: readonly Effect[]): void {
    for (const effect of effects)
      if (effect.kind === 'send')
        this.world.send(this, effect.address, effect.packet, effect.at, effect.asker);
      else if (effect.kind === 'answer') effect.answer(effect.at);
  }
}
