import { RequestError, TrimmedError } from '../../errors';
import {
  KEY_PAGES_MAX,
  KEY_READS_MAX,
  KEY_STEP_BYTES,
  KEY_STEPS_A_TURN,
  LIST_BYTES_MAX,
  LIST_ENTRIES_MAX,
} from '../../limits';
import type { HistoryOptions, StoredHistory } from '../../api';
import { keyBytes, type Entry, type LogPoint } from '../../entry/Entry';
import { checkIndex, checkLimit, checkObject } from './checkRead';

/** The committed logs of a node, as far as they may be told. */
export interface KeyedLogs {
  /**
   * Resolves when this node knows all that was committed before the call.
   *
   * @throws RequestError NO_LEADER, BUSY, NODE_UNREACHABLE, HISTORIES_DIFFER
   */
  confirmed(): Promise<void>;
  /** Resolves in a turn of the event loop in which nobody else reads as much. */
  turn(): Promise<void>;
  /** What the log begins behind. */
  readonly floor: LogPoint;
  /** How many committed logs this node knows. */
  readonly committedLogNumber: number;
  /** The index of Raft's of the log with this number, one behind the last committed entry where there is none. */
  entryIndexOf(logNumber: number): number;
  /** A step of a search among committed logs: see {@link LogStore.lastOfKey}. @throws RequestError */
  lastOfKey(key: Buffer, below: number): Entry | number;
}

/**
 * Reads by key, as fresh as a read by index: the leader confirms with a quorum what is committed, then the own log up to
 * there is searched. In steps, so that heartbeats have their turn however long the log is.
 */
export class KeyReads {
  private underWay = 0;
  private pages = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly logs: KeyedLogs) {}

  /** The last log of a key, or null when there is none. @throws TrimmedError where it may have been forgotten */
  async latest(key: string): Promise<Entry | null> {
    const { entries } = await this.history(key, { limit: 1 });
    return entries[0] ?? null;
  }

  /**
   * The last logs of a key, the latest first: those that are not forgotten.
   *
   * @throws TrimmedError where there is none, though there may have been; and where all before `before` is forgotten, as
   * when a trim comes between two pages.
   */
  async history(key: string, options: HistoryOptions = {}): Promise<StoredHistory> {
    const bytes = keyBytes(key);
    checkObject(options);
    const { limit = LIST_ENTRIES_MAX, before } = options;
    checkLimit(limit);
    if (before !== undefined) checkIndex('before', before);
    if (this.underWay >= KEY_READS_MAX)
      throw new RequestError(
        'BUSY',
        `${KEY_READS_MAX} reads by key are under way: ask again when some are done`,
      );
    this.underWay++;
    try {
      // What stands before a log that is known to be committed is known too.
      if (before === undefined || before > this.logs.committedLogNumber) await this.logs.confirmed();
      const search = (): Promise<StoredHistory> =>
        this.search(bytes, this.logs.entryIndexOf(before ?? Infinity), limit);
      const found = await (limit === 1 ? search() : this.inPlace(search));
      const trimmed = found.entries.length === 0 ? this.trimmedOf(before) : null;
      if (trimmed !== null) throw trimmed;
      return found;
    } finally {
      this.underWay--;
    }
  }

  /** Collects a page when there is a place for it. */
  private async inPlace(collect: () => Promise<StoredHistory>): Promise<StoredHistory> {
    if (this.pages < KEY_PAGES_MAX) this.pages++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await collect();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.pages--;
      else next();
    }
  }

  /** Of no log found: null where there is none, and not only none that is left. */
  private trimmedOf(before: number | undefined): TrimmedError | null {
    const { logNumber: floor } = this.logs.floor;
    if (floor === 0) return null;
    if (before !== undefined) return before <= floor + 1 ? new TrimmedError(floor) : null;
    return new TrimmedError(
      floor,
      `the log was trimmed: from ${floor + 1} on there is no log of this key; what came before is in backups and archives only`,
    );
  }

  private async search(key: Buffer, below: number, limit: number): Promise<StoredHistory> {
    const entries: Entry[] = [];
    let bytes = 0;
    let at = below;
    for (let left = 0; at > this.logs.floor.index + 1 && entries.length < limit; left--) {
      if (left <= 0) {
        await this.logs.turn();
        left = KEY_STEPS_A_TURN;
      }
      const found = this.logs.lastOfKey(key, at);
      if (typeof found === 'number') {
        at = found;
        continue;
      }
      bytes += found.bytes.length;
      if (entries.length > 0 && bytes > LIST_BYTES_MAX) break;
      left -= Math.floor(found.bytes.length / KEY_STEP_BYTES);
      entries.push(found);
      at = found.index;
    }
    const { floor } = this.logs;
    const last = entries.at(-1)?.logNumber ?? 1;
    return { entries, next: at > floor.index + 1 && last > floor.logNumber + 1 ? last : null };
  }
}
