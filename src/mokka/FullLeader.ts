import { FULL_LEADER_ASK_MS } from '../limits';
import type { HandoverView } from './election/Handover';
import type { ReplicatedLog } from './log/ReplicatedLog';

/**
 * A leader whose own disk has no room for more logs, while a quorum of others has, lets one of those lead: what is
 * committed is on the leader's disk too. Until then pushes wait.
 */
export class FullLeader {
  private askAt = -Infinity;

  constructor(
    private readonly log: Pick<ReplicatedLog, 'fullness'>,
    private readonly view: Pick<HandoverView, 'successor' | 'ask'>,
  ) {}

  /** Called every few ms. */
  tick(now: number): void {
    if (now < this.askAt || this.log.fullness !== 'leader') return;
    const successor = this.view.successor();
    if (successor === null) return;
    this.askAt = now + FULL_LEADER_ASK_MS;
    this.view.ask(successor);
  }
}
