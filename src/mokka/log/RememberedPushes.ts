import { invariant } from '../../errors';
import { REMEMBERED_PUSHES_MAX } from '../../limits';
import type { PushId } from '../../storage/Entry';

/** What is kept of a session that has pushes in the window. */
interface Session {
  readonly name: string;
  /** Tells its nonces from those of other sessions in the table. */
  readonly salt: number;
  /** Its pushes in the window. */
  count: number;
  /** No push of it stands below this position. */
  notBelow: number;
}

/** The fractional part of the golden ratio, of 2^32: multiples of it lie far apart. */
const SPREAD = 0x9e3779b1;
const TWO_TO_32 = 2 ** 32;

/** A place of the table that holds nothing. The others hold a slot of the ring, plus one. */
const FREE = 0;

/**
 * Which pushes the last entries of the log were made by, so that a push that is tried again is found instead of
 * appended twice (Raft dissertation, 6.3). The window is of REMEMBERED_PUSHES_MAX positions: memory does not grow
 * with the log.
 *
 * Every entry passes here, on every node. So the window is a ring of plain numbers with an open-addressing table over
 * it: a Map of so many nonces that come and go took a fifth of a follower's time.
 */
export class RememberedPushes {
  private readonly window = REMEMBERED_PUSHES_MAX;
  private readonly sessions = new Map<string, Session>();
  /** By position modulo the window: the session of the entry there, undefined for an empty entry, and its nonce. */
  private readonly ringSessions: (Session | undefined)[] = [];
  private readonly ringNonces = new Float64Array(this.window);
  /** At least half of it is free, so that what is looked for stands near its first place. */
  private readonly table = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.window)));
  private sessionsMet = 0;
  private first = 1;
  private next = 1;

  /** Moves an empty window to a position. */
  startAt(position: number): void {
    invariant(this.next === this.first, () => `pushes from ${this.first} to ${this.next - 1} are remembered`);
    this.first = position;
    this.next = position;
  }

  /** Remembers what made the entry after the last one, null for an empty entry; the oldest falls out of a full window. */
  add(position: number, id: PushId | null): void {
    if (this.next - this.first === this.window) this.forget(this.first++);
    this.next = position + 1;
    if (id !== null) this.put(position, this.sessionOf(id.session, position), id.nonce, true);
  }

  /** The lowest position of the window. */
  get firstPosition(): number {
    return this.first;
  }

  /** Whether the window reaches as far back as it ever will. */
  get isComplete(): boolean {
    return this.first === 1 || this.next - this.first >= this.window;
  }

  /** Remembers what made the entry before the first one of a window that is not complete. */
  addOlder(position: number, id: PushId | null): void {
    this.first = position;
    if (id === null) return;
    const session = this.sessionOf(id.session, position);
    session.notBelow = position;
    this.put(position, session, id.nonce, false);
  }

  /** Forgets the entries from a position on. */
  cut(from: number): void {
    while (this.next > from && this.next > this.first) this.forget(--this.next);
    if (this.next > from) this.startAt(from);
  }

  /** The position of the entry that a push made, if it is in the window. */
  find(id: PushId): number | undefined {
    const session = this.sessions.get(id.session);
    if (session === undefined) return undefined;
    const held = this.table[this.placeOf(session, id.nonce)] ?? FREE;
    return held === FREE ? undefined : this.positionAt(held - 1);
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
    const session = this.sessions.get(id.session);
    return session === undefined || this.remembersLower(session, id.nonce);
  }

  private remembersLower(session: Session, nonce: number): boolean {
    session.notBelow = Math.max(session.notBelow, this.first);
    let left = session.count;
    for (let position = session.notBelow; left > 0; position++) {
      const slot = position % this.window;
      if (this.ringSessions[slot] !== session) continue;
      if (left === session.count) session.notBelow = position;
      if ((this.ringNonces[slot] ?? 0) < nonce) return true;
      left--;
    }
    return false;
  }

  private sessionOf(name: string, position: number): Session {
    let session = this.sessions.get(name);
    if (session === undefined) {
      session = { name, salt: Math.imul(++this.sessionsMet, SPREAD), count: 0, notBelow: position };
      this.sessions.set(name, session);
    }
    return session;
  }

  /** @param replace whether this entry is found, and not the one of the same push that is there. */
  private put(position: number, session: Session, nonce: number, replace: boolean): void {
    const slot = position % this.window;
    const place = this.placeOf(session, nonce);
    this.ringSessions[slot] = session;
    this.ringNonces[slot] = nonce;
    session.count++;
    if (replace || this.table[place] === FREE) this.table[place] = slot + 1;
  }

  private forget(position: number): void {
    const slot = position % this.window;
    const session = this.ringSessions[slot];
    if (session === undefined) return;
    const place = this.placeOf(session, this.ringNonces[slot] ?? 0);
    if (this.table[place] === slot + 1) this.free(place);
    this.ringSessions[slot] = undefined;
    session.count--;
    if (session.count === 0) this.sessions.delete(session.name);
  }

  /** The place of the table that holds a push, or the free one where it would be put. */
  private placeOf(session: Session, nonce: number): number {
    let place = this.firstPlace(session, nonce);
    for (;;) {
      const held = this.table[place] ?? FREE;
      if (held === FREE) return place;
      if (this.ringNonces[held - 1] === nonce && this.ringSessions[held - 1] === session) return place;
      place = this.placeAfter(place);
    }
  }

  /** Frees a place, and moves into it what stands behind it and would not be found any more. */
  private free(place: number): void {
    let free = place;
    for (let at = this.placeAfter(free); ; at = this.placeAfter(at)) {
      const held = this.table[at] ?? FREE;
      if (held === FREE) break;
      const session = this.ringSessions[held - 1];
      if (session === undefined) continue;
      const from = this.firstPlace(session, this.ringNonces[held - 1] ?? 0);
      if (this.distance(from, at) < this.distance(free, at)) continue;
      this.table[free] = held;
      free = at;
    }
    this.table[free] = FREE;
  }

  private firstPlace({ salt }: Session, nonce: number): number {
    let hash = Math.imul((nonce | 0) ^ salt, SPREAD) ^ Math.floor(nonce / TWO_TO_32);
    hash = Math.imul(hash ^ (hash >>> 15), SPREAD);
    return (hash ^ (hash >>> 16)) & (this.table.length - 1);
  }

  private placeAfter(place: number): number {
    return (place + 1) & (this.table.length - 1);
  }

  private distance(from: number, to: number): number {
    return (to - from) & (this.table.length - 1);
  }

  private positionAt(slot: number): number {
    const offset = (slot - this.first) % this.window;
    return this.first + (offset < 0 ? offset + this.window : offset);
  }
}
