import { invariant } from '../../errors';
import type { PushId } from '../../entry/Entry';

/** What is kept of a session that has pushes in the window. */
interface Session {
  readonly name: string;
  /** Tells its nonces from those of other sessions in the table. */
  readonly salt: number;
  /** Its pushes in the window. */
  count: number;
  /** No push of it is below this index. */
  notBelow: number;
  /** None of its pushes has a nonce above or below these: so most that are not there are known without a search. */
  highest: number;
  lowest: number;
}

/** Where the pushes of a range of indexes are found, the eighth part of a window. */
interface Generation {
  /** Which range it is. */
  number: number;
  /** Open addressing: a place holds FREE, or a slot of the ring plus one. A slot may hold another push by now. */
  readonly table: Int32Array;
  /** Places that are not free. */
  taken: number;
}

/** The fractional part of the golden ratio, of 2^32: multiples of it lie far apart. */
const SPREAD = 0x9e3779b1;
const TWO_TO_32 = 2 ** 32;

const FREE = 0;

/** Of a window; one more is needed, since it may begin and end within a generation. */
const GENERATIONS = 8;

/**
 * Which pushes the last entries of the log were made by, so that a push that is tried again is found instead of
 * appended twice (Raft dissertation, 6.3). The window is of so many indexes as it is given: memory does not grow
 * with the log.
 *
 * Every entry passes here, on every node, so it must be cheap. The window is a ring of plain numbers, by index: a Map of
 * so many nonces, which come and go, took a fifth of a follower's time. Hash tables lead from a push to its slot of the
 * ring. The slot decides: if it holds another push by now, the table's place is out of date. So no push is ever removed
 * from a table, which would take a tenth of the time. The window is cut into generations with a table each, and a table
 * is cleared as a whole when its generation has left the window.
 *
 * Example: a window of 800 indexes, generations of 100. Index 805 is added: slot 5 held index 5 and holds it no more.
 * The table of the indexes 0 to 99 still leads to slot 5, where index 805 is another push. It is cleared when index
 * 900 needs it.
 */
export class RememberedPushes {
  private readonly sessions = new Map<string, Session>();
  /** By index modulo the window: the session of the entry there, undefined for an empty entry, and its nonce. */
  private readonly ringSessions: (Session | undefined)[] = [];
  private readonly ringNonces: Float64Array;
  /** Indexes of a generation. */
  private readonly span: number;
  private readonly places: number;
  /** Places of a table that may be taken, so that a search ends near its first place. */
  private readonly takenMax: number;
  /** By their numbers, modulo how many they are. */
  private readonly generations: Generation[];
  private sessionsMet = 0;
  /** The lowest index that the log holds. */
  private begin = 1;
  private first = 1;
  private next = 1;

  /** @param window indexes that it remembers */
  constructor(private readonly window: number) {
    this.ringNonces = new Float64Array(window);
    this.span = Math.ceil(window / GENERATIONS);
    this.places = 2 ** Math.ceil(Math.log2(2 * this.span));
    this.takenMax = Math.floor((this.places * 3) / 4);
    this.generations = Array.from({ length: GENERATIONS + 1 }, () => ({
      number: -1,
      table: new Int32Array(this.places),
      taken: 0,
    }));
  }

  /** Moves an empty window to an index. */
  startAt(index: number): void {
    invariant(this.next === this.first, () => `pushes from ${this.first} to ${this.next - 1} are remembered`);
    this.first = index;
    this.next = index;
  }

  /** Remembers what made the entry after the last one, null for an empty entry; the oldest falls out of a full window. */
  add(index: number, id: PushId | null): void {
    if (this.next - this.first === this.window) this.forget(this.first++);
    this.next = index + 1;
    if (id === null) return;
    const session = this.sessionOf(id.session, index);
    this.keep(index, session, id.nonce);
    this.enter(index, session, id.nonce);
  }

  /** The lowest index of the window. */
  get firstIndex(): number {
    return this.first;
  }

  /** Whether the window reaches as far back as it ever will. */
  get isComplete(): boolean {
    return this.first <= this.begin || this.next - this.first >= this.window;
  }

  /** The log forgets its entries up to an index. */
  forgetTo(index: number): void {
    this.begin = Math.max(this.begin, index + 1);
    while (this.first <= index && this.first < this.next) this.forget(this.first++);
    if (this.first <= index) this.startAt(index + 1);
  }

