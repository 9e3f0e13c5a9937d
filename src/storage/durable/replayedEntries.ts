import type { Entry } from '../../entry/Entry';
import { damaged } from '../damage';
import type { JournalContent } from '../journal/Journal';
import { chainFault } from '../storeRules';

/**
 * The entries behind the last one of the segments, as the appends of a journal leave them.
 *
 * An append may follow on entries that are not here, when a later one replaces both: the generation that had them was
 * needed no more. Example: 101 to 110 stood in one whose file is in use again, 111 follows on them here, and then a new
 * leader's 101 takes the place of all.
 *
 * @throws StartError DATA_DAMAGED when they do not follow on each other, or what is committed is not here.
 */
export function replayedEntries(
  { appends, commitIndex, path }: JournalContent,
  lastStored: Entry | null,
): Entry[] {
  const storedIndex = lastStored?.index ?? 0;
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
  let previous = lastStored;
  for (const entry of tail) {
    const fault = chainFault(entry, previous);
    if (fault !== null)
      throw damaged(path, `does not fit what stands before it, at position ${entry.index}: ${fault}`);
    previous = entry;
  }
  const last = previous?.index ?? 0;
  if (commitIndex > last || commitIndex < storedIndex)
    throw damaged(
      path,
      `ends at position ${last}, segments at ${storedIndex}, but ${commitIndex} was committed`,
    );
  return tail;
}
