import { JOURNAL_NAME } from '../journal/Journal';
import { SEGMENTS_FOLDER } from '../segments/Segments';

/** Whether a name in a data directory is a store's, the marker's and the lock's aside. */
export function isStoreName(name: string): boolean {
  return name === SEGMENTS_FOLDER || JOURNAL_NAME.test(name);
}
