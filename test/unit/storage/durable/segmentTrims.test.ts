import type { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import { CrashingDisk } from '../../../CrashingDisk';
import { buildLog, logs } from '../logFixture';
import { openOn, SMALL_STEPS } from '../openOn';

/** Which files of segments a trim leaves, wherever the floor lies in them. */

const LIMITS = {
  JOURNAL_BYTES: 10_240,
  JOURNAL_FILES_MAX: 8,
  SEGMENT_BYTES: 2500,
  BLOCK_BYTES: 1000,
  ...SMALL_STEPS,
};
const LOG = buildLog(logs(40, 1, 700));

const FILLED = new CrashingDisk();
beforeAll(() => {
  const store = openOn(FILLED, LIMITS);
  store.setMembership('voter');
  for (const entry of LOG) {
    store.append([entry], entry.index);
    FILLED.endLater();
  }
});

/** A store with a log that is committed, and in segments but for its end. */
function filled(): { disk: CrashingDisk; store: DurableLogStore } {
  const disk = FILLED.copy();
  return { disk, store: openOn(disk, LIMITS) };
}

/** The first indexes of the segments. */
function firsts(disk: CrashingDisk): number[] {
  return disk
    .names('log')
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

/** Those that hold an entry behind the floor, and the one that grows. */
function kept(all: readonly number[], floor: number): number[] {
  return all.filter((_, at) => (all[at + 1] ?? Infinity) > floor + 1);
}

function expectLog(store: DurableLogStore, floor: number): void {
  const read = store.read(floor + 1, Infinity, Infinity);
  expect(read.map(({ index }) => index)).toEqual(LOG.slice(floor).map(({ index }) => index));
}

const FLOORS = LOG.slice(0, -1).map(({ index }) => index);

test('a file goes with its last entry, and no sooner: at once, or at the next start', () => {
  const all = firsts(filled().disk);
  expect(all.length).toBeGreaterThan(6);
  for (const floor of FLOORS) {
    const { disk, store } = filled();
    const at = store.entryAt(floor);
    if (at === null) throw new Error(`no entry ${floor}`);
    const parts = store.trimmable();
    expect(parts.map(({ last }) => last + 1)).toEqual(all.slice(1));
    store.trimTo(at);
    expect(store.trimmable()).toEqual(parts.filter(({ last }) => last > floor));
    // None is removed before the trim is on disk: a crash now leaves all.
    expect(firsts(disk)).toEqual(all);
    const crashed = disk.crash(() => 0);
    expectLog(openOn(crashed, LIMITS), floor);
    expect(firsts(crashed)).toEqual(kept(all, floor));
    disk.endLater();
    expect(firsts(disk)).toEqual(kept(all, floor));
    expectLog(store, floor);
    expectLog(
      openOn(
        disk.crash(() => 0),
        LIMITS,
      ),
      floor,
    );
  }
});

test('of a log that begins anew every file goes', () => {
  for (const floor of [41, 60]) {
    const { disk, store } = filled();
    const longer = buildLog(logs(floor + 30 - 40, 1, 700), LOG.at(-1));
    const [at, ...behind] = longer.slice(floor - 41);
    if (at === undefined) throw new Error('no floor');
    store.beginAt({ ...at, bytes: at.bytes.subarray(-32) }, behind.slice(0, 5));
    disk.endLater();
    expect(firsts(disk)).toEqual([]);
    for (const entry of behind.slice(5)) {
      store.append([entry], entry.index);
      disk.endLater();
    }
    expect(firsts(disk)[0]).toBe(floor + 1);
    for (const each of [
      store,
      openOn(
        disk.crash(() => 0),
        LIMITS,
      ),
    ])
      expect(each.read(floor + 1, Infinity, Infinity).map(({ index }) => index)).toEqual(
        behind.map(({ index }) => index),
      );
  }
});

test('no file goes before the trim is on disk, however fast files are removed', () => {
  const { disk, store } = filled();
  const all = firsts(disk);
  const at = store.entryAt(20);
  if (at === null) throw new Error('no entry 20');
  disk.onLater = (end) => end();
  disk.beforeChange = (what) => {
    if (what.startsWith('sync journal')) throw new Error('the disk has gone');
  };
  expect(() => store.trimTo(at)).toThrow('the disk has gone');
  expect(firsts(disk)).toEqual(all);
  expectLog(
    openOn(
      disk.crash(() => 0),
      LIMITS,
    ),
    0,
  );
});
