import { open, type Database, type RootDatabase } from 'lmdb';
import { z } from 'zod';
import { invariant, StartError, toError } from '../errors';
import { damaged } from './damage';
import type { DataFile } from './DataFile';
import { DataTrees } from './DataTrees';
import { FILE_MODE } from './durableFile';
import { EntryKind, type Entry } from './Entry';
import type { HardState } from './LogStore';
import { STORE_FORMAT } from './MarkerFile';

/** What is stored beside the entries. */
export interface StoredState {
  readonly hardState: HardState;
  readonly commitIndex: number;
  /** The generation of the journal whose records follow on this state. */
  readonly journal: string;
}

/** Positions `from` to `to`, both included; none when `to` is below `from`. */
export interface PositionRange {
  readonly from: number;
  readonly to: number;
}

/** The calls that write in a transaction; lmdb's own typings leave out that both return whether it was done. */
interface WritableTable<Key> {
  putSync(key: Key, value: Buffer, options: { append: boolean }): unknown;
  removeSync(key: Key): unknown;
}

const ENTRIES = 'entries';
const KEY_BYTES = 6;
const STATE_KEY = 'state';
const NO_VALUE = Buffer.alloc(0);

/** LMDB's own error codes are below this; those of the system are positive. */
const LMDB_ERRORS_BELOW = -30_000;

const wholeNumber = z.number().int().nonnegative();
const storedState = z.strictObject({
  format: z.literal(STORE_FORMAT),
  term: wholeNumber,
  votedFor: z.string().nullable(),
  commitIndex: wholeNumber,
  journal: z.string().regex(/^[0-9a-f]{32}$/),
});
const tableStats = z.object({ entryCount: wholeNumber });

/**
 * The lmdb databases of a store, and nothing of its rules: `entries` (position to an entry's bytes), `empties` (the
 * positions of empty entries), and in lmdb's main database, which every commit rewrites anyway, the state.
 */
export class LmdbTables {
  private readonly root: RootDatabase<Buffer, string>;
  private readonly entries: Database<Buffer, Buffer>;
  private readonly empties: Database<Buffer, Buffer>;

  private readonly trees: DataTrees;
  private readonly file: string;

  /**
   * Opens lmdb on a file that {@link DataFile.check} has found good, or that is empty.
   *
   * @throws StartError DATA_DAMAGED
   */
  constructor(data: DataFile) {
    this.file = data.path;
    this.trees = new DataTrees(data, ENTRIES);
    if (!data.isEmpty) this.trees.checkStart();
    const options = {
      path: data.path,
      noSubdir: true,
      permissionsMode: FILE_MODE,
      encoding: 'binary' as const,
      compression: false,
      // With it a commit returns before it is on disk.
      overlappingSync: false,
      noMemInit: true,
      maxDbs: 2,
    };
    this.root = open(options);
    this.entries = this.root.openDB({ name: ENTRIES, encoding: 'binary', keyEncoding: 'binary' });
    this.empties = this.root.openDB({ name: 'empties', encoding: 'binary', keyEncoding: 'binary' });
  }

  /** The state as last written; null when none was. */
  readState(): StoredState | null {
    const bytes = this.reading(() => this.root.getBinary(STATE_KEY));
    if (bytes === undefined) return null;
    const parsed = storedState.safeParse(parseJson(bytes.toString()));
    if (!parsed.success) throw damaged(this.file, 'holds a state that cannot be read', parsed.error);
    const { term, votedFor, commitIndex, journal } = parsed.data;
    return { hardState: { term, votedFor }, commitIndex, journal };
  }

  /** The last position, 0 when there is none. */
  readLastPosition(): number {
    return this.reading(() => {
      const [last] = this.entries.getKeys({ reverse: true, limit: 1 });
      return last === undefined ? 0 : position(last);
    });
  }

  /** How many entries there are. */
  countEntries(): number {
    return this.reading(() => tableStats.parse(this.entries.getStats()).entryCount);
  }

  /** The positions of all empty entries, ascending. */
  readEmptyPositions(): number[] {
    return this.reading(() => Array.from(this.empties.getKeys(), position));
  }

  /** The bytes at a position, as a copy that stays valid. @throws StartError DATA_DAMAGED */
  bytesAt(at: number): Buffer | undefined {
    this.trees.checkEntry(at);
    return this.reading(() => {
      // lmdb reads into one buffer of its own, whose length it sets: half the time of a buffer per value.
      const shared = this.entries.getBinaryFast(key(at));
      if (shared === undefined) return undefined;
      const copy = Buffer.allocUnsafe(shared.length);
      copy.set(shared.subarray(0, shared.length));
      return copy;
    });
  }

  /** Removes positions, appends entries after all others, and writes the state, in one transaction, synced on return. */
  write(state: StoredState, entries: readonly Entry[], removed: PositionRange): void {
    this.trees.checkRemoval(removed.from, removed.to);
    // A block that returns nothing: a promise as its result would put the commit off (HAZARDS, lmdb 1).
    this.root.transactionSync(() => {
      for (let at = removed.to; at >= removed.from; at -= 1) this.remove(at);
      for (const entry of entries) this.append(entry);
      put(this.root, STATE_KEY, encodeState(state), false);
    });
  }

  close(): void {
    // It does its work before it returns, as no asynchronous write is ever pending.
    void this.root.close();
  }

  private remove(at: number): void {
    const entries: WritableTable<Buffer> = this.entries;
    const empties: WritableTable<Buffer> = this.empties;
    const removed = entries.removeSync(key(at));
    invariant(removed === true, () => `lmdb removed nothing at position ${at}`);
    empties.removeSync(key(at));
  }

  private append(entry: Entry): void {
    put(this.entries, key(entry.position), entry.bytes, true);
    if (entry.kind === EntryKind.Empty) put(this.empties, key(entry.position), NO_VALUE, true);
  }

  private reading<T>(read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      const error: Error & { code?: unknown } = toError(thrown);
      if (typeof error.code === 'number' && error.code < LMDB_ERRORS_BELOW)
        throw damaged(this.file, `is damaged: ${error.message}`, error);
      throw new StartError('STORE_FAILED', `cannot read ${this.file}: ${error.message}`, { cause: error });
    }
  }
}

/** lmdb reports a key that is out of order by its result alone. */
function put<Key>(table: WritableTable<Key>, at: Key, value: Buffer, append: boolean): void {
  const done = table.putSync(at, value, { append });
  invariant(done === true, () => `lmdb refused a key: ${String(at)}`);
}

function key(at: number): Buffer {
  const bytes = Buffer.allocUnsafe(KEY_BYTES);
  bytes.writeUIntBE(at, 0, KEY_BYTES);
  return bytes;
}

function position(bytes: Buffer): number {
  return bytes.readUIntBE(0, KEY_BYTES);
}

function encodeState({ hardState: { term, votedFor }, commitIndex, journal }: StoredState): Buffer {
  const content: z.input<typeof storedState> = { format: STORE_FORMAT, term, votedFor, commitIndex, journal };
  return Buffer.from(JSON.stringify(content));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
