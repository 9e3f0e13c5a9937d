import { entryHash, type Entry, type LogPoint } from '../../entry/Entry';
import { damaged } from '../damage';
import type { JournalContent } from '../journal/Journal';
import { knownFault } from '../storeRules';

/**
 * The entries behind the last one of the segments, which has this index, as the appends of a journal leave them.
 *
 * An append may follow on entries that are not here, when a later one replaces both: the generation that had them was
 * needed no more. Example: 101 to 110 stood in one whose file is in use again, 111 follows on them here, and then a new
 * leader's 101 takes the place of all.
 *
 * @throws StartError DATA_DAMAGED when they do not follow on each other, or what is committed is not here.
 */
export function replayedEntries(
  content: JournalContent,
  storedIndex: number,
  lastStored: Entry | null,
): Entry[] {
  const { appends, floor, path } = content;
  let list: Entry[] = [];
  let from = 0;
  for (const entries of appends) {
    const index = entries[0]?.index ?? 0;
    if (index < from || index > from + list.length) list = [];
    if (list.length === 0) from = index;
    list.length = index - from;
    for (const entry of entries) list.push(entry);
  }
  const tail = list.slice(Math.max(0, storedIndex + 1 - from));
  // What the first follows on may be forgotten, with what it says.
  let previous: LogPoint | null = lastStored ?? (storedIndex === floor.index ? floor : null);
  for (const entry of tail) {
    const fault = knownFault(entry, storedIndex + 1, previous);
    if (fault !== null)
      throw damaged(path, `does not fit what stands before it, at position ${entry.index}: ${fault}`);
    previous = entry;
  }
  checkEnds(content, storedIndex, tail);
  return tail;
}

function checkEnds(
  { commitIndex, floor, path }: JournalContent,
  storedIndex: number,
  tail: readonly Entry[],
): void {
  const last = storedIndex + tail.length;
  if (commitIndex > last || commitIndex < storedIndex)
    throw damaged(
      path,
      `ends at position ${last}, segments at ${storedIndex}, but ${commitIndex} was committed`,
    );
  const atFloor = tail[floor.index - storedIndex - 1];
  if (atFloor !== undefined && !entryHash(atFloor).equals(floor.bytes))
    throw damaged(path, `begins behind another entry ${floor.index} than the log has`);
  if (floor.index > 0 && last <= floor.index)
    throw damaged(path, `ends at position ${last}, and the log begins behind ${floor.index}`);
}
