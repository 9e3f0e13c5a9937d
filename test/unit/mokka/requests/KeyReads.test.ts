import { KEY_PAGES_MAX, KEY_READS_MAX, KEY_STEPS_A_TURN, LIST_BYTES_MAX } from '../../../../src/limits';
import { hasKey, type Entry, type LogPoint } from '../../../../src/entry/Entry';
import { KeyReads, type KeyedLogs } from '../../../../src/mokka/requests/KeyReads';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog, empty, KEYS, logs, type EntrySpec } from '../../storage/logFixture';

/** A node that knows of some of its entries to be committed, and of all once the leader was asked. */
class FakeLogs implements KeyedLogs {
  readonly store = new MemoryLogStore();
  confirmations = 0;
  turns = 0;
  stepsInTurn = 0;
  mostSteps = 0;
  failure: Error | null = null;
  private committed: number;

  constructor(
    specs: readonly EntrySpec[],
    private readonly all: number,
    known = all,
  ) {
    this.store.setMembership('voter');
    this.store.append(buildLog(specs), 0);
    this.committed = known;
  }

  confirmed(): Promise<void> {
    this.confirmations++;
    this.committed = this.all;
    return this.failure === null ? Promise.resolve() : Promise.reject(this.failure);
  }

  turn(): Promise<void> {
    this.turns++;
    this.stepsInTurn = 0;
    return new Promise(setImmediate);
  }

  get floor(): LogPoint {
    return this.store.floor;
  }

  trimTo(index: number): void {
    const floor = this.store.entryAt(index);
    if (floor === null) throw new Error(`no entry ${index}`);
    this.store.append([], this.committed);
    this.store.trimTo(floor);
  }

  get committedLogNumber(): number {
    return this.store.entryAt(this.committed)?.logNumber ?? 0;
  }

  entryIndexOf(logNumber: number): number {
    if (logNumber <= this.floor.logNumber) return this.floor.index + 1;
    const index = logNumber > this.committedLogNumber ? null : this.store.indexOfLog(logNumber);
    return index ?? this.committed + 1;
  }

  lastOfKey(key: Buffer, below: number): Entry | number {
    this.mostSteps = Math.max(this.mostSteps, ++this.stepsInTurn);
    return this.store.lastOfKey(key, Math.min(below, this.committed + 1));
  }
}

const numbersOf = ({ entries }: { entries: readonly Entry[] }): number[] =>
  entries.map(({ logNumber }) => logNumber);

test('the last log of a key is that which is committed once the leader was asked', async () => {
  const node = new FakeLogs(
    [empty(1), { term: 1, key: 'a' }, ...logs(3), { term: 1, key: 'a' }, ...logs(2)],
    6,
    2,
  );
  const reads = new KeyReads(node);
  expect((await reads.latest('a'))?.logNumber).toBe(5);
  expect((await reads.latest('key'))?.logNumber).toBe(4);
  expect(await reads.latest('none')).toBeNull();
  expect(node.confirmations).toBe(3);
});

test('what a trim has forgotten is not found, and of a key without a later log it is told', async () => {
  const node = new FakeLogs([empty(1), { term: 1, key: 'a' }, ...logs(40), { term: 1, key: 'b' }], 43);
  const reads = new KeyReads(node);
  node.trimTo(20);
  await expect(reads.latest('a')).rejects.toMatchObject({ code: 'TRIMMED', floor: 19 });
  expect((await reads.latest('b'))?.logNumber).toBe(42);
  const page = await reads.history('key', { before: 22 });
  expect([numbersOf(page), page.next]).toEqual([[21, 20], null]);
  for (const before of [10, 19, 20])
    await expect(reads.history('key', { before })).rejects.toMatchObject({ code: 'TRIMMED', floor: 19 });
  await expect(reads.history('a')).rejects.toMatchObject({ code: 'TRIMMED', floor: 19 });
});

test('pages end at the floor as at the first log; one whose rest is forgotten meanwhile is told so', async () => {
  const node = new FakeLogs([empty(1), ...logs(4), { term: 1, key: 'a' }, ...logs(2)], 8);
  const reads = new KeyReads(node);
  const page = await reads.history('key', { limit: 2 });
  expect([numbersOf(page), page.next]).toEqual([[7, 6], 6]);
  node.trimTo(3);
  const rest = await reads.history('key', { limit: 2, before: 6 });
  expect([numbersOf(rest), rest.next]).toEqual([[4, 3], null]);
  expect(numbersOf(await reads.history('a', { before: 5 }))).toEqual([]);
  node.trimTo(7);
  await expect(reads.history('key', { before: 6 })).rejects.toMatchObject({ code: 'TRIMMED', floor: 6 });
});

