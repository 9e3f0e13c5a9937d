import type { Scenario } from './Scenario';

/** A packet's fate: arrival times in ms, [] for a loss; null: as any other. */
type Rule = (from: number, to: number, words: string) => readonly number[] | null;

/** Three members: the leader, a voter whose vote makes another one lead, and that other one. */
export interface Parties {
  readonly leader: number;
  readonly voter: number;
  readonly rival: number;
}

/** So long after the leader's last heartbeat a voter agrees to an election, ms; less than the leader waits for it. */
const SILENCE = 100;

/**
 * A rival is elected by a voter while the leader still leads: for it, nothing has happened yet. The two leaders never
 * hear each other; the old one does not reach the voter either, until {@link reach}.
 */
export class Overthrow {
  private isDeaf = false;
  private isUnderWay = false;
  private isOver = false;
  private rivalIsAlone = false;

  /** @param rule decides about packets first. */
  constructor(
    private readonly it: Scenario,
    readonly parties: Parties,
    private readonly rule: Rule = () => null,
  ) {
    it.intercept((from, to, words) => this.fateOf(from, to, words));
  }

  /** Returns whether the leader still leads when the rival does, as it should for the story. */
  happens(): boolean {
    const { leaders } = this.it.cluster;
    expect(leaders).toEqual([this.parties.leader]);
    this.isUnderWay = true;
    this.it.until('the rival leads', () => this.it.cluster.leaders.includes(this.parties.rival));
    return this.it.cluster.leaders.includes(this.parties.leader);
  }

  /** The rival hears nobody and is heard by nobody. */
  isolateRival(): void {
    this.rivalIsAlone = true;
  }

  /** The leader reaches the voter again. */
  reach(): void {
    this.isDeaf = false;
  }

  /** All hear each other. */
  end(): void {
    this.isOver = true;
  }

  private fateOf(from: number, to: number, words: string): readonly number[] | null {
    if (this.isOver) return null;
    const { leader, voter, rival } = this.parties;
    const isBetween = (one: number, other: number): boolean =>
      (from === one && to === other) || (from === other && to === one);
    if (this.rivalIsAlone && (from === rival || to === rival)) return [];
    if (this.isUnderWay) {
      if (isBetween(leader, rival)) return [];
      if (this.isDeaf && from === leader && to === voter) return [];
      if (from === voter && words.startsWith('PRE_VOTE ')) return [];
      if (from === rival && to === voter && words.startsWith('PRE_VOTE ')) {
        this.isDeaf = true;
        return [SILENCE];
      }
    }
    return this.rule(from, to, words);
  }
}
