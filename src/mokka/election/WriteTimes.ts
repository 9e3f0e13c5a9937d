import { SLOW_WRITE_MS_MAX, WRITE_TIME_REMEMBERED_MS, WRITE_TIMES_REMEMBERED } from '../../limits';

/**
 * How long writes to disk take: the own ones as measured, those of the other members as they report them. A node that
 * waits for its disk says nothing and hears nothing, and that is no silence of a leader. Times are in ms.
 *
 * Of a node the slowest of its last WRITE_TIMES_REMEMBERED writes counts, for WRITE_TIME_REMEMBERED_MS, so that a disk
 * that was slow once is not waited for for long. One that is quick enough counts 0: it changes no timeout.
 */
export class WriteTimes {
  private readonly own: { readonly endedAt: number; readonly ms: number }[] = [];
  private readonly ofOthers = new Map<string, number>();

  /** `quickMs`: writes of less than this are quick enough for the timeouts as they are set. */
  constructor(private readonly quickMs: number) {}

  /** A write of this node took so long. */
  measured(ms: number, now: number): void {
    this.own.push({ endedAt: now, ms });
    if (this.own.length > WRITE_TIMES_REMEMBERED) this.own.shift();
  }

  /** What this node's writes take. */
  ofSelf(now: number): number {
    let slowest = 0;
    for (const { endedAt, ms } of this.own)
      if (now - endedAt < WRITE_TIME_REMEMBERED_MS) slowest = Math.max(slowest, ms);
    return this.counted(slowest);
  }

  /** A member reported what its writes take. */
  reported(member: string, ms: number): void {
    this.ofOthers.set(member, this.counted(ms));
  }

  /** What a member's writes take, as it reported last. */
  of(member: string): number {
    return this.ofOthers.get(member) ?? 0;
  }

  /** The other member with the slowest writes; null where all are quick. */
  get slowest(): { readonly member: string; readonly ms: number } | null {
    let slowest: { member: string; ms: number } | null = null;
    for (const [member, ms] of this.ofOthers) if (ms > (slowest?.ms ?? 0)) slowest = { member, ms };
    return slowest;
  }

  private counted(ms: number): number {
    return ms < this.quickMs ? 0 : Math.min(Math.round(ms), SLOW_WRITE_MS_MAX);
  }
}
