import { damaged } from '../damage';
import { MalformedEntryError, parseEntry, type Entry } from '../../entry/Entry';
import { chainFault } from '../storeRules';

/**
 * Reads entries and hands out none that does not follow, by hash, index, log number and term, on the one stored before
 * it: lmdb has no checksums (HAZARDS, lmdb 2).
 */
export class CheckedEntries {
  constructor(
    private readonly file: string,
    private readonly bytesAt: (index: number) => Buffer | undefined,
  ) {}

  /** The entry at an index that the log holds. @throws StartError DATA_DAMAGED */
  entryAt(index: number): Entry {
    return this.following(index, this.predecessor(index));
  }

  /** Entries `from` to at most `to`, as {@link LogStore.read} limits them. @throws StartError DATA_DAMAGED */
  read(from: number, to: number, maxBytes: number, maxCount: number): Entry[] {
    const entries: Entry[] = [];
    let previous = this.predecessor(from);
    let bytes = 0;
    for (let index = from; index <= to && entries.length < Math.max(maxCount, 1); index += 1) {
      const entry = this.following(index, previous);
      bytes += entry.bytes.length;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
      previous = entry;
    }
    return entries;
  }

  private predecessor(index: number): Entry | null {
    return index === 1 ? null : this.parsed(index - 1);
  }

  private following(index: number, previous: Entry | null): Entry {
    const entry = this.parsed(index);
    const fault = chainFault(entry, previous);
    if (fault !== null) throw this.damagedAt(index, fault);
    return entry;
  }

  private parsed(index: number): Entry {
    const bytes = this.bytesAt(index);
    if (bytes === undefined) throw this.damagedAt(index, 'it is missing');
    let entry: Entry;
    try {
      entry = parseEntry(bytes);
    } catch (error) {
      if (error instanceof MalformedEntryError) throw this.damagedAt(index, error.message, error);
      throw error;
    }
    if (entry.index !== index) throw this.damagedAt(index, `position ${entry.index} stands there`);
    return entry;
  }

  private damagedAt(index: number, reason: string, cause?: Error): Error {
    return damaged(this.file, `is damaged at position ${index}: ${reason}`, cause);
  }
}
