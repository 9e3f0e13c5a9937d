import { invariant } from '../../errors';

/**
 * Two histories under one name: what this node knows to be committed is not in the log of the leader that it follows.
 * Raft rules that out, so a disk went back in time: an old copy of a data directory was put back, for example.
 *
 * How far both agree is found by halving. Hashes are chained, so that logs with equal entries at a position are equal up
 * to it.
 */
export class Divergence {
  private equalTo = 0;

  /** @param differsAt a position at which the leader's log is another. */
  constructor(
    readonly leader: string,
    private differsAt: number,
  ) {
    invariant(differsAt > 0, () => `logs that differ at ${differsAt}`);
  }

  /** Up to here the logs are known to be equal. */
  get sharedPosition(): number {
    return this.equalTo;
  }

  /** Whether nothing is left to compare: the histories part after {@link sharedPosition}. */
  get isFound(): boolean {
    return this.equalTo + 1 === this.differsAt;
  }

  /** The position to compare next, while there is one. */
  get nextProbe(): number {
    return Math.floor((this.equalTo + this.differsAt) / 2);
  }

  /** The logs are equal up to a position. */
  equal(position: number): void {
    if (position > this.equalTo && position < this.differsAt) this.equalTo = position;
  }

  /** They differ at a position. */
  differ(position: number): void {
    if (position > this.equalTo && position < this.differsAt) this.differsAt = position;
  }
}