test('a history goes on in pages, and asks the leader for the end of the log alone', async () => {
  const specs = Array.from({ length: 100 }, (_, at) => ({ term: 1, key: at % 3 === 0 ? 'a' : 'b' }));
  const node = new FakeLogs([empty(1), ...specs], 101);
  const reads = new KeyReads(node);
  const seen: number[] = [];
  for (let before: number | null | undefined = undefined; before !== null;) {
    const page = await reads.history('a', { limit: 7, ...(before === undefined ? {} : { before }) });
    seen.push(...numbersOf(page));
    before = page.next;
  }
  expect(seen).toEqual(specs.flatMap(({ key }, at) => (key === 'a' ? [at + 1] : [])).reverse());
  expect(node.confirmations).toBe(1);
  expect(numbersOf(await reads.history('a', { before: 1 }))).toEqual([]);
  expect(numbersOf(await reads.history('a', { before: 1000, limit: 1 }))).toEqual([100]);
  expect(node.confirmations).toBe(2);
});

test('however many ask at once, few pages are collected at a time; who waits gets its own, and a failure keeps no place', async () => {
  const keys = Array.from({ length: 3 * KEY_PAGES_MAX }, (_, at) => `key ${at}`);
  const specs = Array.from({ length: 3 * KEY_STEPS_A_TURN }, () => keys.map((key) => ({ term: 1, key })));
  const node = new FakeLogs(specs.flat(), specs.flat().length);
  const reads = new KeyReads(node);
  const find = node.lastOfKey.bind(node);
  const begun = new Set<string>();
  let ended = 0;
  let most = 0;
  node.lastOfKey = (key, below) => {
    begun.add(key.toString());
    most = Math.max(most, begun.size - ended);
    return find(key, below);
  };
  const pages = await Promise.all(
    keys.map(async (key) => {
      const page = await reads.history(key);
      ended++;
      return page.entries.length;
    }),
  );
  expect(new Set(pages)).toEqual(new Set([specs.length]));
  expect(most).toBeLessThanOrEqual(KEY_PAGES_MAX + 1);
  node.lastOfKey = () => {
    throw new Error('damaged');
  };
  for (const key of keys) await expect(reads.history(key)).rejects.toThrow('damaged');
  node.lastOfKey = find;
  expect((await reads.history('key 0')).entries).toHaveLength(specs.length);
});

test('whatever the text of a key, its logs alone are found', async () => {
  const reads = new KeyReads(
    new FakeLogs(
      KEYS.map((key) => ({ term: 1, key })),
      KEYS.length,
    ),
  );
  for (const key of KEYS) {
    const { entries, next } = await reads.history(key);
    expect([entries.length, next]).toEqual([1, null]);
    expect(entries.every((entry) => hasKey(entry, Buffer.from(key)))).toBe(true);
  }
});

test('a long search takes its turn with others, few steps in each', async () => {
  const node = new FakeLogs(logs(2000), 2000);
  expect(await new KeyReads(node).latest('none')).toBeNull();
  expect(node.turns).toBeGreaterThan(5);
  expect(node.mostSteps).toBe(KEY_STEPS_A_TURN);
});

test('a page has at most a mebibyte, but one log at least; long logs are few in a turn', async () => {
  const node = new FakeLogs([...logs(3, 1, LIST_BYTES_MAX / 2), ...logs(1, 1, LIST_BYTES_MAX)], 4);
  const reads = new KeyReads(node);
  const first = await reads.history('key');
  expect([numbersOf(first), first.next]).toEqual([[4], 4]);
  const second = await reads.history('key', { before: 4 });
  expect([numbersOf(second), second.next]).toEqual([[3], 3]);
  expect(node.mostSteps).toBeLessThan(3);
});

test('too many at once are refused, and what fails leaves its place', async () => {
  const node = new FakeLogs(logs(1), 1);
  const reads = new KeyReads(node);
  node.failure = new Error('no leader');
  const failing = Array.from({ length: KEY_READS_MAX }, () => reads.latest('key'));
  await expect(reads.latest('key')).rejects.toMatchObject({ code: 'BUSY' });
  for (const each of await Promise.allSettled(failing)) expect(each.status).toBe('rejected');
  node.failure = null;
  expect((await reads.latest('key'))?.logNumber).toBe(1);
});

test.each<[string, string, unknown]>([
  ['BAD_ARGUMENT', '', {}],
  ['BAD_ARGUMENT', '\ud800', {}],
  ['TOO_LARGE', 'k'.repeat(1025), {}],
  ['BAD_ARGUMENT', 7 as unknown as string, {}],
  ['BAD_ARGUMENT', 'key', null],
  ['BAD_ARGUMENT', 'key', { limit: 0 }],
  ['BAD_ARGUMENT', 'key', { limit: 1001 }],
  ['BAD_ARGUMENT', 'key', { before: 0 }],
  ['BAD_ARGUMENT', 'key', { before: '7' }],
])('%s for the key %p and %p', async (code, key, options) => {
  const reads = new KeyReads(new FakeLogs(logs(1), 1));
  await expect(reads.history(key, options as object)).rejects.toMatchObject({ code });
});
