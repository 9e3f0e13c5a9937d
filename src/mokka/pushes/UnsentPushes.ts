import { FORWARD_BYTES_MAX } from '../../limits';
import { Deque } from '../log/Deque';
import type { LogLimits } from '../log/LogLimits';
import type { ForwardedPush } from '../messages/pushes';
import type { PendingPush } from './PendingPush';

/** The pushes of this node's users that are to be sent, in their order, and how much of what was sent is under way. */
export class UnsentPushes {
  /** May also hold pushes that have ended or are under way, and a push twice: {@link first} leaves them out. */
  private queue = new Deque<PendingPush>();
  private underWay = 0;
  private bytesUnderWay = 0;

  constructor(private readonly limits: LogLimits) {}

  /** How many are held, those that {@link first} will leave out too. */
  get held(): number {
    return this.queue.length;
  }

  add(push: PendingPush): void {
    this.queue.push(push);
  }

  /** The first that is still to be sent, and not about to end; those before it are forgotten. */
  first(now: number): PendingPush | undefined {
    for (;;) {
      const push = this.queue.at(0);
      if (push === undefined || (!push.ended && !push.underWay && now < push.deadlineAt)) return push;
      this.queue.shift();
    }
  }

  /** The first one goes to the leader. */
  sent(push: PendingPush, now: number): void {
    this.queue.shift();
    push.attempts++;
    push.sentAt = now;
    push.underWay = true;
    this.underWay++;
    this.bytesUnderWay += push.content.bytes;
  }

  /** A push is not under way any more. */
  landed(push: PendingPush): void {
    if (!push.underWay) return;
    push.underWay = false;
    this.underWay--;
    this.bytesUnderWay -= push.content.bytes;
  }

  /** What is to be forwarded in one message: empty when none is to be sent, or as much as may be is under way. */
  nextForwarded(now: number): ForwardedPush[] {
    const pushes: ForwardedPush[] = [];
    if (this.bytesUnderWay >= this.limits.FORWARD_BYTES_IN_FLIGHT_MAX) return pushes;
    let bytes = 0;
    const room = this.limits.FORWARDS_IN_FLIGHT_MAX - this.underWay;
    const countMax = Math.min(this.limits.FORWARD_PUSHES_MAX, room);
    while (pushes.length < countMax) {
      const push = this.first(now);
      if (push === undefined) break;
      bytes += push.content.bytes;
      if (bytes > FORWARD_BYTES_MAX && pushes.length > 0) break;
      this.sent(push, now);
      pushes.push({
        since: push.since,
        ifLast: push.ifLast,
        ifKeyLast: push.ifKeyLast,
        payload: push.payload,
      });
    }
    return pushes;
  }

  /** Begins anew with these of all that wait for their answer: nothing is under way any more. */
  sendAnew(pushes: readonly PendingPush[]): void {
    for (const push of pushes) push.underWay = false;
    this.underWay = 0;
    this.bytesUnderWay = 0;
    this.keepOnly(pushes);
  }

  /** Forgets what has ended or is under way. */
  keepOnly(pushes: readonly PendingPush[]): void {
    this.queue = new Deque();
    for (const push of pushes) if (!push.ended && !push.underWay) this.queue.push(push);
  }
}
