import { TERMS_AHEAD_MAX } from '../../limits';
import type { LogStore } from '../../storage/LogStore';

/** The term and the position of a log's last entry; 0 and 0 of an empty log. */
export interface LogEnd {
  readonly lastTerm: number;
  readonly lastPosition: number;
}

/**
 * This node's term, and its vote in it (Raft, 5.2 and 5.4.1). Both are on disk when a method returns, so before
 * anything that follows from them leaves the node. One vote a term, and only for a log that is up to date.
 */
export class Ballot {
  constructor(
    private readonly store: LogStore,
    private readonly self: string,
  ) {}

  get term(): number {
    return this.store.hardState.term;
  }

  /** Not so before the cluster has formed, and after this node lost its disk: it may have voted before. */
  get mayVote(): boolean {
    return this.store.membership === 'voter';
  }

  /**
   * The highest term that this node enters by one packet. A lie about the term takes it no further, and the packets of
   * an honest member bring it on in steps.
   */
  get reachableTerm(): number {
    return this.term + TERMS_AHEAD_MAX;
  }

  /** Compares a candidate's log with this node's: negative, it is behind; 0, both end alike; positive, it is ahead. */
  compareLog({ lastTerm, lastPosition }: LogEnd): number {
    const last = this.store.last ?? { term: 0, index: 0 };
    return lastTerm - last.term || lastPosition - last.index;
  }

  /** Whether a candidate's log is at least as up to date as this node's (Raft, 5.4.1). */
  isUpToDate(candidate: LogEnd): boolean {
    return this.compareLog(candidate) >= 0;
  }

  /** Gives a candidate the vote of a term, if it may have it. */
  grant(candidate: string, term: number, log: LogEnd): boolean {
    const votedFor = term > this.term ? null : this.store.hardState.votedFor;
    const isFree = term >= this.term && (votedFor === null || votedFor === candidate);
    if (!isFree || !this.isUpToDate(log)) return false;
    if (votedFor === null) this.store.saveHardState({ term, votedFor: candidate });
    return true;
  }

  /** Votes for itself, in a term of its own that begins with it: this one, or a later one where it was in this before. */
  voteForSelf(term: number): number {
    const candidacy = Math.max(term, this.term + 1);
    this.store.saveHardState({ term: candidacy, votedFor: this.self });
    return candidacy;
  }

  /** Whether this term is still that of its own candidacy. */
  isOwnCandidacy(term: number): boolean {
    return this.term === term && this.store.hardState.votedFor === this.self;
  }

  /** Enters a term, if it is a later one. The vote is its leader's, where that is known: a quorum has voted already. */
  enter(term: number, leader: string | null): void {
    if (term > this.term) this.store.saveHardState({ term, votedFor: leader });
  }

  /** Gives up the votes of all terms up to this one: an own vote that was lost with the disk stays the only one. */
  abstainUpTo(term: number): void {
    if (term > 0) this.store.saveHardState({ term, votedFor: this.self });
  }
}
