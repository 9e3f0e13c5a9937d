import { RequestError } from '../../../../src/errors';
import { LIST_BYTES_MAX, LIST_ENTRIES_MAX } from '../../../../src/limits';
import { buildEntry, encodePayload, GENESIS, type Entry, type LogPoint } from '../../../../src/entry/Entry';
import { NodeReads, type NodeReadsParts } from '../../../../src/mokka/requests/NodeReads';

/** The logs 1, 2, 3, … of a node, an empty entry before the first. */
function entriesOf(count: number, valueBytes: number): Entry[] {
  const entries = [buildEntry({ index: 1, term: 1, logNumber: 0, createdAt: 0 }, null, null)];
  for (let logNumber = 1; logNumber <= count; logNumber++) {
    const id = { session: '00000000000000aa', nonce: logNumber };
    const payload = encodePayload(id, 'key', 'v'.repeat(valueBytes));
    const header = { index: logNumber + 1, term: 1, logNumber, createdAt: 0 };
    entries.push(buildEntry(header, payload, entries.at(-1) ?? null));
  }
  return entries;
}

/** A node that knows of some of its logs to be committed, and of all once the leader was asked. */
function nodeReads(
  entries: readonly Entry[],
  known: number,
  shared = Infinity,
  floor: LogPoint = GENESIS,
): { reads: NodeReads; asked: () => number } {
  let committed = known;
  let asked = 0;
  const differ = new RequestError('HISTORIES_DIFFER', 'another history');
  const log = {
    floor,
    get committedLogNumber() {
      return committed;
    },
    committedLog: (number: number) => (number <= committed ? (entries[number] ?? null) : null),
  };
  const parts = {
    gate: { isOpen: true, historiesDiffer: (number: number) => (number <= shared ? null : differ) },
    log: {
      log,
      readCommitted: (from: number, maxBytes: number, maxCount: number) => {
        let bytes = 0;
        const held = entries.slice(from - 1, Math.min(from - 1 + maxCount, committed + 1));
        return held.filter((entry, at) => (bytes += entry.bytes.length) <= maxBytes || at === 0);
      },
    },
    reads: {
      get: () => {
        asked++;
        committed = entries.length - 1;
        return Promise.resolve(null);
      },
    },
  };
  return { reads: new NodeReads(parts as unknown as NodeReadsParts), asked: () => asked };
}

const indexesOf = ({ logs }: { logs: readonly { index: number }[] }): number[] =>
  logs.map(({ index }) => index);

test('the end of a page is the end of the log only when the leader has confirmed it; what that brought is told', async () => {
  const { reads, asked } = nodeReads(entriesOf(5, 10), 3);
  const page = await reads.page({ from: 2 });
  expect(indexesOf(page)).toEqual([2, 3, 4, 5]);
  expect(page).toMatchObject({ next: 6, upToDate: true });
  expect(asked()).toBe(1);
});

test('a page that is full, or ends before what this node knows, is not the last and asks nobody', async () => {
  const { reads, asked } = nodeReads(entriesOf(5, 10), 5);
  expect(await reads.page({ limit: 2 })).toMatchObject({ next: 3, upToDate: false });
  expect(await reads.page({ limit: 5 })).toMatchObject({ next: 6, upToDate: false });
  expect(asked()).toBe(0);
});

test('a page has at most a mebibyte, but one log at least', async () => {
  const { reads, asked } = nodeReads(entriesOf(4, LIST_BYTES_MAX / 2), 4);
  expect(await reads.page({ limit: LIST_ENTRIES_MAX })).toMatchObject({ next: 2, upToDate: false });
  expect(asked()).toBe(0);
});

test('however many pages are asked for, one is read in a turn of the event loop', async () => {
  const { reads } = nodeReads(entriesOf(5, 10), 5);
  let read = 0;
  const pages = Array.from({ length: 10 }, () => reads.page({ limit: 1 }).then(() => read++));
  for (let turn = 0; read < pages.length && turn < 1000; turn++) {
    // A turn may have its page before or after this test looks.
    expect(read).toBeLessThanOrEqual(turn + 1);
    await new Promise(setImmediate);
  }
  await Promise.all(pages);
});

test('of a history that is not shared nothing is told, at its end neither', async () => {
  const { reads } = nodeReads(entriesOf(5, 10), 5, 3);
  expect(reads.readFrom(2, Infinity, 10).map(({ logNumber }) => logNumber)).toEqual([2, 3]);
  for (const from of [4, 6])
    expect(() => reads.readFrom(from, Infinity, 10)).toThrow(
      expect.objectContaining({ code: 'HISTORIES_DIFFER' }) as Error,
    );
  await expect(reads.page({ from: 4 })).rejects.toMatchObject({ code: 'HISTORIES_DIFFER' });
});

test.each<unknown>([null, 'x'])('options %p are refused', async (options) => {
  const { reads } = nodeReads(entriesOf(1, 1), 1);
  await expect(reads.page(options as object)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('what is trimmed is refused with the floor, in pages, to who follows, and to a backup', async () => {
  const floor = { ...GENESIS, index: 4, logNumber: 3 };
  const { reads } = nodeReads(entriesOf(5, 10), 5, Infinity, floor);
  const trimmed = { code: 'TRIMMED', floor: 3 };
  await expect(reads.page({ from: 3 })).rejects.toMatchObject(trimmed);
  await expect(reads.followers.follow({ from: 3 }).next()).rejects.toMatchObject(trimmed);
  await expect(reads.committedLog.read(4)).rejects.toMatchObject(trimmed);
  expect(indexesOf(await reads.page({ from: 4, limit: 1 }))).toEqual([4]);
  expect((await reads.committedLog.read(5)).map(({ index }) => index)).toEqual([5, 6]);
});
