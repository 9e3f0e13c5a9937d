import { buildEntry, EntryKind, GENESIS, type Entry, type LogPoint } from '../../../../src/entry/Entry';
import { encodeTrim } from '../../../../src/entry/trim';
import { PendingTrims } from '../../../../src/mokka/log/PendingTrims';
import { buildLog, logs } from '../../storage/logFixture';

const IDENTITY = '1d'.repeat(16);
const LOG = buildLog(logs(20));

function at(index: number): Entry {
  const entry = LOG[index - 1];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  return entry;
}

/** What an entry of the log is to those behind it. */
function point(index: number): LogPoint {
  const { term, logNumber, bytes } = at(index);
  return { index, term, logNumber, bytes: bytes.subarray(-32) };
}

/** The entry at an index, were it a trim to this floor. */
function trimAt(index: number, floor: LogPoint, identity = IDENTITY): Entry {
  const { term, logNumber } = at(index - 1);
  const header = { index, term, logNumber, createdAt: 0 };
  return buildEntry(header, encodeTrim({ floor, identity }), at(index - 1), undefined, EntryKind.Trim);
}

/** Trims at these indexes, each to its floor. */
function pending(...trims: readonly (readonly [index: number, floor: number])[]): PendingTrims {
  const list = new PendingTrims();
  for (const entry of LOG) list.add(entry);
  for (const [index, floor] of trims) list.add(trimAt(index, point(floor)));
  return list;
}

test('none that is not committed forgets anything, and of those that are the highest floor counts', () => {
  const trims = pending([10, 7], [12, 4], [14, 9]);
  expect(trims.highest).toBe(9);
  expect([9, 10, 13, 14].map((index) => trims.committedTo(index)?.index)).toEqual([undefined, 7, 7, 9]);
  const descending = pending([10, 7], [12, 4]);
  expect([descending.highest, descending.committedTo(20)?.index]).toEqual([7, 7]);
  expect(new PendingTrims().highest).toBe(0);
});

test('one that is cut forgets nothing, whatever is committed in its place', () => {
  const trims = pending([10, 7], [12, 9], [14, 11]);
  trims.cut(12);
  expect([trims.highest, trims.committedTo(20)?.index]).toEqual([7, 7]);
  trims.cut(10);
  expect([trims.highest, trims.committedTo(20)]).toEqual([0, null]);
});

test('what is forgotten is done, and nothing above it', () => {
  const trims = pending([10, 7], [12, 7], [14, 8]);
  trims.done(point(7));
  expect([trims.committedTo(12), trims.committedTo(14)?.index]).toEqual([null, 8]);
  trims.done(point(8));
  expect([trims.committedTo(20), trims.highest]).toEqual([null, 0]);
});

test('after a start those before the others count as well', () => {
  const trims = pending([14, 8]);
  trims.addOlder(at(13));
  trims.addOlder(trimAt(12, point(9)));
  expect([trims.committedTo(13)?.index, trims.committedTo(14)?.index]).toEqual([9, 9]);
  trims.cut(13);
  expect(trims.highest).toBe(9);
});

test('an identity is told by what is committed alone', () => {
  const trims = pending([14, 8]);
  expect([trims.identityTo(13), trims.identityTo(14)]).toEqual([null, IDENTITY]);
});

describe('what a leader’s trims name at their floors', () => {
  /** A log behind this entry, up to another. */
  function log(floor: number, last = 20): Parameters<PendingTrims['fit']>[1] {
    const start = floor === 0 ? GENESIS : point(floor);
    return {
      floor: start,
      pointAt: (index) => (index === floor ? start : index > floor && index <= last ? point(index) : null),
    };
  }

  const none = new PendingTrims();
  const wrong: [string, (right: LogPoint) => LogPoint][] = [
    ['hash', (right) => ({ ...right, bytes: Buffer.alloc(32, 7) })],
    ['term', (right) => ({ ...right, term: right.term + 1 })],
    ['log number', (right) => ({ ...right, logNumber: right.logNumber - 1 })],
  ];

  test('is what this log holds there, or has forgotten', () => {
    expect(none.fit([trimAt(15, point(9))], log(3, 14))).toBe(true);
    expect(none.fit([trimAt(15, point(9))], log(9, 14))).toBe(true);
    expect(none.fit([trimAt(15, point(9))], log(10, 14))).toBe(true);
    expect(none.fit([trimAt(15, point(9))], log(0, 8))).toBe(false);
    expect(none.fit([at(15), at(16)], log(0, 14))).toBe(true);
    expect(none.fit([], log(0, 14))).toBe(true);
  });

  test('is what the entries before it bring: a member that is far behind gets both at once', () => {
    const entries = [at(12), at(13), at(14), trimAt(15, point(13))];
    expect(none.fit(entries, log(0, 11))).toBe(true);
    expect(none.fit([at(12), at(13), at(14), trimAt(15, point(12))], log(0, 11))).toBe(true);
    for (const [, change] of wrong)
      expect(none.fit([...entries.slice(0, 3), trimAt(15, change(point(13)))], log(0, 11))).toBe(false);
  });

  test.each(wrong)('is never another %s', (_, change) => {
    expect(none.fit([trimAt(15, change(point(9)))], log(0, 14))).toBe(false);
    expect(none.fit([trimAt(15, change(point(9)))], log(9, 14))).toBe(false);
    expect(none.fit([trimAt(15, change(point(14)))], log(0, 14))).toBe(false);
  });

  test('is no entry behind the trim', () => {
    const trim = trimAt(15, point(16));
    expect(none.fit([trim, at(16)], log(0, 20))).toBe(false);
  });
});
