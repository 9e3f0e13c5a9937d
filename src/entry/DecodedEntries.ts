import { toLogEntry, type Entry, type LogEntry } from './Entry';

/** Entries that are kept: as many as one follower's page has, so that twenty who read the same decode it once. */
const KEPT_MAX = 512;

/** Larger ones are decoded for each reader, bytes: what is kept takes a few MiB at most. */
const KEPT_BYTES_MAX = 2048;

/** The logs of the entries that were read last, decoded once for all who read them. */
export class DecodedEntries {
  private readonly kept: ({ readonly entry: Entry; readonly log: LogEntry } | undefined)[] = [];

  /** What {@link toLogEntry} makes of it. */
  logOf(entry: Entry): LogEntry {
    if (entry.bytes.length > KEPT_BYTES_MAX) return toLogEntry(entry);
    const place = entry.logNumber % KEPT_MAX;
    const kept = this.kept[place];
    if (kept?.entry === entry) return kept.log;
    const log = toLogEntry(entry);
    this.kept[place] = { entry, log };
    return log;
  }
}
