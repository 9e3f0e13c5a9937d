import { EntryKind, entryHash, entryTrim, type Entry, type LogPoint } from '../../entry/Entry';
import type { Trim } from '../../entry/trim';

/** A trim's entry in the log. */
interface PendingTrim extends Trim {
  readonly index: number;
}

/** A log that can say what stands at an index. */
interface PointedLog {
  readonly floor: LogPoint;
  pointAt(index: number): LogPoint | null;
}

/** The trims in a log that were not carried out yet: a trim is, once it is committed (see LocalLog.trim). */
export class PendingTrims {
  /** In the order of the log. */
  private list: PendingTrim[] = [];

  /** The highest index that one of them forgets; 0 where there is none. */
  get highest(): number {
    // Not by arguments: a leader may have sent more of them than a call takes.
    return this.list.reduce((highest, { floor }) => Math.max(highest, floor.index), 0);
  }

  /** Takes notice of the log's next entry. */
  add(entry: Entry): void {
    if (entry.kind === EntryKind.Trim) this.list.push({ index: entry.index, ...entryTrim(entry) });
  }

  /** The same of the entry before all that it has seen: after a start, a log is read from its end on. */
  addOlder(entry: Entry): void {
    if (entry.kind === EntryKind.Trim) this.list.unshift({ index: entry.index, ...entryTrim(entry) });
  }

  /** The log's entries from an index on are cut. */
  cut(from: number): void {
    this.list = this.list.filter(({ index }) => index < from);
  }

  /** Whether the trims among a leader's next entries name what this log, or the entries, hold at their floors. */
  fit(entries: readonly Entry[], log: PointedLog): boolean {
    const [first] = entries;
    return entries.every((entry) => {
      if (entry.kind !== EntryKind.Trim || first === undefined) return true;
      const { floor } = entryTrim(entry);
      if (floor.index >= entry.index) return false;
      if (floor.index < log.floor.index) return true;
      const point = entries[floor.index - first.index] ?? log.pointAt(floor.index);
      return (
        point !== null &&
        point.term === floor.term &&
        point.logNumber === floor.logNumber &&
        entryHash(point).equals(floor.bytes)
      );
    });
  }

  /** The cluster's identity, as a trim up to an index says; null where there is none. */
  identityTo(index: number): string | null {
    return this.list.find((trim) => trim.index <= index)?.identity ?? null;
  }

  /** Of the trims up to an index, the highest floor; null where there is none, or it is above that index. */
  committedTo(index: number): LogPoint | null {
    let highest: LogPoint | null = null;
    for (const trim of this.list)
      if (trim.index <= index && trim.floor.index > (highest?.index ?? 0)) highest = trim.floor;
    return highest;
  }

  /** What this floor, and each below it, forgets is forgotten. */
  done(floor: LogPoint): void {
    this.list = this.list.filter((trim) => trim.floor.index > floor.index);
  }
}
