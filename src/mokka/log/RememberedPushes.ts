import { REMEMBERED_PUSHES_MAX } from '../../limits';
import { entryPushId, type Entry, type PushId } from '../../storage/Entry';

/** One push of the window; undefined where an empty entry stands. */
type Remembered = { readonly pushes: Map<number, number>; readonly id: PushId } | undefined;

/**
 * Which pushes the last entries of the log were made by, so that a push that is tried again is found instead of
 * appended twice (Raft dissertation, 6.3). The window is of REMEMBERED_PUSHES_MAX positions: memory does not grow
 * with the log.
 */
export class RememberedPushes {
  /** session -> nonce -> position. */
  private readonly sessions = new Map<string, Map<number, number>>();
  private readonly ring: Remembered[] = [];
  private first = 1;
  private next = 1;

  /** Begins an empty window at a position. */
  startAt(position: number): void {
    this.sessions.clear();
    this.ring.length = 0;
    this.first = position;
    this.next = position;
  }

  /** Remembers the entry after the last one; the oldest falls out of a full window. */
  add(entry: Entry): void {
    if (this.next - this.first === REMEMBERED_PUSHES_MAX) this.forget(this.first++);
    const id = entryPushId(entry);
    const pushes = id === null ? undefined : this.pushesOf(id.session);
    if (id !== null) pushes?.set(id.nonce, entry.position);
    this.ring[entry.position % REMEMBERED_PUSHES_MAX] = id === null || !pushes ? undefined : { pushes, id };
    this.next = entry.position + 1;
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
   * tells: then a nonce below the oldest that is remembered of its session may be of an entry that is forgotten.
   */
  wouldKnow(id: PushId, since: number | null): boolean {
    if (this.first === 1) return true;
    if (since !== null) return since + 1 >= this.first;
    const pushes = this.sessions.get(id.session);
    if (pushes === undefined) return true;
    for (const nonce of pushes.keys()) return id.nonce > nonce;
    return true;
  }

  private pushesOf(session: string): Map<number, number> {
    let pushes = this.sessions.get(session);
    if (pushes === undefined) {
      pushes = new Map();
      this.sessions.set(session, pushes);
    }
    return pushes;
  }

  private forget(position: number): void {
    const remembered = this.ring[position % REMEMBERED_PUSHES_MAX];
    this.ring[position % REMEMBERED_PUSHES_MAX] = undefined;
    if (remembered === undefined) return;
    const { pushes, id } = remembered;
    if (pushes.get(id.nonce) === position) pushes.delete(id.nonce);
    if (pushes.size === 0) this.sessions.delete(id.session);
  }
}
