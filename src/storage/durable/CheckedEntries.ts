import { MalformedEntryError, parseEntry, type Entry, type LogPoint } from '../../entry/Entry';
import { damagedSegment } from '../segments/damagedSegment';
import type { Segments } from '../segments/Segments';
import { knownFault } from '../storeRules';
import type { LogTail } from './LogTail';

/**
 * The entries of a store, from its segments and from memory. It hands out none that does not follow, by hash, index, log
 * number and term, on the one before it.
 */
export class CheckedEntries {
  constructor(
    private readonly segments: Segments,
    private readonly tail: LogTail,
    /** Where the log begins. */
    private readonly start: { readonly floor: LogPoint },
  ) {}

  /** The entry at an index that the log holds. @throws StartError DATA_DAMAGED */
  entryAt(index: number): Entry {
    return this.tail.at(index) ?? this.following(index, this.predecessor(index));
  }

  /**
   * Entries `from` to at most `to`, as {@link LogStore.read} limits them.
   *
   * @param after what the first one follows on; null where that is not known
   * @throws StartError DATA_DAMAGED
   */
  read(
    from: number,
    to: number,
    maxBytes: number,
    maxCount: number,
    after = this.predecessor(from),
  ): Entry[] {
    const entries: Entry[] = [];
    let previous = after;
    let bytes = 0;
    for (let index = from; index <= to && entries.length < Math.max(maxCount, 1); index += 1) {
      const entry = this.tail.at(index) ?? this.following(index, previous);
      bytes += entry.bytes.length;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
      previous = entry;
    }
    return entries;
  }

  private predecessor(index: number): LogPoint | null {
    const { floor } = this.start;
    return index - 1 === floor.index ? floor : (this.tail.at(index - 1) ?? this.parsed(index - 1));
  }

  private following(index: number, previous: LogPoint | null): Entry {
    const entry = this.parsed(index);
    const fault = knownFault(entry, index, previous);
    if (fault !== null) throw this.damagedAt(index, fault);
    return entry;
  }

  private parsed(index: number): Entry {
    const bytes = this.segments.bytesAt(index);
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
    return damagedSegment(this.segments.pathOf(index), `is damaged at position ${index}: ${reason}`, cause);
  }
}