  /** Remembers what made the entry before the first one of a window that is not complete. */
  addOlder(index: number, id: PushId | null): void {
    this.first = index;
    if (id === null) return;
    const session = this.sessionOf(id.session, index);
    session.notBelow = index;
    const isKnown = this.find(id) !== undefined;
    this.keep(index, session, id.nonce);
    if (!isKnown) this.enter(index, session, id.nonce);
  }

  /** Forgets the entries from an index on. */
  cut(from: number): void {
    while (this.next > from && this.next > this.first) this.forget(--this.next);
    if (this.next > from) this.startAt(from);
  }

  /** The index of the entry that a push made, the last if there are several, if it is in the window. */
  find(id: PushId): number | undefined {
    const session = this.sessions.get(id.session);
    if (session === undefined || id.nonce > session.highest || id.nonce < session.lowest) return undefined;
    for (let number = this.numberAt(this.next - 1); number >= this.numberAt(this.first); number--) {
      const generation = this.generations[number % this.generations.length];
      if (generation?.number !== number) continue;
      const held = generation.table[this.placeOf(generation.table, session, id.nonce)] ?? FREE;
      if (held !== FREE) return this.indexAt(held - 1);
    }
    return undefined;
  }

  /**
   * Whether a push that is not found is known not to be in the log.
   *
   * @param since an index that was in the log before the push was first made; null when only the order of nonces
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
    for (let index = session.notBelow; left > 0; index++) {
      const slot = index % this.window;
      if (this.ringSessions[slot] !== session) continue;
      if (left === session.count) session.notBelow = index;
      if ((this.ringNonces[slot] ?? 0) < nonce) return true;
      left--;
    }
    return false;
  }

  private sessionOf(name: string, index: number): Session {
    let session = this.sessions.get(name);
    if (session === undefined) {
      const salt = Math.imul(++this.sessionsMet, SPREAD);
      session = { name, salt, count: 0, notBelow: index, highest: -Infinity, lowest: Infinity };
      this.sessions.set(name, session);
    }
    return session;
  }

  private keep(index: number, session: Session, nonce: number): void {
    const slot = index % this.window;
    this.ringSessions[slot] = session;
    this.ringNonces[slot] = nonce;
    session.count++;
    session.highest = Math.max(session.highest, nonce);
    session.lowest = Math.min(session.lowest, nonce);
  }

  private enter(index: number, session: Session, nonce: number): void {
    const generation = this.generationAt(index);
    if (generation.taken === this.takenMax) this.indexAnew(generation);
    const place = this.placeOf(generation.table, session, nonce);
    if (generation.table[place] === FREE) generation.taken++;
    generation.table[place] = (index % this.window) + 1;
  }

  /** Cut entries have left their places taken. */
  private indexAnew(generation: Generation): void {
    const { number } = generation;
    clear(generation, number);
    const end = Math.min(this.next, (number + 1) * this.span);
    for (let index = Math.max(this.first, number * this.span); index < end; index++) {
      const slot = index % this.window;
      const session = this.ringSessions[slot];
      if (session !== undefined) this.enter(index, session, this.ringNonces[slot] ?? 0);
    }
  }

  private generationAt(index: number): Generation {
    const number = this.numberAt(index);
    const generation = this.generations[number % this.generations.length];
    invariant(generation !== undefined, () => `no generation ${number}`);
    if (generation.number !== number) clear(generation, number);
    return generation;
  }

  private forget(index: number): void {
    const slot = index % this.window;
    const session = this.ringSessions[slot];
    if (session === undefined) return;
    this.ringSessions[slot] = undefined;
    session.count--;
    if (session.count === 0) this.sessions.delete(session.name);
  }

  /** The place of a table that leads to a push, or the free one where it would be put. */
  private placeOf(table: Int32Array, session: Session, nonce: number): number {
    let hash = Math.imul((nonce | 0) ^ session.salt, SPREAD) ^ Math.floor(nonce / TWO_TO_32);
    hash = Math.imul(hash ^ (hash >>> 15), SPREAD);
    let place = (hash ^ (hash >>> 16)) & (this.places - 1);
    for (;;) {
      const held = table[place] ?? FREE;
      if (held === FREE) return place;
      if (this.ringNonces[held - 1] === nonce && this.ringSessions[held - 1] === session) return place;
      place = (place + 1) & (this.places - 1);
    }
  }

  /** The number of the generation that an index belongs to. */
  private numberAt(index: number): number {
    return Math.floor(index / this.span);
  }

  private indexAt(slot: number): number {
    const offset = (slot - this.first) % this.window;
    return this.first + (offset < 0 ? offset + this.window : offset);
  }
}

function clear(generation: Generation, number: number): void {
  generation.number = number;
  generation.table.fill(FREE);
  generation.taken = 0;
}
