import { open, type Database, type RootDatabase } from 'lmdb';
import { invariant, StartError, toError } from '../../errors';
import { countLeading } from '../countLeading';
import { damaged } from '../damage';
import type { DataFile } from './DataFile';
import { checkTrees } from './DataTrees';
import { FILE_MODE } from '../directory/durableFile';
import { EntryKind, MalformedEntryError, type Entry } from '../../entry/Entry';
import { EntryBlock, packBlocks } from './EntryBlock';
import { prepareLmdb } from './prepareLmdb';
import { decodeState, encodeState, type StoredState } from './StoredState';

/** Indexes `from` to `to`, both included; none when `to` is below `from`. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

/** The calls that write in a transaction; lmdb's own typings leave out that both return whether it was done. */
interface WritableTable<Key> {
  putSync(key: Key, value: Buffer, options: { append: boolean }): unknown;
  removeSync(key: Key): unknown;
}

const KEY_BYTES = 6;
const STATE_KEY = 'state';
const NO_VALUE = Buffer.alloc(0);

/** LMDB's own error codes are below this; those of the system are positive. */
const LMDB_ERRORS_BELOW = -30_000;

/**
 * The lmdb databases of a store, and nothing of its rules: `blocks` (the index of a block's first entry to the
 * {@link EntryBlock}), `empties` (the indexes of empty entries), and in lmdb's main database, which every commit
 * rewrites anyway, the state.
 */
export class LmdbTables {
  private readonly root: RootDatabase<Buffer, string>;
  private readonly blocks: Database<Buffer, Buffer>;
  private readonly empties: Database<Buffer, Buffer>;
  private readonly file: string;
  /** The index of each block's first entry, ascending: one number for 16 KB of log or a larger entry. */
  private readonly firsts: number[];
  /** The block that was read last: whoever reads on finds the next entries in it. */
  private readonly block = new EntryBlock();

  /**
   * Opens lmdb on a file that {@link DataFile.check} has found good, or that is empty.
   *
   * @throws StartError DATA_DAMAGED, STORE_FAILED; errors of the system.
   */
  constructor(data: DataFile) {
    this.file = data.path;
    if (!data.isEmpty) checkTrees(data);
    prepareLmdb(data.path, data.isEmpty);
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
    this.blocks = this.root.openDB({ name: 'blocks', encoding: 'binary', keyEncoding: 'binary' });
    this.empties = this.root.openDB({ name: 'empties', encoding: 'binary', keyEncoding: 'binary' });
    this.firsts = this.indexesIn(this.blocks);
  }

  /** The state as last written; null when none was. */
  readState(): StoredState | null {
    const bytes = this.reading(() => this.root.getBinary(STATE_KEY));
    if (bytes === undefined) return null;
    const state = decodeState(bytes);
    if (state === null) throw damaged(this.file, 'is damaged: the checksum of its state is wrong');
    if (state.blocks !== this.firsts.length)
      throw damaged(this.file, `holds ${this.firsts.length} of ${state.blocks} blocks of entries`);
    return state;
  }

  /** The last index, 0 when there is none. @throws StartError DATA_DAMAGED */
  readLastIndex(): number {
    const first = this.firsts.at(-1);
    return first === undefined ? 0 : this.blockFrom(first).lastIndex;
  }

  /** The indexes of all empty entries, ascending. @throws StartError DATA_DAMAGED */
  readEmptyEntries(): number[] {
    return this.indexesIn(this.empties);
  }

  /** An entry's bytes, as a copy that stays valid; undefined when no block has it. @throws StartError DATA_DAMAGED */
  bytesAt(at: number): Buffer | undefined {
    const first = this.firsts[this.blocksBefore(at + 1) - 1];
    return first === undefined ? undefined : this.blockFrom(first).bytesAt(at);
  }

  /**
   * Puts entries in place of removed ones and after all others, and writes the state, in one transaction, synced on
   * return. A block in which the removal begins stays as it is: the next one stands for what it holds from there on.
   */
  write(state: Omit<StoredState, 'blocks'>, entries: readonly Entry[], removed: IndexRange): void {
    const removes = removed.from <= removed.to;
    invariant(
      !removes || entries[0]?.index === removed.from,
      () => `entries from ${String(entries[0]?.index)} in place of ${removed.from} to ${removed.to}`,
    );
    const kept = removes ? this.blocksBefore(removed.from) : this.firsts.length;
    const packed = Array.from(packBlocks(entries));
    const blocks = kept + packed.length;
    this.block.unload();
    // A block that returns nothing: a promise as its result would put the commit off (HAZARDS, lmdb 1).
    this.root.transactionSync(() => {
      for (const first of this.firsts.slice(kept)) remove(this.blocks, key(first));
      for (const { first, bytes } of packed) put(this.blocks, key(first), bytes, true);
      for (let at = removed.from; at <= removed.to; at += 1) this.empties.removeSync(key(at));
      for (const { kind, index: at } of entries)
        if (kind === EntryKind.Empty) put(this.empties, key(at), NO_VALUE, true);
      put(this.root, STATE_KEY, encodeState({ ...state, blocks }), false);
    });
    this.firsts.length = kept;
    for (const { first } of packed) this.firsts.push(first);
  }

  close(): void {
    // It does its work before it returns, as no asynchronous write is ever pending.
    void this.root.close();
  }

  /** The keys of a table. */
  private indexesIn(table: Database<Buffer, Buffer>): number[] {
    const indexes = this.reading(() =>
      Array.from(table.getKeys(), (bytes) =>
        bytes.length === KEY_BYTES ? bytes.readUIntBE(0, KEY_BYTES) : NaN,
      ),
    );
    if (!indexes.every((index, at) => index > (indexes[at - 1] ?? 0)))
      throw damaged(this.file, 'is damaged: its positions are out of order');
    return indexes;
  }

  /** How many blocks begin before an index. */
  private blocksBefore(at: number): number {
    return countLeading(this.firsts, (first) => first < at);
  }

  private blockFrom(first: number): EntryBlock {
    if (this.block.firstIndex !== first) this.loadBlock(first);
    return this.block;
  }

  private loadBlock(first: number): void {
    // lmdb reads into one buffer of its own, whose length it sets: half the time of a buffer per value.
    const shared = this.reading(() => this.blocks.getBinaryFast(key(first)));
    if (shared === undefined) throw damaged(this.file, `is damaged at position ${first}: it is missing`);
    try {
      this.block.load(first, shared.subarray(0, shared.length));
    } catch (error) {
      if (!(error instanceof MalformedEntryError)) throw error;
      throw damaged(
        this.file,
        `is damaged in the entries from position ${first} on: ${error.message}`,
        error,
      );
    }
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

/** lmdb reports a key that it does not have by its result alone. */
function remove<Key>(table: WritableTable<Key>, at: Key): void {
  invariant(table.removeSync(at) === true, () => `lmdb removed nothing at ${String(at)}`);
}

function key(at: number): Buffer {
  const bytes = Buffer.allocUnsafe(KEY_BYTES);
  bytes.writeUIntBE(at, 0, KEY_BYTES);
  return bytes;
}
