import { basename } from 'node:path';
import { decodeEntries } from '../../../../src/entry/entryFrames';
import type { Entry } from '../../../../src/entry/Entry';
import type { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import type { SegmentArchive } from '../../../../src/storage/segments/ForgottenSegments';
import { Segment } from '../../../../src/storage/segments/Segment';
import { CrashingDisk } from '../../../CrashingDisk';
import { runs } from '../../../runs';
import { buildLog, empty, logs } from '../logFixture';
import { openOn, SMALL_STEPS } from '../openOn';

/** A store whose forgotten segments go to an archive, on a disk that crashes at any moment. */

const LIMITS = {
  JOURNAL_BYTES: 6144,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 1200,
  BLOCK_BYTES: 500,
  ...SMALL_STEPS,
};
const IDENTITY = '5a'.repeat(16);
const LOG = buildLog([empty(1), ...logs(99, 1, 150)]);
/** The store has all up to the first of these when it takes a floor, the second. */
const LEFT_AT = 50;
const FLOOR_AT = 60;

/** Has what was on disk of each file that it took, one at a time when it is told to. */
class FakeArchive implements SegmentArchive {
  problem: string | null = null;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly disk: CrashingDisk,
    readonly files = new Map<string, Buffer>(),
  ) {}

  take(path: string, identity: string, done: () => void): void {
    expect(identity).toBe(IDENTITY);
    const name = `log/${basename(path)}`;
    this.waiting.push(() => {
      // A crash may come between the copy and the removal: then it is taken again, the same.
      const bytes = this.disk.durableBytesOf(name);
      if (this.files.get(basename(path))?.equals(bytes) === false) throw new Error(`other bytes in ${path}`);
      this.files.set(basename(path), bytes);
      this.disk.remove(name);
      done();
    });
  }

  close(): void {
    this.waiting = [];
  }

  /** Ends what is under way, and what that begins. */
  endAll(): void {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) next();
  }
}

class Killed extends Error {}

function entryAt(index: number): Entry {
  const entry = LOG[index - 1];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  return entry;
}

/** Goes on from where the store is, to the end of the log: with trims, a log that begins anew, and the identity late. */
function live(store: DurableLogStore, disk: CrashingDisk, archive: FakeArchive): void {
  if (store.membership === 'none') store.setMembership('voter');
  const end = (): void => {
    disk.endLater();
    archive.endAll();
  };
  for (let index = (store.last?.index ?? 0) + 1; index <= LOG.length; index++) {
    if (index === LEFT_AT + 1) {
      index = FLOOR_AT + 1;
      store.beginAt(entryAt(FLOOR_AT), [entryAt(index)]);
      end();
      continue;
    }
    store.append([entryAt(index)], index - 1);
    if (index % 3 === 0) end();
    if (index >= 30 && store.identity === null) store.setIdentity(IDENTITY);
    const to = Math.max(1, index - 6);
    if (index % 20 === 0 && to > store.floor.index) store.trimTo(entryAt(to));
  }
  store.append([], LOG.length);
  end();
  store.close();
}

/** What a closed segment holds. @throws where it is not whole */
function entriesIn(name: string, bytes: Buffer): Entry[] {
  const file = {
    path: name,
    size: bytes.length,
    read: (into: Buffer, at: number) => bytes.copy(into, 0, at),
    close: () => undefined,
  };
  const { bytes: length } = Segment.readClosed(name, file, LIMITS.BLOCK_BYTES);
  return decodeEntries(bytes.subarray(0, length));
}

/** Expects that all that is forgotten is in the archive, as it was, and that no file of it is left. */
function expectArchived(disk: CrashingDisk, { files }: FakeArchive): void {
  const archived = new Set<number>();
  for (const [name, bytes] of files)
    for (const entry of entriesIn(name, bytes)) {
      if (!entry.bytes.equals(entryAt(entry.index).bytes)) throw new Error(`another entry ${entry.index}`);
      archived.add(entry.index);
    }
  const [first = ''] = disk.names('log').sort();
  const held = parseInt(first, 10);
  expect(held).toBeGreaterThan(FLOOR_AT);
  const wanted = LOG.map(({ index }) => index).filter(
    (index) => index < held && (index <= LEFT_AT - 1 || index > FLOOR_AT),
  );
  // What was not known to be committed when the log began anew is in no segment.
  archived.delete(LEFT_AT);
  expect([...archived].sort((one, other) => one - other)).toEqual(wanted);
}

test('what a trim forgets, and a log that begins anew, is archived when the identity is known, in whole closed segments', () => {
  const disk = new CrashingDisk();
  const archive = new FakeArchive(disk);
  live(openOn(disk, LIMITS, archive), disk, archive);
  expectArchived(disk, archive);
  expect(archive.files.size).toBeGreaterThan(10);
});

test('a crash at any moment: archived as a whole, once or again the same', () => {
  const count = (): number => {
    let changes = 0;
    const disk = new CrashingDisk();
    disk.beforeChange = () => {
      changes++;
    };
    const archive = new FakeArchive(disk);
    live(openOn(disk, LIMITS, archive), disk, archive);
    return changes;
  };
  const changes = count();
  expect(changes).toBeGreaterThan(200);
  for (let at = 0; at < changes; at += runs(3, 11)) {
    const disk = new CrashingDisk();
    const archive = new FakeArchive(disk);
    let left = at;
    disk.beforeChange = () => {
      if (left-- === 0) throw new Killed();
    };
    try {
      live(openOn(disk, LIMITS, archive), disk, archive);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : null;
      if (!(error instanceof Killed) && !(cause instanceof Killed)) throw error;
    }
    const crashed = disk.crash((limit) => at % limit);
    const again = new FakeArchive(crashed, archive.files);
    live(openOn(crashed, LIMITS, again), crashed, again);
    expectArchived(crashed, again);
  }
});

test('whoever only looks at a store leaves what waits for the archive where it is', () => {
  const disk = new CrashingDisk();
  const store = openOn(disk, LIMITS, new FakeArchive(disk));
  store.setMembership('voter');
  store.setIdentity(IDENTITY);
  for (const entry of LOG) {
    store.append([entry], entry.index);
    disk.endLater();
  }
  store.trimTo(entryAt(80));
  store.close();
  const before = disk.names('log');
  openOn(disk, LIMITS, { take: () => undefined, problem: null, close: () => undefined }).close();
  expect(disk.names('log')).toEqual(before);
  openOn(disk, LIMITS).close();
  expect(disk.names('log').length).toBeLessThan(before.length);
});
