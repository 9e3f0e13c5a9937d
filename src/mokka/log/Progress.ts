import { APPEND_BYTES_IN_FLIGHT_MAX, APPENDS_IN_FLIGHT_MAX, PROCESS_MET_MS_MIN } from '../../limits';

/**
 * What a leader knows of one follower.
 * - `waiting`: nothing is sent until the follower has answered a heartbeat, so that it knows the leader.
 * - `probing`: one append is under way to find where the logs match.
 * - `replicating`: several appends are under way, each sent in the hope that those before it match.
 */
export class Progress {
  state: 'waiting' | 'probing' | 'replicating' = 'waiting';
  /** The follower's log is the leader's up to here, on its disk. */
  matchIndex = 0;
  nextIndex: number;
  /** Whether the follower counts towards a commit. */
  voter = false;
  /** Counts the times the leader began anew with this follower; answers to earlier epochs are void. */
  epoch = 1;
  incarnation: string | null = null;
  /** Nothing is sent before this time, monotonic ms: see PROCESS_MET_MS_MIN. */
  probeAt = -Infinity;
  /** commitIndex as the follower knows it, once what is under way has arrived. */
  sentCommitIndex = 0;
  /** Position of the last entry that a push of the follower's users waits for. */
  awaitedPosition = 0;
  /** What the follower was told to be committed once it has it on disk, see Replication. */
  toldPosition = 0;
  /** When the follower last answered an append, or the first of those under way was sent; monotonic ms. */
  answeredAt = 0;
  /** Position of the entry that a rejoining follower must hold, see Replication; null: it is none. */
  fence: number | null = null;

  private readonly underWay: { last: number; bytes: number }[] = [];
  private bytesUnderWay = 0;
  private metAt = -Infinity;

  constructor(lastPosition: number) {
    this.nextIndex = lastPosition + 1;
  }

  get canSend(): boolean {
    if (this.state === 'waiting') return false;
    if (this.state === 'probing') return this.underWay.length === 0;
    return this.underWay.length < APPENDS_IN_FLIGHT_MAX && this.bytesUnderWay < APPEND_BYTES_IN_FLIGHT_MAX;
  }

  /** Whether an append is unanswered. */
  get busy(): boolean {
    return this.underWay.length > 0;
  }

  /** Whether a user of the follower waits for an entry that it may not have yet. */
  get isAwaited(): boolean {
    return this.awaitedPosition > this.matchIndex;
  }

  sent(last: number, bytes: number, now: number): void {
    if (!this.busy) this.answeredAt = now;
    this.underWay.push({ last, bytes });
    this.bytesUnderWay += bytes;
    this.nextIndex = last + 1;
  }

  /** The follower's log matches up to `matchIndex`. */
  matched(matchIndex: number, commitIndex: number, now: number): void {
    this.answeredAt = now;
    this.matchIndex = Math.max(this.matchIndex, matchIndex);
    this.nextIndex = Math.max(this.nextIndex, this.matchIndex + 1);
    while (this.underWay[0] !== undefined && this.underWay[0].last <= matchIndex) {
      this.bytesUnderWay -= this.underWay[0].bytes;
      this.underWay.shift();
    }
    // An append that only told commitIndex may be lost behind the answer to an earlier one.
    if (!this.busy) this.sentCommitIndex = commitIndex;
    this.state = 'replicating';
  }

  /** Appends were lost or refused: begins anew after `matchIndex`. */
  restart(state: 'waiting' | 'probing', matchIndex = this.matchIndex): void {
    this.state = state;
    this.nextIndex = matchIndex + 1;
    this.epoch++;
    this.underWay.length = 0;
    this.bytesUnderWay = 0;
    this.sentCommitIndex = 0;
    this.toldPosition = 0;
  }

  /** Another process of the follower answers: what it holds is unknown, since its disk may be gone. */
  metIncarnation(incarnation: string, now: number): void {
    if (this.incarnation === incarnation) return;
    const known = this.incarnation !== null;
    this.incarnation = incarnation;
    this.probeAt = this.metAt + PROCESS_MET_MS_MIN;
    this.metAt = now;
    if (!known) return;
    this.restart('waiting');
    this.matchIndex = 0;
    this.voter = false;
    this.fence = null;
  }
}
