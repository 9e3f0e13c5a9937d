import { GENESIS } from '../../entry/Entry';
import { damaged } from '../damage';
import { MarkerFile, type Marked, type StoreOwner } from '../directory/MarkerFile';
import { Journal, type JournalContent } from '../journal/Journal';
import type { SegmentArchive } from '../segments/ForgottenSegments';
import { Segments, SEGMENTS_FOLDER } from '../segments/Segments';
import { NOTHING_STORED } from '../segments/StoredExtent';
import type { StoreDisk } from '../StoreDisk';
import type { StoreLimits } from '../StoreLimits';
import { load, type Loaded } from './loadedLog';

/** What a store holds open. */
export interface Parts {
  readonly marker: MarkerFile;
  readonly journal: Journal;
  readonly segments: Segments;
}

const EMPTY_JOURNAL: JournalContent = {
  hardState: { term: 0, votedFor: null },
  commitIndex: 0,
  floor: GENESIS,
  stored: NOTHING_STORED,
  appends: [],
  path: '',
};

/**
 * Opens the files of a store, and makes them where there are none.
 *
 * @throws StartError DATA_FOREIGN, DATA_DAMAGED; and what the system says
 */
export function openParts(
  disk: StoreDisk,
  owner: StoreOwner,
  limits: StoreLimits,
  archive: SegmentArchive | null,
): { readonly parts: Parts; readonly loaded: Loaded } {
  // A process that was killed may have given names that a loss of power would take back, after this one built on them.
  disk.syncNames('');
  const marker = new MarkerFile(disk, owner);
  const marked = marker.read();
  const journal = new Journal(disk, limits);
  try {
    const found = journal.read();
    checkMarker(disk, marker, marked, found);
    journal.makeFiles();
    const content = found ?? EMPTY_JOURNAL;
    const segments = Segments.open(disk, content.stored, content.floor, limits, archive);
    try {
      return { parts: { marker, journal, segments }, loaded: load(segments, marked, content) };
    } catch (error) {
      segments.close();
      throw error;
    }
  } catch (error) {
    journal.close();
    throw error;
  }
}

/** A marker without data, and data without a marker, are damage: a node that votes has both. */
function checkMarker(
  disk: StoreDisk,
  marker: MarkerFile,
  { membership }: Marked,
  content: JournalContent | null,
): void {
  if (membership !== 'none' && content === null)
    throw damaged(
      `${disk.place}/journal-0`,
      'is damaged at byte 0, or missing, and so are all other journals',
    );
  if (membership !== 'none') return;
  const isUsed = content !== null && (content.hardState.term > 0 || content.appends.length > 0);
  if (isUsed || disk.names(SEGMENTS_FOLDER).length > 0)
    throw damaged(marker.path, `is missing, but ${disk.place} holds data`);
}
