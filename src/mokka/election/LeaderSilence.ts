import type { ElectionSettings } from './ElectionSettings';
import type { WriteTimes } from './WriteTimes';

/** A peer agrees to an election when it has not heard a leader for this many heartbeats. */
const SILENT_HEARTBEATS = 1.5;

/** A leader may begin one write right after another, in the step that handles what waited, before a heartbeat leaves. */
const WRITES_IN_A_ROW = 2;

/**
 * When a node that does not lead stands for election: how long it has heard no leader, and how long it is to wait for
 * one. A node that waits for its disk hears nothing and says nothing, so that what a write takes, here or at the leader,
 * is no silence; nor is the time in which this node did not get to run. Times are monotonic, in ms; `leader` is whom the node follows, null: nobody.
 */
export class LeaderSilence {
  private heardAt = -Infinity;
  private standAt = Infinity;
  private isGone = false;
  private tickedAt = Infinity;
  /** What was written since the last tick took so long. */
  private wroteMs = 0;

  constructor(
    private readonly settings: Pick<ElectionSettings, 'heartbeat' | 'electionTimeout'>,
    private readonly writeTimes: WriteTimes,
    /** From 0, below 1. */
    private readonly random: () => number,
  ) {}

  /** The leader spoke. */
  heard(now: number): void {
    this.heardAt = now;
    this.putOff(now);
  }

  /** Waits for one to two election timeouts from now on. */
  putOff(now: number): void {
    this.standAt = now + this.settings.electionTimeout * (1 + this.random());
    this.isGone = false;
  }

  /** Waits for so many heartbeats at least, and one more at most. */
  waitFor(heartbeats: number, now: number): void {
    this.standAt = Math.max(this.standAt, now + this.settings.heartbeat * (heartbeats + this.random()));
  }

  /** Lets a candidate that this node agrees with stand first; what it writes then takes its time. */
  letStand(candidate: string, now: number): void {
    this.waitFor(2, now + this.writeTimes.of(candidate));
  }

  /** The leader's process is gone for sure. */
  leaderGone(now: number): void {
    this.isGone = true;
    const silentAt = this.heardAt + SILENT_HEARTBEATS * this.settings.heartbeat;
    this.standAt = Math.min(this.standAt, Math.max(now, silentAt) + this.random() * this.settings.heartbeat);
  }

  /** Stands at once. */
  end(now: number): void {
    this.standAt = Math.min(this.standAt, now);
  }

  /** This node wrote to its disk for so long: what came meanwhile waits in the kernel, and timers are late. */
  wrote(ms: number): void {
    this.heardAt += ms;
    this.standAt += ms;
    this.wroteMs += ms;
  }

  /**
   * Called several times a heartbeat. Returns for how long, beyond a heartbeat, this node did not get to run: for work of
   * its own program, or of others on its machine. What came meanwhile waits in the kernel.
   */
  tick(now: number): number {
    const heldUpMs = Math.max(0, now - this.tickedAt - this.wroteMs - this.settings.heartbeat);
    this.tickedAt = now;
    this.wroteMs = 0;
    this.heardAt = Math.min(now, this.heardAt + heldUpMs);
    // At most as long as a leader that speaks now would have it wait: it may have spoken since.
    this.standAt = Math.max(
      this.standAt,
      Math.min(this.standAt + heldUpMs, now + 2 * this.settings.electionTimeout),
    );
    return heldUpMs;
  }

  /** Whether it is time to stand for election. */
  isOver(leader: string | null, now: number): boolean {
    // Without a leader any of the others may be the candidate, or a voter that it waits for.
    const patience = leader === null ? (this.writeTimes.slowest?.ms ?? 0) : this.patienceWith(leader);
    return now >= this.standAt + patience;
  }

  /** Whether no leader was heard for so long that an election of another's is none of its concern. */
  isLong(leader: string | null, now: number): boolean {
    return now - this.heardAt >= SILENT_HEARTBEATS * this.settings.heartbeat + this.patienceWith(leader);
  }

  private patienceWith(leader: string | null): number {
    return leader === null || this.isGone ? 0 : WRITES_IN_A_ROW * this.writeTimes.of(leader);
  }
}
