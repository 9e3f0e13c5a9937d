import { damaged } from '../damage';
import { MalformedEntryError, parseEntry, type Entry } from '../../entry/Entry';
import { chainFault } from '../storeRules';

/**
 * Reads entries and hands out none that does not follow, by hash, position, index and term, on the one stored before
 * it: lmdb has no checksums (HAZARDS, lmdb 2).
 */
export class CheckedEntries {
  constructor(
    private readonly file: string,
    private readonly bytesAt: (position: number) => Buffer | undefined,
  ) {}

  /** The entry at a position that the log holds. @throws StartError DATA_DAMAGED */
  entryAt(position: number): Entry {
    return this.following(position, this.predecessor(position));
  }

  /** Entries `from` to at most `to`, as {@link LogStore.read} limits them. @throws StartError DATA_DAMAGED */
  read(from: number, to: number, maxBytes: number, maxCount: number): Entry[] {
    const entries: Entry[] = [];
    let previous = this.predecessor(from);
    let bytes = 0;
    for (let position = from; position <= to && entries.length < Math.max(maxCount, 1); position += 1) {
      const entry = this.following(position, previous);
      bytes += entry.bytes.length;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
      previous = entry;
    }
    return entries;
  }

  private predecessor(position: number): Entry | null {
    return position === 1 ? null : this.parsed(position - 1);
  }

  private following(position: number, previous: Entry | null): Entry {
    const entry = this.parsed(position);
    const fault = chainFault(entry, previous);
    if (fault !== null) throw this.damagedAt(position, fault);
    return entry;
  }

  private parsed(position: number): Entry {
    const bytes = this.bytesAt(position);
    if (bytes === undefined) throw this.damagedAt(position, 'it is missing');
    let entry: Entry;
    try {
      entry = parseEntry(bytes);
    } catch (error) {
      if (error instanceof MalformedEntryError) throw this.damagedAt(position, error.message, error);
      throw error;
    }
    if (entry.position !== position)
      throw this.damagedAt(position, `position ${entry.position} stands there`);
    return entry;
  }

  private damagedAt(position: number, reason: string, cause?: Error): Error {
    return damaged(this.file, `is damaged at position ${position}: ${reason}`, cause);
  }
}
