import type { ElectionTiming } from './ElectionNode';
import type { WriteTimes } from './WriteTimes';

/** A peer agrees to an election when it has not heard a leader for this many heartbeats. */
const SILENT_HEARTBEATS = 1.5;

/** A leader may begin one write right after another, in the step that handles what waited, before a heartbeat leaves. */
const WRITES_IN_A_ROW = 2;

/**
 * When a node that does not lead begins an election. It hears a leader, and resets the timer to one to two election
 * timeouts; when the timer expires, the leader is thought to be gone.
 *
 * Some time is no silence of the leader: what a write to disk takes, here or at the leader, since a node that waits for its
 * disk hears nothing and says nothing; and the time in which this node did not get to run. The deadline is put off by it.
 * Only times depend on it, never who is elected.
 *
 * Times are monotonic, in ms; `leader` is whom the node follows, null: nobody.
 */
export class ElectionTimer {
  private leaderHeardAt = -Infinity;
  private electionDeadline = Infinity;
  private isLeaderGone = false;
  private tickedAt = Infinity;
  /** What was written since the last tick took so long. */
  private wroteMs = 0;

  constructor(
    private readonly timing: ElectionTiming,
    private readonly writeTimes: WriteTimes,
    /** From 0, below 1. */
    private readonly random: () => number,
  ) {}

  /** A message of the leader came. */
  heardLeader(now: number): void {
    this.leaderHeardAt = now;
    this.reset(now);
  }

  /** Waits for one to two election timeouts from now on. */
  reset(now: number): void {
    this.electionDeadline = now + this.timing.electionTimeout * (1 + this.random());
    this.isLeaderGone = false;
  }

  /** Waits for so many heartbeats at least, and one more at most. */
  waitHeartbeats(heartbeats: number, now: number): void {
    const deadline = now + this.timing.heartbeat * (heartbeats + this.random());
    this.electionDeadline = Math.max(this.electionDeadline, deadline);
  }

  /** Lets a candidate that this node agrees with go first; what the candidate writes then takes its time. */
  deferTo(candidate: string, now: number): void {
    this.waitHeartbeats(2, now + this.writeTimes.of(candidate));
  }

  /** The leader's process is gone for sure. Waits only until the others think so too. */
  leaderGone(now: number): void {
    this.isLeaderGone = true;
    const silentAt = this.leaderHeardAt + SILENT_HEARTBEATS * this.timing.heartbeat;
    const deadline = Math.max(now, silentAt) + this.random() * this.timing.heartbeat;
    this.electionDeadline = Math.min(this.electionDeadline, deadline);
  }

  /** Waits no longer. */
  expire(now: number): void {
    this.electionDeadline = Math.min(this.electionDeadline, now);
  }

  /** This node wrote to its disk for so long: what came meanwhile waits in the kernel, and timers are late. */
  wrote(ms: number): void {
    this.leaderHeardAt += ms;
    this.electionDeadline += ms;
    this.wroteMs += ms;
  }

  /**
   * Called several times a heartbeat. Returns for how long, beyond a heartbeat, this node did not get to run, since its
   * own program or others on its machine worked. What came meanwhile waits in the kernel.
   */
  tick(now: number): number {
    const heldUpMs = Math.max(0, now - this.tickedAt - this.wroteMs - this.timing.heartbeat);
    this.tickedAt = now;
    this.wroteMs = 0;
    this.leaderHeardAt = Math.min(now, this.leaderHeardAt + heldUpMs);
    // At most as long as a leader that is heard now would have it wait: one may have been heard since.
    this.electionDeadline = Math.max(
      this.electionDeadline,
      Math.min(this.electionDeadline + heldUpMs, now + 2 * this.timing.electionTimeout),
    );
    return heldUpMs;
  }

  /** Whether it is time to begin an election. */
  hasExpired(leader: string | null, now: number): boolean {
    // Without a leader any of the others may be the candidate, or a voter that it waits for.
    const patience = leader === null ? (this.writeTimes.slowest?.ms ?? 0) : this.patienceWith(leader);
    return now >= this.electionDeadline + patience;
  }

  /** Whether no leader was heard for so long that this node agrees to an election of another. */
  isLeaderSilent(leader: string | null, now: number): boolean {
    return now - this.leaderHeardAt >= SILENT_HEARTBEATS * this.timing.heartbeat + this.patienceWith(leader);
  }

  private patienceWith(leader: string | null): number {
    return leader === null || this.isLeaderGone ? 0 : WRITES_IN_A_ROW * this.writeTimes.of(leader);
  }
}
