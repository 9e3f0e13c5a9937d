import type { Segments } from '../../../src/storage/segments/Segments';
import type { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import type { Plant } from '../simulator/Plant';

export const skipJournalSync: Plant = {
  name: 'skip-journal-sync',
  story: 'A record of the journal counts as on disk when it is written, before it is synced.',
  onStore(_store, files) {
    files.skipsSync = (name) => name.startsWith('journal-');
  },
};

export const skipSegmentSync: Plant = {
  name: 'skip-segment-sync',
  story: 'A segment is told to be on disk, and is not synced.',
  onStore(_store, files) {
    files.skipsSync = (name) => name.endsWith('.seg');
  },
};

export const skipSegmentName: Plant = {
  name: 'skip-segment-name',
  story: 'A segment is made, and its folder is not synced: a crash forgets its name.',
  onStore(_store, files) {
    files.skipsSync = (name) => name === 'log';
  },
};

export const skipMarkerName: Plant = {
  name: 'skip-marker-name',
  story:
    'The marker is renamed into its place, and its directory is not synced: a crash brings back the one before.',
  onStore(_store, files) {
    files.skipsSync = (name) => name === '';
  },
};

/** Does something when the sync of segments begins, beside the thread. */
function atSync(store: DurableLogStore, plant: (segments: Segments) => void): void {
  const { segments } = store['parts'];
  const syncLater = segments.syncLater.bind(segments);
  segments.syncLater = (done) => {
    plant(segments);
    syncLater(done);
  };
}

export const retireBeforeSync: Plant = {
  name: 'retire-before-sync',
  story:
    'A file of the journal is used again when its entries are written to a segment, before that is synced.',
  onStore(store) {
    atSync(store, ({ lastIndex }) => store['parts'].journal.retire(lastIndex));
  },
};

export const extentBeforeSync: Plant = {
  name: 'extent-before-sync',
  story: 'The journal says how far the segments count before they are synced so far.',
  onStore(store) {
    atSync(store, (segments) => {
      segments['extent'] = segments['writtenExtent']();
    });
  },
};
