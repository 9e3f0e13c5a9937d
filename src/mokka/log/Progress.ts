import { APPEND_BYTES_IN_FLIGHT_MAX, DIVERGENCE_PROBE_MS, PROCESS_MET_MS_MIN } from '../../limits';
import type { Room } from '../../storage/LogStore';
import type { LogLimits } from './LogLimits';

/**
 * What a leader knows of one follower. What the follower claims (that it is a voter, what it holds) is the claim of one
 * process of it over one link: the next one may have lost its disk, and claims anew.
 * - `waiting`: nothing is sent until the follower has answered a heartbeat, so that it knows the leader.
 * - `probing`: one append is under way to find where the logs match.
 * - `replicating`: several appends are under way, each sent in the hope that those before it match.
 */
export class Progress {
  state: 'waiting' | 'probing' | 'replicating' = 'waiting';
  /** The follower's log is the leader's up to here, on its disk; after its link was lost: was, as it last said. */
  matchIndex = 0;
  nextIndex: number;
  /** Whether the follower counts towards a commit. Once true of a process it stays so: only a lost disk takes it back. */
  voter = false;
  /** Counts the times the leader began anew with this follower; answers to earlier epochs are void. */
  epoch = 1;
  /** The process whose claims these are; null: none has been met since the link was lost. */
  incarnation: string | null = null;
  /** Nothing is sent before this time, monotonic ms: see PROCESS_MET_MS_MIN. */
  probeAt = -Infinity;
  /** commitIndex as the follower knows it, once what is under way has arrived. */
  sentCommitIndex = 0;
  /** Index of the last entry that a push of the follower's users waits for. */
  waitedForIndex = 0;
  /** The commitIndex that was sent ahead, see Replication, Early commits. */
  earlyCommitIndex = 0;
  /** When the follower last answered an append, or the first of those under way was sent; monotonic ms. */
  answeredAt = 0;
  /** What the follower's disk has room for, as it last said. */
  room: Room = 'some';
  /** The first index at which the follower holds another entry for committed than the leader; null: none is known. */
  divergedAt: number | null = null;
  /** Index of the entry that a rejoining follower must hold, see Replication, Readmission; null: it is none. */
  fence: number | null = null;

  private readonly underWay: { last: number; bytes: number }[] = [];
  private bytesUnderWay = 0;
  private metAt = -Infinity;
  /** Up to here the logs match as far as can be guessed: where a probe begins. */
  private guess: number;

  constructor(
    lastIndex: number,
    private readonly limits: LogLimits,
  ) {
    this.guess = lastIndex;
    this.nextIndex = lastIndex + 1;
  }

  get canSend(): boolean {
    if (this.state === 'waiting') return false;
    if (this.state === 'probing') return this.underWay.length === 0;
    return (
      this.underWay.length < this.limits.APPENDS_IN_FLIGHT_MAX &&
      this.bytesUnderWay < APPEND_BYTES_IN_FLIGHT_MAX
    );
  }

  /** Whether an append is unanswered. */
  get busy(): boolean {
    return this.underWay.length > 0;
  }

  /** Whether a user of the follower waits for an entry that it may not have yet. */
  get isWaitedFor(): boolean {
    return this.waitedForIndex > this.matchIndex;
  }

  /** The leader's log begins behind this index: what it forgot, it cannot send. */
  sendAbove(floorIndex: number): void {
    this.nextIndex = Math.max(this.nextIndex, floorIndex + 1);
  }

  /** An append of entries up to `last`, with this commitIndex, is on its way. */
  sent(last: number, bytes: number, commitIndex: number, now: number): void {
    if (this.underWay.length === 0) this.answeredAt = now;
    this.underWay.push({ last, bytes });
    this.bytesUnderWay += bytes;
    this.nextIndex = last + 1;
    this.sentCommitIndex = commitIndex;
  }

  /** A push of the follower's users waits for the entry at this index. */
  usersWaitFor(index: number): void {
    this.waitedForIndex = Math.max(this.waitedForIndex, index);
  }

  /** A commitIndex was sent ahead. */
  committedEarly(index: number): void {
    this.earlyCommitIndex = index;
  }

  /** The process that was met says whether it is a voter. */
  claimed(voter: boolean): void {
    this.voter ||= voter;
  }

  /** The entry that this rejoining follower must hold, made by `stage` when there is none yet. */
  fenceAt(stage: () => number): number {
    return (this.fence ??= stage());
  }

  /** The follower's log matches up to `matchIndex`. */
  matched(matchIndex: number, commitIndex: number, now: number): void {
    this.answeredAt = now;
    this.divergedAt = null;
    this.matchIndex = Math.max(this.matchIndex, matchIndex);
    this.guess = this.matchIndex;
    this.nextIndex = Math.max(this.nextIndex, this.matchIndex + 1);
    while (this.underWay[0] !== undefined && this.underWay[0].last <= matchIndex) {
      this.bytesUnderWay -= this.underWay[0].bytes;
      this.underWay.shift();
    }
    // An append that brought only commitIndex may be lost behind the answer to an earlier one.
    if (!this.busy) this.sentCommitIndex = commitIndex;
    this.state = 'replicating';
  }

  /** To `waiting`: nothing is under way any more, and answers to what was are void. */
  becomeWaiting(): void {
    this.restart('waiting', this.guess);
  }

  /** To `probing` from here: the follower refused an append, and what was sent after it is void too. */
  becomeProbing(guess: number): void {
    this.restart('probing', guess);
  }

  /** From `waiting`, where nothing is under way, to `probing`: the follower knows the leader now. */
  beginProbe(): void {
    this.state = 'probing';
  }

  private restart(state: 'waiting' | 'probing', guess: number): void {
    this.state = state;
    this.guess = guess;
    this.nextIndex = guess + 1;
    this.epoch++;
    this.underWay.length = 0;
    this.bytesUnderWay = 0;
    this.sentCommitIndex = 0;
    this.earlyCommitIndex = 0;
  }

  /** The follower holds other entries for committed: nothing is sent to it but a probe, now and then. */
  diverged(index: number, now: number): void {
    this.restart('waiting', index - 1);
    this.divergedAt = index;
    this.probeAt = now + DIVERGENCE_PROBE_MS;
  }

  /** The link is gone, and whoever answers over the next one may be another process. */
  lost(): void {
    this.becomeWaiting();
    this.incarnation = null;
    this.voter = false;
    this.divergedAt = null;
    this.fence = null;
  }

  /** A process of the follower answers a heartbeat. If it is another, its disk may be: it has claimed nothing yet. */
  metIncarnation(incarnation: string, now: number): void {
    if (this.incarnation === incarnation) return;
    this.lost();
    this.matchIndex = 0;
    this.room = 'some';
    this.incarnation = incarnation;
    this.probeAt = this.metAt + PROCESS_MET_MS_MIN;
    this.metAt = now;
  }
}
