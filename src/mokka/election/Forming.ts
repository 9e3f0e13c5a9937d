/** What another member told of itself in answer to a hello. */
export interface MetMember {
  readonly term: number;
  readonly lastPosition: number;
}

/**
 * How a member without a marker finds its place (DESIGN, Election). It may be new, or may have lost its disk, and
 * cannot tell which. Only answers to its own hellos count, so all that it learns is younger than its loss.
 *
 * - One member holds entries: a cluster exists, so rejoin it.
 * - All have answered and none holds an entry: nothing was ever committed, so form the cluster. It may have voted
 *   before, in a term up to the highest that it was told: it must not vote in those terms again.
 */
export class Forming {
  private readonly met = new Map<string, MetMember>();

  meet(publicKey: string, member: MetMember): void {
    this.met.set(publicKey, member);
  }

  /** Members that have not answered yet. */
  missing(peers: Iterable<string>): string[] {
    return [...peers].filter((peer) => !this.met.has(peer));
  }

  decide(
    peers: Iterable<string>,
  ): { join: 'wait' } | { join: 'rejoin' } | { join: 'form'; termFloor: number } {
    const members = [...this.met.values()];
    if (members.some((member) => member.lastPosition > 0)) return { join: 'rejoin' };
    if (this.missing(peers).length > 0) return { join: 'wait' };
    return { join: 'form', termFloor: Math.max(0, ...members.map((member) => member.term)) };
  }
}
