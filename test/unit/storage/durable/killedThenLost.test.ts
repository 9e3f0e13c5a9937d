import type { LogStore } from '../../../../src/storage/LogStore';
import { CrashingDisk } from '../../../CrashingDisk';
import { buildLog, logs } from '../logFixture';
import { openOn, SMALL_STEPS } from '../openOn';

/**
 * A process is killed amid a write, the next one starts and acts on what it found, and then the machine loses its power: what
 * the start found must still be there.
 */

const LIMITS = {
  JOURNAL_BYTES: 10_240,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 6000,
  BLOCK_BYTES: 1000,
  ...SMALL_STEPS,
};

class Killed extends Error {}

/** A life of a node from its first start on, until its journal has gone through some files. */
function live(disk: CrashingDisk): void {
  const store = openOn(disk, LIMITS);
  store.setMembership('rejoining');
  store.saveHardState({ term: 1, votedFor: null });
  store.setMembership('voter');
  store.setIdentity('1d'.repeat(16));
  const log = buildLog(logs(60));
  // Nothing is committed for so long that the journal needs a third file.
  for (let at = 0; at < log.length; at += 5) store.append(log.slice(at, at + 5), 0);
  store.append([], log.length);
  store.close();
}

function contentOf(store: LogStore): unknown {
  const { membership, identity, hardState, commitIndex, last } = store;
  return { membership, identity, hardState, commitIndex, last: last?.index };
}

/** A new disk whose process is killed at its so manieth change; whether it came so far. */
function killedAt(disk: CrashingDisk, number: number): boolean {
  let left = number;
  disk.beforeChange = () => {
    if (left-- === 0) throw new Killed();
  };
  try {
    live(disk);
    return false;
  } catch (thrown) {
    if (left >= 0) throw thrown;
    return true;
  }
}

test('what a start finds after a kill is there after a loss of power too', () => {
  let number = 0;
  for (; ; number++) {
    const disk = new CrashingDisk();
    if (!killedAt(disk, number)) break;
    const found = contentOf(openOn(disk.kill(), LIMITS));
    const kept = contentOf(
      openOn(
        disk.crash(() => 0),
        LIMITS,
      ),
    );
    expect({ number, ...(kept as object) }).toEqual({ number, ...(found as object) });
  }
  expect(number).toBeGreaterThan(50);
});
