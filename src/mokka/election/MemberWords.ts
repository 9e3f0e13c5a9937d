import { MEMBER_WORD_MS } from '../../limits';

/** What a member said of itself last. */
interface MemberWord {
  readonly at: number;
  readonly votes: boolean;
}

/**
 * What the other members said lately, for `info` to say why there is no leader. Nothing is decided by it. Times are
 * monotonic, in ms; what is older than MEMBER_WORD_MS is not known any more.
 */
export class MemberWords {
  private readonly words = new Map<string, MemberWord>();
  private leader: { readonly at: number; readonly publicKey: string; readonly heardBy: string } | null = null;

  /** A packet of a member arrived. */
  said(member: string, votes: boolean, now: number): void {
    this.words.set(member, { at: now, votes });
  }

  /** A member said whom it follows, or that it leads; null: nobody. */
  follows(member: string, leader: string | null, now: number): void {
    if (leader !== null) this.leader = { at: now, publicKey: leader, heardBy: member };
    else if (this.leader?.heardBy === member) this.leader = null;
  }

  /** Members that said that they cannot vote: they lost their data. */
  nonVoters(now: number): string[] {
    return [...this.words].flatMap(([member, { at, votes }]) =>
      !votes && isRecent(at, now) ? [member] : [],
    );
  }

  /** A leader that another member hears, or is. */
  leaderOfOthers(now: number): { readonly publicKey: string; readonly heardBy: string } | null {
    return this.leader !== null && isRecent(this.leader.at, now) ? this.leader : null;
  }
}

function isRecent(at: number, now: number): boolean {
  return now - at < MEMBER_WORD_MS;
}
