import { JOURNAL_NAME } from '../journal/Journal';
import { RESERVE_NAME } from '../room/ReserveFile';
import { SEGMENTS_FOLDER } from '../segments/Segments';

/** Whether a name in a data directory is a store's, the marker's and the lock's aside. */
export function isStoreName(name: string): boolean {
  return name === SEGMENTS_FOLDER || name === RESERVE_NAME || JOURNAL_NAME.test(name);
}
