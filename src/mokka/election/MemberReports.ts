import { MEMBER_REPORT_MS } from '../../limits';

/**
 * What the other members reported lately of themselves and of a leader, for `info` to say why there is none. Nothing is
 * decided by it. Times are monotonic, in ms; what is older than MEMBER_REPORT_MS is not known any more.
 */
export class MemberReports {
  private readonly votes = new Map<string, { readonly at: number; readonly mayVote: boolean }>();
  private leader: { readonly at: number; readonly publicKey: string; readonly heardBy: string } | null = null;

  /** A member reported whether it may vote. */
  vote(member: string, mayVote: boolean, now: number): void {
    this.votes.set(member, { at: now, mayVote });
  }

  /** A member reported whom it follows, or that it leads; null: nobody. */
  follows(member: string, leader: string | null, now: number): void {
    if (leader !== null) this.leader = { at: now, publicKey: leader, heardBy: member };
    else if (this.leader?.heardBy === member) this.leader = null;
  }

  /** Members that may not vote: they lost their data. */
  nonVoters(now: number): string[] {
    return [...this.votes].flatMap(([member, { at, mayVote }]) =>
      !mayVote && isRecent(at, now) ? [member] : [],
    );
  }

  /** A leader that another member hears, or is. */
  leaderOfOthers(now: number): { readonly publicKey: string; readonly heardBy: string } | null {
    return this.leader !== null && isRecent(this.leader.at, now) ? this.leader : null;
  }
}

function isRecent(at: number, now: number): boolean {
  return now - at < MEMBER_REPORT_MS;
}
