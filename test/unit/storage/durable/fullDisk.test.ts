import { StartError } from '../../../../src/errors';
import type { Entry } from '../../../../src/entry/Entry';
import type { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import type { StoreDisk, StoreFile } from '../../../../src/storage/StoreDisk';
import { runs } from '../../../runs';
import { buildLog, empty, logs } from '../logFixture';
import { openOn, SMALL_STEPS } from '../openOn';
import { CrashingDisk } from '../../../CrashingDisk';

/** Disks that are full, or fail once, at any moment of a store's life, its first start included (CASES 9, 42). */

const LIMITS = {
  JOURNAL_BYTES: 6144,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 3000,
  BLOCK_BYTES: 500,
  ...SMALL_STEPS,
};
const NAME_BYTES = 100;

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/** Refuses what `mayDo` refuses: it is told of each write, sync and change of names, and how many bytes that takes. */
class FailingDisk implements StoreDisk {
  private later: (() => void)[] = [];

  constructor(
    private readonly disk: CrashingDisk,
    private readonly mayDo: (bytes: number) => NodeJS.ErrnoException | null,
  ) {}

  get place(): string {
    return this.disk.place;
  }

  names(folder: string): string[] {
    return this.disk.names(folder);
  }

  makeFolder(): void {
    this.attempt(NAME_BYTES);
    this.disk.makeFolder();
  }

  open(name: string): StoreFile | null {
    const file = this.disk.open(name);
    return file === null ? null : this.limited(file);
  }

  create(name: string): StoreFile {
    this.attempt(NAME_BYTES);
    return this.limited(this.disk.create(name));
  }

  rename(from: string, to: string): void {
    this.attempt(0);
    this.disk.rename(from, to);
  }

  remove(name: string): void {
    this.attempt(0);
    this.disk.remove(name);
  }

  removeLater(name: string, done: (error: Error | null) => void): void {
    this.later.push(() => {
      const error = this.mayDo(0);
      if (error === null) this.disk.remove(name);
      done(error);
    });
  }

  syncNames(folder: string): void {
    this.attempt(0);
    this.disk.syncNames(folder);
  }

  syncNamesLater(folder: string, done: (error: Error | null) => void): void {
    this.later.push(() => {
      const error = this.mayDo(0);
      if (error === null) this.disk.syncNames(folder);
      done(error);
    });
  }

  endLater(): void {
    for (let next = this.later.shift(); next !== undefined; next = this.later.shift()) next();
  }

  private attempt(bytes: number): void {
    const error = this.mayDo(bytes);
    if (error !== null) throw error;
  }

  private limited(file: StoreFile): StoreFile {
    return {
      path: file.path,
      get size() {
        return file.size;
      },
      read: (into, at) => file.read(into, at),
      write: (bytes, at, length) => {
        const error = this.mayDo(Math.max(0, at + length - file.size));
        // A write that fails may have written a part.
        file.write(bytes, at, error === null ? length : length >> 1);
        if (error !== null) throw error;
      },
      truncate: (size) => {
        this.attempt(0);
        file.truncate(size);
      },
      sync: () => {
        this.attempt(0);
        file.sync();
      },
      syncLater: (done) => {
        this.later.push(() => {
          const error = this.mayDo(0);
          if (error === null) file.sync();
          done(error);
        });
      },
      close: () => file.close(),
    };
  }
}

/** What a store has acknowledged. */
interface Acknowledged {
  membership: string;
  term: number;
  log: readonly Entry[];
  committed: number;
}

function open(disk: StoreDisk): DurableLogStore {
  return openOn(disk, LIMITS);
}

/** Closes a store all of whose syncs have ended; the next call is told of one that failed. */
function endInTime(disk: FailingDisk, store: DurableLogStore): void {
  disk.endLater();
  store.append([], store.commitIndex);
  store.close();
}

/** A life of a store, with restarts; tells after each call what it acknowledged, and ends with what was thrown. */
function live(disk: FailingDisk, acknowledged: Acknowledged): unknown {
  let store: DurableLogStore | null = null;
  try {
    store = open(disk);
    store.setMembership('voter');
    acknowledged.membership = 'voter';
    for (let round = 1; round <= 24; round++) {
      const { commitIndex } = store;
      const last = round % 6 === 0 ? store.entryAt(commitIndex) : store.last;
      const entries = buildLog(round % 5 === 0 ? [empty(round)] : logs(2, round, 150), last);
      store.append(entries, last?.index ?? 0);
      acknowledged.log = [...acknowledged.log.slice(0, last?.index ?? 0), ...entries];
      acknowledged.committed = last?.index ?? 0;
      if (round % 7 === 0) store.saveHardState({ term: round, votedFor: null });
      if (round % 7 === 0) acknowledged.term = round;
      if (round % 3 === 0) disk.endLater();
      if (round % 10 !== 0) continue;
      endInTime(disk, store);
      store = open(disk);
    }
    endInTime(disk, store);
    return null;
  } catch (error) {
    if (store !== null) {
      // It refuses all that comes after, in the same words.
      const refused = store;
      if (error instanceof StartError) expect(() => refused.append([], refused.commitIndex)).toThrow(error);
      store.close();
    }
    disk.endLater();
    return error;
  }
}

/** A life on a disk of which this fails, and then a start on the disk when it works again: all that was acknowledged is there. */
function expectAll(mayDo: (bytes: number) => NodeJS.ErrnoException | null): unknown {
  const disk = new CrashingDisk();
  const acknowledged: Acknowledged = { membership: 'none', term: 0, log: [], committed: 0 };
  const thrown = live(new FailingDisk(disk, mayDo), acknowledged);
  for (const start of ['first', 'second']) {
    const store = open(disk);
    const found = store.read(1, Infinity, Infinity).map(({ bytes }) => bytes.toString('hex'));
    const wanted = acknowledged.log.map(({ bytes }) => bytes.toString('hex'));
    // The call that failed may have come so far that it is there, in place of what was not committed.
    expect(found.slice(0, acknowledged.committed)).toEqual(wanted.slice(0, acknowledged.committed));
    const isThere = wanted.every((hex, at) => found[at] === hex);
    const isReplaced = found.length > acknowledged.committed && found.length <= acknowledged.committed + 2;
    expect({ start, isThere: isThere || isReplaced }).toEqual({ start, isThere: true });
    expect(store.commitIndex).toBeGreaterThanOrEqual(acknowledged.committed);
    expect(store.hardState.term).toBeGreaterThanOrEqual(acknowledged.term);
    if (acknowledged.membership === 'voter') expect(store.membership).toBe('voter');
    if (store.membership === 'none') store.setMembership('voter');
    if (start === 'first') {
      const entries = buildLog(logs(3, 90), store.last);
      store.append(entries, store.commitIndex);
      acknowledged.log = store.read(1, Infinity, Infinity);
      disk.endLater();
    }
    store.close();
  }
  return thrown;
}

/** A write that fails after the store is open is STORE_FAILED by the store; one before is made so by who opens it. */
function isTold(thrown: unknown, code: string): boolean {
  if (thrown instanceof StartError) return thrown.code === 'STORE_FAILED' && thrown.message.includes(code);
  return (thrown as NodeJS.ErrnoException).code === code;
}

test('full at any moment: told, and with room again all that was acknowledged is there', () => {
  let needed = 0;
  expect(
    expectAll((bytes) => {
      needed += bytes;
      return null;
    }),
  ).toBeNull();
  for (let room = 0; room < needed; room += runs(60, 600)) {
    let left = room;
    const thrown = expectAll((bytes) => {
      if (bytes > left) return systemError('ENOSPC');
      left -= bytes;
      return null;
    });
    expect({ room, told: isTold(thrown, 'ENOSPC') }).toEqual({ room, told: true });
  }
});

test.each(['EIO', 'EROFS'])('any write, sync or change of a name that fails once (%s) is told', (code) => {
  let changes = 0;
  expect(
    expectAll(() => {
      changes += 1;
      return null;
    }),
  ).toBeNull();
  const untold: number[] = [];
  for (let failing = 0; failing < changes; failing += runs(1, 3)) {
    let done = 0;
    const thrown = expectAll(() => (done++ === failing ? systemError(code) : null));
    if (!isTold(thrown ?? {}, code)) untold.push(failing);
  }
  expect(untold).toEqual([]);
});
