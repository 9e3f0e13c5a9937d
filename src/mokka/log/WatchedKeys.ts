import { WATCHED_KEYS_MAX } from '../../limits';
import { EntryKind, KEY_AT, keyEnd, payloadKey, type Entry } from '../../entry/Entry';
import type { LogStore } from '../../storage/LogStore';
import { Deque } from './Deque';

/** A key whose last log is known, or looked for. */
interface WatchedKey {
  readonly name: string;
  readonly key: Buffer;
  /** Below this index it is to be looked for; there is none from there up to where the watch began. */
  below: number;
  /** See {@link WatchedKeys.lastOf}. */
  last: number | 'forgotten' | null;
  /** It is kept no longer than there is room. */
  spent: boolean;
}

/**
 * The last logs of the keys that conditional pushes ask for, on a leader. The store is searched in steps before such a
 * push is proposed, and what is appended since is noticed here: so it is judged without a read from disk.
 *
 * Example: a push wants log 41 to be the last of its key. When its watch begins, entries up to 900 are in the store and
 * 901 is staged. The store is searched below 901, some steps in each turn; 901 and what is staged meanwhile is looked at
 * here. If one is of the key, that is the last, and the search is over.
 */
export class WatchedKeys {
  private readonly watched = new Map<string, WatchedKey>();
  private searches = new Deque<WatchedKey>();

  constructor(private readonly store: Pick<LogStore, 'lastOfKey' | 'last' | 'floor'>) {}

  /** Whether some key is looked for. */
  get isSearching(): boolean {
    return this.searches.length > 0;
  }

  /**
   * The number of the last log of a push's key, 0 for none; `forgotten`: there is none behind the log's floor; null while
   * it is not known.
   */
  lastOf(payload: Buffer): number | 'forgotten' | null {
    return this.watched.get(nameOf(payloadKey(payload)))?.last ?? null;
  }

  /**
   * Whether the last log of a push's key is known; if not it is looked for. `staged`: the entries behind the store's.
   * A push that is the next to be proposed comes before others (`isNext`), which are given up where there is no room.
   */
  watch(payload: Buffer, staged: readonly Entry[], isNext: boolean): boolean {
    const key = payloadKey(payload);
    const name = nameOf(key);
    const known = this.watched.get(name);
    if (known !== undefined) {
      known.spent = false;
      return known.last !== null;
    }
    if (!this.makeRoom(isNext)) return false;
    // A copy: the payload may be a piece of a frame.
    const watch = {
      name,
      key: Buffer.from(key),
      below: (this.store.last?.index ?? 0) + 1,
      last: null,
      spent: false,
    };
    this.watched.set(name, watch);
    if (isNext) this.searches.insert(0, watch);
    else this.searches.push(watch);
    for (const entry of staged) this.staged(entry);
    return this.lastOf(payload) !== null;
  }

  /** A push is judged by the last log of its key. */
  judged(payload: Buffer): void {
    const watch = this.watched.get(nameOf(payloadKey(payload)));
    if (watch !== undefined) watch.spent = true;
  }

  /** An entry is behind the last one. */
  staged({ kind, bytes, logNumber }: Entry): void {
    if (this.watched.size === 0 || kind !== EntryKind.Log) return;
    const watch = this.watched.get(bytes.toString('latin1', KEY_AT, keyEnd(bytes)));
    if (watch !== undefined) watch.last = logNumber;
  }

  /** Searches the store, so many steps at most. */
  search(steps: number): void {
    for (let left = steps; left > 0;) {
      const watch = this.searches.at(0);
      if (watch === undefined) return;
      if (watch.last !== null || this.watched.get(watch.name) !== watch) {
        this.searches.shift();
        continue;
      }
      left--;
      const found = this.store.lastOfKey(watch.key, watch.below);
      if (typeof found !== 'number') watch.last = found.logNumber;
      else if (found > this.store.floor.index + 1) watch.below = found;
      else watch.last = this.store.floor.logNumber > 0 ? 'forgotten' : 0;
    }
  }

  /** Forgets all: the node leads no more, or in another term. */
  clear(): void {
    this.watched.clear();
    this.searches = new Deque();
  }

  private makeRoom(isNext: boolean): boolean {
    if (this.watched.size < WATCHED_KEYS_MAX) return true;
    // One that nobody has asked for between two such looks is forgotten too: its push may have ended.
    for (const watch of this.watched.values())
      if (watch.spent) this.watched.delete(watch.name);
      else watch.spent = true;
    if (this.watched.size < WATCHED_KEYS_MAX) return true;
    const [oldest] = this.watched.keys();
    if (!isNext || oldest === undefined) return false;
    this.watched.delete(oldest);
    return true;
  }
}

/** A byte a character. */
function nameOf(key: Buffer): string {
  return key.toString('latin1');
}
