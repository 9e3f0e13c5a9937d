/** What another member told of itself in answer to a hello. */
export interface MetMember {
  readonly term: number;
  readonly lastPosition: number;
}

/** What a member without a marker is to do next. */
export type Decision =
  | { readonly join: 'wait' }
  /** All are to be asked once more, with another {@link Forming.question}. */
  | { readonly join: 'ask' }
  | { readonly join: 'rejoin' }
  /** It must not vote in a term up to `termFloor`. */
  | { readonly join: 'form'; readonly termFloor: number };

/**
 * How a member without a marker finds its place (src/README.md, Forming). It may be new, or may have lost its disk, and
 * cannot tell which. Only answers to its own hellos count, so all that it learns is younger than its loss.
 *
 * - One member holds entries: a cluster exists, so rejoin it.
 * - All have answered twice and none held an entry: no entry that this member held counts towards a commit, so form the
 *   cluster. It may have voted before, in a term up to the highest that it was told: it must not vote in those again.
 *
 * One round of answers is not enough, since they are of different moments: an entry can pass by all of them, from a
 * member that answers late, after it has lost its disk, to one that has answered early, before it had the entry. So
 * the second round is asked when the first is complete, and its hellos name a term: who holds no entry takes part in
 * no earlier term any more before it answers. That two are enough, where fewer members than a majority lose their disks:
 *
 * Say this member, before its loss, was counted for an entry of term t. The leader of t had it on disk, and its voters
 * had all voted, before this process began. One of them kept its disk, so the first round tells of t or more. The leader
 * lost its disk before it answered then, as it would have told of the entry. So it had counted all that it ever did
 * before the second round began. One that it counted kept its disk, so it told of the entry in the second round. Or it was
 * yet to be counted, by a message of the leader's to it, that came late: then it was a voter, and its answer in the second
 * round took it out of term t before it had the entry.
 */
export class Forming {
  private first: ReadonlyMap<string, MetMember> | null = null;
  private met = new Map<string, MetMember>();

  /**
   * What a hello asks with: the round, which the answer repeats, and the term that the answer must not be earlier than
   * (0: any), unless its sender holds entries or has no place itself.
   */
  get question(): { readonly round: number; readonly termAtLeast: number } {
    if (this.first === null) return { round: 1, termAtLeast: 0 };
    const term = highestTerm(this.first);
    // In term 0 nobody leads.
    return { round: 2, termAtLeast: term === 0 ? 0 : term + 1 };
  }

  meet(publicKey: string, round: number, member: MetMember): void {
    if (member.lastPosition > 0 || round === this.question.round) this.met.set(publicKey, member);
  }

  /** Members that have not answered the question yet. */
  missing(peers: Iterable<string>): string[] {
    return [...peers].filter((peer) => !this.met.has(peer));
  }

  decide(peers: Iterable<string>): Decision {
    if ([...this.met.values()].some((member) => member.lastPosition > 0)) return { join: 'rejoin' };
    if (this.missing(peers).length > 0) return { join: 'wait' };
    if (this.first === null) {
      this.first = this.met;
      this.met = new Map();
      return { join: 'ask' };
    }
    return { join: 'form', termFloor: Math.max(highestTerm(this.first), highestTerm(this.met)) };
  }
}

function highestTerm(members: ReadonlyMap<string, MetMember>): number {
  return Math.max(0, ...[...members.values()].map(({ term }) => term));
}
