import type { PushId } from '../storage/Entry';
import type { PendingPush } from './PendingPush';

/** Places of answered pushes that are kept before the array is copied without them. */
const ANSWERED_MAX = 1024;

/** The pushes of this node that are not answered yet, by id. Not in a Map by id: see PositionWindow. */
export class PendingPushes {
  /** The own session's are always there, those of others while they have a push. */
  private readonly sessions: Map<string, NonceOrder>;

  constructor(private readonly ownSession: string) {
    this.sessions = new Map([[ownSession, new NonceOrder()]]);
  }

  get isEmpty(): boolean {
    for (const pushes of this.sessions.values()) if (pushes.count > 0) return false;
    return true;
  }

  find({ session, nonce }: PushId): PendingPush | undefined {
    return this.sessions.get(session)?.find(nonce);
  }

  /** Adds a push whose id none has. */
  add(push: PendingPush): void {
    const { session } = push.id;
    let pushes = this.sessions.get(session);
    if (pushes === undefined) this.sessions.set(session, (pushes = new NonceOrder()));
    pushes.add(push);
  }

  delete(push: PendingPush): void {
    const { session, nonce } = push.id;
    const pushes = this.sessions.get(session);
    pushes?.delete(nonce);
    if (pushes?.count === 0 && session !== this.ownSession) this.sessions.delete(session);
  }

  /** All, those of a session in the order of their nonces. */
  list(): PendingPush[] {
    return [...this.sessions.values()].flatMap((pushes) => pushes.list());
  }
}

/** Pushes of one session. Nonces increase, and answers come in their order: what happens, happens at the ends. */
class NonceOrder {
  private pushes: (PendingPush | undefined)[] = [];
  /** Before it stood those that were answered. */
  private start = 0;

  get count(): number {
    return this.pushes.length - this.start;
  }

  find(nonce: number): PendingPush | undefined {
    const push = this.pushes[this.placeOf(nonce)];
    return push?.id.nonce === nonce ? push : undefined;
  }

  add(push: PendingPush): void {
    const place = this.placeOf(push.id.nonce);
    if (place === this.pushes.length) this.pushes.push(push);
    else this.pushes.splice(place, 0, push);
  }

  delete(nonce: number): void {
    const place = this.placeOf(nonce);
    if (this.pushes[place]?.id.nonce !== nonce) return;
    if (place > this.start) {
      this.pushes.splice(place, 1);
      return;
    }
    this.pushes[this.start++] = undefined;
    if (this.start <= ANSWERED_MAX || this.start <= this.count) return;
    this.pushes = this.pushes.slice(this.start);
    this.start = 0;
  }

  list(): PendingPush[] {
    return this.pushes.filter((push) => push !== undefined);
  }

  /** Where a nonce stands, or would be put. */
  private placeOf(nonce: number): number {
    let from = this.start;
    let to = this.pushes.length;
    if (to > from && this.nonceAt(to - 1) < nonce) return to;
    if (to > from && this.nonceAt(from) >= nonce) return from;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.nonceAt(middle) < nonce) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private nonceAt(place: number): number {
    return this.pushes[place]?.id.nonce ?? 0;
  }
}
