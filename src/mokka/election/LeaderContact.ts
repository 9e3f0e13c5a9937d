/**
 * What a leader hears of its followers: whether it still has a quorum (check-quorum, Raft dissertation, 6.2), and
 * which rounds of heartbeats a quorum has answered (ReadIndex, 6.4). Times are monotonic, in ms.
 */
export class LeaderContact {
  private readonly peers = new Map<string, { heardAt: number; round: number; voter: boolean }>();
  private readonly confirmations: { round: number; done: (leads: boolean) => void }[] = [];
  private lastRound = 0;

  constructor(
    /** How many followers make a quorum with the leader. */
    private readonly followersNeeded: number,
    private readonly since: number,
  ) {}

  /** Number of the next round of heartbeats. */
  beginRound(): number {
    return ++this.lastRound;
  }

  heard(peer: string, round: number, voter: boolean, now: number): void {
    const known = this.peers.get(peer);
    if (round > this.lastRound) return;
    this.peers.set(peer, { heardAt: now, round: Math.max(round, known?.round ?? 0), voter });
    const confirmed = this.confirmedRound();
    while (this.confirmations[0] !== undefined && this.confirmations[0].round <= confirmed)
      this.confirmations.shift()?.done(true);
  }

  /** A follower answered something else of this leader's term. */
  heardOtherwise(peer: string, now: number): void {
    const known = this.peers.get(peer);
    if (known !== undefined) known.heardAt = now;
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

  private quorumValue(value: (peer: { heardAt: number; round: number }) => number): number {
    const values = [...this.peers.values()].filter((peer) => peer.voter).map(value);
    return values.sort((a, b) => b - a)[this.followersNeeded - 1] ?? 0;
  }
}
