import { EntryKind, type Entry, type LogPoint } from '../../entry/Entry';
import type { Marked } from '../directory/MarkerFile';
import { EmptyEntries } from '../EmptyEntries';
import type { JournalContent } from '../journal/Journal';
import type { HardState, Membership } from '../LogStore';
import { damagedSegment } from '../segments/damagedSegment';
import type { Segments } from '../segments/Segments';
import { CheckedEntries } from './CheckedEntries';
import { LogTail } from './LogTail';
import { replayedEntries } from './replayedEntries';

/** What a store holds in memory: read at its start, and changed only after it was changed on disk. */
export interface Loaded {
  membership: Membership;
  identity: string | null;
  hardState: HardState;
  commitIndex: number;
  floor: LogPoint;
  /** The last entry in segments, null when they hold none behind the floor. */
  lastWritten: Entry | null;
  readonly empties: EmptyEntries;
  readonly tail: LogTail;
}

/**
 * What a store's files say.
 *
 * @throws StartError DATA_DAMAGED when they do not fit each other.
 */
export function load(segments: Segments, marked: Marked, content: JournalContent): Loaded {
  const { hardState, commitIndex, floor } = content;
  const { lastIndex: index } = segments;
  const tail = new LogTail(index + 1);
  const stored = new CheckedEntries(segments, tail, { floor });
  const lastWritten = index > floor.index ? stored.entryAt(index) : null;
  tail.append(replayedEntries(content, index, lastWritten));
  tail.commitTo(commitIndex);
  const empties = new EmptyEntries(segments.empties());
  empties.trimTo(floor);
  if (lastWritten !== null && empties.count !== index - lastWritten.logNumber)
    throw damagedSegment(
      segments.pathOf(index),
      `holds ${index} entries, ${empties.count} empty, up to log ${lastWritten.logNumber}`,
    );
  for (const entry of tail.entries) {
    segments.recentKeys.add(entry);
    if (entry.kind !== EntryKind.Log && entry.index > floor.index) empties.append(entry.index);
  }
  return { ...marked, hardState, commitIndex, floor, lastWritten, empties, tail };
}
