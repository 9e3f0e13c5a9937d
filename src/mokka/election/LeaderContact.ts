/** What a process of a follower answered last. */
interface Heard {
  readonly incarnation: string;
  heardAt: number;
  /** The highest round of heartbeats that it answered. */
  readonly round: number;
  /** Whether it was a voter then; no process ceases to be one. */
  readonly voter: boolean;
}

/**
 * What a leader hears of its followers: whether it still has a quorum (check-quorum, Raft dissertation, 6.2), and
 * which rounds of heartbeats a quorum has answered (ReadIndex, 6.4). Times are monotonic, in ms.
 *
 * What a follower answers counts for one process of it alone. Example: a process was a voter when it answered a round,
 * then its disk is lost; that says nothing about the next process. A late answer of the earlier one, after the next one's
 * first, is still true of the rounds that it names, so it does no harm.
 */
export class LeaderContact {
  private readonly peers = new Map<string, Heard>();
  private readonly confirmations: { round: number; done: (leads: boolean) => void }[] = [];
  private lastRound = 0;

  constructor(
    /** How many followers make a quorum with the leader. */
    private readonly followersNeeded: number,
    private since: number,
  ) {}

  /** Number of the next round of heartbeats. */
  beginRound(): number {
    return ++this.lastRound;
  }

  /** A process of a follower answered a round of heartbeats, as a voter or not. */
  heard(peer: string, { incarnation, round, voter }: Omit<Heard, 'heardAt'>, now: number): void {
    if (round > this.lastRound) return;
    const last = this.peers.get(peer);
    const known = last?.incarnation === incarnation ? last : null;
    this.peers.set(peer, {
      incarnation,
      heardAt: now,
      round: Math.max(round, known?.round ?? 0),
      voter: voter || known?.voter === true,
    });
    const confirmed = this.confirmedRound();
    while (this.confirmations[0] !== undefined && this.confirmations[0].round <= confirmed)
      this.confirmations.shift()?.done(true);
  }

  /** The process of a follower that answered last answered something else of this leader's term. */
  heardOtherwise(peer: string, incarnation: string, now: number): void {
    const known = this.peers.get(peer);
    if (known?.incarnation === incarnation) known.heardAt = now;
  }

  /** This leader did not get to run for so long: what it could not hear then is no silence. */
  heldUp(ms: number, now: number): void {
    this.since = Math.min(now, this.since + ms);
    for (const peer of this.peers.values()) peer.heardAt = Math.min(now, peer.heardAt + ms);
  }

  /** When a quorum was last heard. */
  quorumHeardAt(): number {
    if (this.followersNeeded === 0) return Infinity;
    return Math.max(
      this.since,
      this.quorumValue((peer) => peer.heardAt),
    );
  }

  heardAt(peer: string): number | undefined {
    return this.peers.get(peer)?.heardAt;
  }

  /**
   * Calls `done(true)` once a quorum has answered a round that begins after this call, `done(false)` when the
   * leadership ends first. Returns whether a round must be begun for it.
   */
  confirm(done: (leads: boolean) => void): boolean {
    if (this.followersNeeded === 0) {
      done(true);
      return false;
    }
    const waits = this.confirmations.length > 0;
    this.confirmations.push({ round: this.lastRound + 1, done });
    return !waits;
  }

  /** Whether a confirmation waits for a round that has not begun. */
  get wantsRound(): boolean {
    const last = this.confirmations.at(-1);
    return last !== undefined && last.round > this.lastRound;
  }

  end(): void {
    for (const { done } of this.confirmations.splice(0)) done(false);
  }

  private confirmedRound(): number {
    return this.followersNeeded === 0 ? this.lastRound : this.quorumValue((peer) => peer.round);
  }

  private quorumValue(value: (peer: Heard) => number): number {
    const values = [...this.peers.values()].filter((peer) => peer.voter).map(value);
    return values.sort((a, b) => b - a)[this.followersNeeded - 1] ?? 0;
  }
}
