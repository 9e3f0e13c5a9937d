import type { PushId } from '../../entry/Entry';
import { Deque } from '../log/Deque';
import type { PendingPush } from './PendingPush';

/** The pushes of this node that are not answered yet, by id. Not in a Map by id: see Deque. */
export class PendingPushes {
  /** The own session's are always there, those of others while they have a push. */
  private readonly sessions: Map<string, NonceOrder>;
  /** How many they are. */
  count = 0;

  constructor(private readonly ownSession: string) {
    this.sessions = new Map([[ownSession, new NonceOrder()]]);
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
    this.count++;
  }

  /** Takes a push away that is here. */
  delete({ id: { session, nonce } }: PendingPush): void {
    const pushes = this.sessions.get(session);
    if (pushes === undefined) return;
    pushes.delete(nonce);
    this.count--;
    if (session !== this.ownSession && pushes.isEmpty) this.sessions.delete(session);
  }

  /** The first `maxCount` for which `matches` holds; no copy is made of the others. */
  pick(matches: (push: PendingPush) => boolean, maxCount: number): PendingPush[] {
    const picked: PendingPush[] = [];
    for (const pushes of this.sessions.values()) pushes.pick(matches, maxCount, picked);
    return picked;
  }

  /** All, those of a session in the order of their nonces. */
  list(): PendingPush[] {
    return [...this.sessions.values()].flatMap((pushes) => pushes.list());
  }
}

/** Pushes of one session. Nonces increase, and answers come in their order: what happens, happens at the ends. */
class NonceOrder {
  private readonly pushes = new Deque<PendingPush>();

  get isEmpty(): boolean {
    return this.pushes.length === 0;
  }

  find(nonce: number): PendingPush | undefined {
    const push = this.pushes.at(this.placeOf(nonce));
    return push?.id.nonce === nonce ? push : undefined;
  }

  add(push: PendingPush): void {
    this.pushes.insert(this.placeOf(push.id.nonce), push);
  }

  delete(nonce: number): void {
    const place = this.placeOf(nonce);
    if (this.pushes.at(place)?.id.nonce === nonce) this.pushes.remove(place);
  }

  pick(matches: (push: PendingPush) => boolean, maxCount: number, into: PendingPush[]): void {
    for (let place = 0; place < this.pushes.length && into.length < maxCount; place++) {
      const push = this.pushes.at(place);
      if (push !== undefined && matches(push)) into.push(push);
    }
  }

  list(): PendingPush[] {
    return this.pushes.list();
  }

  /** The place of a nonce, or where it would be put: mostly the first, or after the last. */
  private placeOf(nonce: number): number {
    const { pushes } = this;
    let from = 0;
    let to = pushes.length;
    if ((pushes.at(to - 1)?.id.nonce ?? -1) < nonce) return to;
    if ((pushes.at(0)?.id.nonce ?? 0) >= nonce) return 0;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((pushes.at(middle)?.id.nonce ?? 0) < nonce) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
