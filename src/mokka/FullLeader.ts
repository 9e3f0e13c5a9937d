import { FULL_LEADER_ASK_MS } from '../limits';
import type { HandoverView } from './election/Handover';
import type { ReplicatedLog } from './log/ReplicatedLog';

/**
 * A leader whose own disk has no room for more logs, while a quorum of others has, lets one of those lead: what is
 * committed is on the leader's disk too. Until then pushes wait. The others, whose disks may fill up at the same time, have
 * some time to say so first.
 */
export class FullLeader {
  private askAt: number | null = null;

  constructor(
    private readonly log: Pick<ReplicatedLog, 'fullness'>,
    private readonly view: Pick<HandoverView, 'successor' | 'ask'>,
  ) {}

  /** Called every few ms. */
  tick(now: number): void {
    if (this.log.fullness !== 'leader') {
      this.askAt = null;
      return;
    }
    this.askAt ??= now + FULL_LEADER_ASK_MS;
    const successor = now < this.askAt ? null : this.view.successor();
    if (successor === null) return;
    this.askAt = now + FULL_LEADER_ASK_MS;
    this.view.ask(successor);
  }
}
