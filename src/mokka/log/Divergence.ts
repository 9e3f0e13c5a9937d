import { invariant } from '../../errors';

/**
 * Two histories under one name: what this node knows to be committed is not in the log of the leader that it follows.
 * Raft rules that out, so a disk went back in time: an old copy of a data directory was put back, for example.
 *
 * How far both agree is found by halving. Hashes are chained, so that logs with equal entries at an index are equal up
 * to it.
 */
export class Divergence {
  private equalTo: number;

  /**
   * @param differsAt an index at which the leader's log is another.
   * @param floorIndex where this node's log begins: what is forgotten is compared with nothing.
   */
  constructor(
    readonly leader: string,
    private differsAt: number,
    floorIndex = 0,
  ) {
    invariant(differsAt > 0, () => `logs that differ at ${differsAt}`);
    this.equalTo = Math.min(floorIndex, differsAt - 1);
  }

  /** Up to here the logs are known to be equal. */
  get sharedIndex(): number {
    return this.equalTo;
  }

  /** Whether nothing is left to compare: the histories part after {@link sharedIndex}. */
  get isFound(): boolean {
    return this.equalTo + 1 === this.differsAt;
  }

  /** The index to compare next, while there is one. */
  get nextProbe(): number {
    return Math.floor((this.equalTo + this.differsAt) / 2);
  }

  /** The logs are equal up to an index. */
  equal(index: number): void {
    if (index > this.equalTo && index < this.differsAt) this.equalTo = index;
  }

  /** They differ at an index. */
  differ(index: number): void {
    if (index > this.equalTo && index < this.differsAt) this.differsAt = index;
  }
}
