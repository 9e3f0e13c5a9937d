/** What another member says of itself in answer to a hello. */
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
 *   cluster. It may have voted before, in a term up to the highest that it hears of: it must not vote in those again.
 *
 * One round of answers is not enough, since they are of different moments. Example, of five members: A leads and sends
 * an entry. C has it, answers A, and loses its disk; C is this member now. B, D and E hold no entry and say so. Then D
 * gets the entry, and A commits it: it counts A, C and D. Then A loses its disk too, and says that it holds no entry. C
 * would form a cluster, and elect with B and E a leader without the committed entry.
 *
 * So a second round is asked when the first is complete, and its hellos name a term: who holds no entry leaves all earlier
 * terms before it answers. Two rounds are enough where fewer members than a majority lose their disks. Say this member,
 * before its loss, was counted for an entry of term t:
 *
 * - The leader of t had the entry on disk, and its voters had all voted, before this process began. One of the voters
 *   kept its disk, so the first round names t or a later term.
 * - The leader lost its disk before it answered in the first round: else its answer had shown the entry. So all that it
 *   ever counted, it had counted before the second round began.
 * - One that it counted kept its disk, so its answer in the second round shows the entry. Or it was yet to be counted, by
 *   a message of the leader that came late: then it was a voter, and its answer in the second round took it out of term t
 *   before it had the entry.
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
