import { REMEMBERED_PUSHES_MAX } from '../../limits';
import type { PushId } from '../../storage/Entry';

/** nonce -> position, of one session. */
type SessionPushes = Map<number, number>;

/**
 * Which pushes the last entries of the log were made by, so that a push that is tried again is found instead of
 * appended twice (Raft dissertation, 6.3). The window is of REMEMBERED_PUSHES_MAX positions: memory does not grow
 * with the log.
 */
export class RememberedPushes {
  private readonly sessions = new Map<string, SessionPushes>();
  /** By position modulo the window: the session of the entry there, undefined for an empty entry, and its nonce. */
  private readonly ringSessions: (string | undefined)[] = [];
  private readonly ringNonces = new Float64Array(REMEMBERED_PUSHES_MAX);
  private first = 1;
  private next = 1;

  /** Begins an empty window at a position. */
  startAt(position: number): void {
    this.sessions.clear();
    this.ringSessions.length = 0;
    this.first = position;
    this.next = position;
  }

  /** Remembers what made the entry after the last one, null for an empty entry; the oldest falls out of a full window. */
  add(position: number, id: PushId | null): void {
    if (this.next - this.first === REMEMBERED_PUSHES_MAX) this.forget(this.first++);
    const slot = position % REMEMBERED_PUSHES_MAX;
    this.ringSessions[slot] = id?.session;
    if (id !== null) {
      this.ringNonces[slot] = id.nonce;
      this.pushesOf(id.session).set(id.nonce, position);
    }
    this.next = position + 1;
  }

  /** The lowest position of the window. */
  get firstPosition(): number {
    return this.first;
  }

  /** Whether the window reaches as far back as it ever will. */
  get isComplete(): boolean {
    return this.first === 1 || this.next - this.first >= REMEMBERED_PUSHES_MAX;
  }

  /** Remembers what made the entry before the first one of a window that is not complete. */
  addOlder(position: number, id: PushId | null): void {
    const slot = position % REMEMBERED_PUSHES_MAX;
    this.first = position;
    this.ringSessions[slot] = id?.session;
    if (id === null) return;
    this.ringNonces[slot] = id.nonce;
    const pushes = this.pushesOf(id.session);
    if (!pushes.has(id.nonce)) pushes.set(id.nonce, position);
  }

  /** Forgets the entries from a position on. */
  cut(from: number): void {
    while (this.next > from && this.next > this.first) this.forget(--this.next);
    if (this.next > from) this.startAt(from);
  }

  /** The position of the entry that a push made, if it is in the window. */
  find(id: PushId): number | undefined {
    return this.sessions.get(id.session)?.get(id.nonce);
  }

  /**
   * Whether a push that is not found is known not to be in the log.
   *
   * @param since a position that was in the log before the push was first made; null when only the order of nonces
   * tells: then a nonce below all that are remembered of its session may be of an entry that is forgotten.
   */
  wouldKnow(id: PushId, since: number | null): boolean {
    if (this.first === 1) return true;
    if (since !== null) return since + 1 >= this.first;
    if (!this.isComplete) return false;
    const pushes = this.sessions.get(id.session);
    if (pushes === undefined) return true;
    for (const nonce of pushes.keys()) if (nonce < id.nonce) return true;
    return false;
  }

  private pushesOf(session: string): SessionPushes {
    let pushes = this.sessions.get(session);
    if (pushes === undefined) {
      pushes = new Map();
      this.sessions.set(session, pushes);
    }
    return pushes;
  }

  private forget(position: number): void {
    const slot = position % REMEMBERED_PUSHES_MAX;
    const session = this.ringSessions[slot];
    if (session === undefined) return;
    this.ringSessions[slot] = undefined;
    const nonce = this.ringNonces[slot] ?? 0;
    const pushes = this.pushesOf(session);
    if (pushes.get(nonce) === position) pushes.delete(nonce);
    if (pushes.size === 0) this.sessions.delete(session);
  }
}
