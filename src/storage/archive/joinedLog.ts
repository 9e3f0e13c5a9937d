import { StartError } from '../../errors';
import { entryHash, type Entry, type LogPoint } from '../../entry/Entry';
import type { LogSource } from './LogSource';

/**
 * The entries of a log whose parts stand in several sources, some perhaps in more than one: each follows on the one before
 * it in every source that holds it, and is the same in all.
 *
 * @param previous what the first one follows on; null where that is not known
 * @throws StartError DATA_DAMAGED: a source is damaged, two differ, or entries are in none
 */
export function* joinedLog(sources: readonly LogSource[], previous: LogPoint | null): Generator<Entry> {
  const waiting = sources
    .filter(({ first, last }) => first <= last)
    .sort((one, other) => one.first - other.first);
  let open: LogSource[] = [];
  let before: LogSource | null = null;
  try {
    for (let index = waiting[0]?.first ?? 0; waiting.length > 0 || open.length > 0; index++) {
      for (let next = waiting[0]; next?.first === index; next = waiting[0]) {
        open.push(next);
        waiting.shift();
      }
      const [first, ...others] = open;
      if (first === undefined) throw gap(before, waiting[0], index);
      const entry = first.entryAt(index, previous);
      for (const other of others)
        if (!entryHash(other.entryAt(index, previous)).equals(entryHash(entry)))
          throw differing(first.path, other.path, index);
      yield entry;
      previous = entry;
      for (const source of open) if (source.last === index) source.end();
      before = open.find(({ last }) => last === index) ?? before;
      open = open.filter(({ last }) => last > index);
    }
  } finally {
    for (const source of open) source.close();
  }
}

/** DATA_DAMAGED for two places that hold another entry at the same position. */
export function differing(one: string, other: string, index: number): StartError {
  return new StartError(
    'DATA_DAMAGED',
    `${one} and ${other} hold other entries at position ${index}: one of them is of another cluster, or altered; ` +
      'check each without the other, or with the archive of another node',
  );
}

function gap(before: LogSource | null, next: LogSource | undefined, index: number): StartError {
  const missing = `positions ${index} to ${(next?.first ?? index) - 1}`;
  return new StartError(
    'DATA_DAMAGED',
    `${missing} are missing: they stand neither in ${before?.path ?? 'what comes before'} nor in ${next?.path ?? 'what follows'}, ` +
      'and in no other file here; put the file back that held them, or name the archive of another node too, which may have them',
  );
}
