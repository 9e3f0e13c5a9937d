import { CrashingDisk } from '../../../CrashingDisk';
import { buildLog, logs } from '../logFixture';
import { openOn, SMALL_STEPS } from '../openOn';

/** Syncs of segments that end late, one after the other: what they do not hold for certain stays in the journal. */

const LIMITS = {
  JOURNAL_BYTES: 10_240,
  JOURNAL_FILES_MAX: 8,
  SEGMENT_BYTES: 6000,
  BLOCK_BYTES: 1000,
  ...SMALL_STEPS,
};
const LOG = buildLog(logs(40, 1, 900));

test('whatever was written while one was under way counts from the next one on', () => {
  // How many appends come between two syncs that end.
  for (const between of [3, 8, 13, 20]) {
    const disk = new CrashingDisk();
    const store = openOn(disk, LIMITS);
    store.setMembership('voter');
    for (const [at, entry] of LOG.entries()) {
      store.append([entry], entry.index);
      if ((at + 1) % between === 0) disk.endLater(1);
      // The power fails, and of what was not synced nothing is there.
      const found = openOn(
        disk.crash(() => 0),
        LIMITS,
      );
      expect([found.last?.index, found.commitIndex]).toEqual([entry.index, entry.index]);
      expect(found.read(1, Infinity, Infinity).map(({ index }) => index)).toHaveLength(entry.index);
    }
  }
});
