import { existsSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { StartError } from '../../../../src/errors';
import { VALUE_BYTES_MAX } from '../../../../src/limits';
import { JOURNAL_BYTES } from '../../../../src/storage/StoreLimits';
import { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import type { LogStore } from '../../../../src/storage/LogStore';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { StoreRoom } from '../../../../src/storage/room/StoreRoom';
import { segmentName } from '../../../../src/storage/segments/Segment';
import { SECTOR_BYTES } from '../../../../src/storage/StoreDisk';
import { buildLog, empty, logs } from '../logFixture';
import { logStoreSuite } from '../logStoreSuite';
import { openOn, SMALL_STEPS } from '../openOn';
import { OWNER } from '../owner';
import { runStore } from '../storeProcess';
import { CrashingDisk } from '../../../CrashingDisk';
import { runs } from '../../../runs';
import { home, newDirectory, open, openSmall, refusal, SMALL, thrownBy } from './directories';
import { SteppedDisk } from './SteppedDisk';

logStoreSuite('DurableLogStore', () => {
  const directory = newDirectory();
  return {
    open: () => DurableLogStore.open({ directory, ...OWNER }),
    callAndCrash: async (calls) => {
      const file = join(home, 'calls.json');
      writeFileSync(file, JSON.stringify(calls));
      const { signal, lines } = await runStore('calls', [directory], { file });
      expect({ signal, lines }).toEqual({ signal: 'SIGKILL', lines: [] });
    },
  };
});

describe('the directory', () => {
  test('is made with those above it, for its owner alone', async () => {
    const directory = join(newDirectory(), 'data', 'node.0');
    const store = await open(directory);
    store.setMembership('voter');
    for (let index = 1; index <= 4; index += 1)
      store.append(buildLog(logs(1, 1, VALUE_BYTES_MAX), store.last), index);
    const modeOf = (name: string): string => (statSync(join(directory, name)).mode & 0o777).toString(8);
    for (const name of ['..', '.', 'log']) expect([name, modeOf(name)]).toEqual([name, '700']);
    const files = ['journal-0', 'journal-1', 'marker.json', 'log/00000000000000000001.seg'];
    for (const name of files) expect([name, modeOf(name)]).toEqual([name, '600']);
    store.close();
  });

  test('that cannot be made is named', async () => {
    const file = newDirectory();
    writeFileSync(file, '');
    const error = await refusal(open(join(file, 'node-0')));
    expect(error.code).toBe('STORE_FAILED');
    expect(error.message).toContain(file);
  });

  test('a node that stopped before it had a marker starts anew', async () => {
    const directory = newDirectory();
    (await open(directory)).close();
    const store = await open(directory);
    expect(store.membership).toBe('none');
    store.close();
    for (const name of ['journal-0', 'journal-1']) {
      truncateSync(join(directory, name));
      (await open(directory)).close();
    }
    const again = await open(directory);
    again.setMembership('voter');
    again.append(buildLog(logs(1)), 1);
    again.close();
    const last = await open(directory);
    expect(last).toMatchObject({ membership: 'voter', commitIndex: 1, last: { index: 1 } });
    last.close();
  });

  test('takes what its log takes, and few journals that are used again, over any number of starts', () => {
    const directory = newDirectory();
    mkdirSync(directory);
    let store = openSmall(new SteppedDisk(directory));
    store.setMembership('voter');
    for (let round = 1; round <= 10; round += 1) {
      store.close();
      const disk = new SteppedDisk(directory);
      store = openSmall(disk);
      for (let added = 1; added <= 50; added += 1) {
        store.append(buildLog(logs(1, 1, 400), store.last), store.last?.index ?? 0);
        disk.endLater();
      }
    }
    store.close();
    expect(readdirSync(directory).sort()).toEqual([
      'journal-0',
      'journal-1',
      'journal-2',
      'log',
      'marker.json',
    ]);
    const lengths = readdirSync(join(directory, 'log')).map(
      (name) => statSync(join(directory, 'log', name)).size,
    );
    expect(lengths.length).toBeGreaterThanOrEqual(10);
    for (const length of lengths) expect(length).toBeLessThan(SMALL.SEGMENT_BYTES + 2000);
  });
});

test('files of a trimmed beginning go beside the thread, without another write, and what is left at the next start', () => {
  const limits = {
    JOURNAL_BYTES: 8192,
    JOURNAL_FILES_MAX: 4,
    SEGMENT_BYTES: 600,
    BLOCK_BYTES: 300,
    ...SMALL_STEPS,
  };
  const disk = new CrashingDisk();
  const store = openOn(disk, limits);
  store.setMembership('voter');
  const add = (): void => {
    store.append(buildLog(logs(2, 1, 200), store.last), store.last?.index ?? 0);
    disk.endLater();
  };
  for (let round = 0; round < 120; round++) add();
  const floor = store.entryAt(store.commitIndex - 40);
  if (floor === null) throw new Error('no entry');
  const filesBefore = disk.names('log').length;
  const isTrimmed = (of: CrashingDisk): boolean => {
    const [, second = 'none'] = of.names('log').sort();
    return second > segmentName(floor.index + 1);
  };
  store.trimTo(floor);
  expect(disk.names('log')).toHaveLength(filesBefore);
  const killed = disk.copy();
  disk.endLater();
  expect([isTrimmed(disk), isTrimmed(killed)]).toEqual([true, false]);
  store.close();
  openOn(killed, limits).close();
  expect(isTrimmed(killed)).toBe(true);
});

test('what it takes of its disk is counted as it is written and forgotten, as the next start counts it', () => {
  const disk = new CrashingDisk();
  const room = new StoreRoom(1_000_000);
  const openRoom = (on: CrashingDisk): DurableLogStore =>
    DurableLogStore.openOn(on, OWNER, { release: () => undefined }, SMALL, null, room);
  let store = openRoom(disk);
  store.setMembership('voter');
  for (let round = 0; round < 100; round++) {
    store.append(buildLog(logs(2, 1, 400), store.last), store.last?.index ?? 0);
    disk.endLater();
  }
  const written = store.fill;
  expect(written).toBeGreaterThan((200 * 400) / 1_000_000);
  expect(openRoom(disk.copy()).fill).toBeCloseTo(written, 2);
  const floor = store.entryAt(150);
  if (floor === null) throw new Error('no entry');
  store.trimTo(floor);
  expect(written - store.fill).toBeGreaterThan((60 * 400) / 1_000_000);
  disk.endLater();
  const trimmed = store.fill;
  store.close();
  store = openRoom(disk.restart());
  expect(store.fill).toBeCloseTo(trimmed, 2);
});

describe('against a store in memory', () => {
  const change = fc.oneof(
    fc.record({ name: fc.constant('append' as const), sizes: fc.array(fc.integer({ min: 0, max: 9000 })) }),
    fc.record({ name: fc.constant('replace' as const), back: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ name: fc.constantFrom('vote' as const, 'reopen' as const) }),
  );

  test('any changes give the same log: what is cut in one journal, and over several', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 3, maxLength: 20 }), async (changes) => {
        const directory = newDirectory();
        const memory = new MemoryLogStore();
        let store = await open(directory);
        const both = (act: (one: LogStore) => void): void => [store, memory].forEach(act);
        both((one) => one.setMembership('voter'));
        let term = 0;
        for (const made of changes) {
          term += 1;
          const { commitIndex, last } = memory;
          if (made.name === 'append') {
            const specs = made.sizes.map((valueBytes) => ({ term, valueBytes }));
            const entries = buildLog([empty(term), ...specs], last);
            both((one) => one.append(entries, commitIndex));
          } else if (made.name === 'replace') {
            const kept = memory.entryAt(Math.max(commitIndex, (last?.index ?? 0) - made.back));
            const entries = buildLog([empty(term), ...logs(2, term)], kept);
            both((one) => one.append(entries, commitIndex));
          } else if (made.name === 'vote') both((one) => one.saveHardState({ term, votedFor: null }));
          else {
            store.close();
            store = await open(directory);
          }
        }
        const bytesOf = (one: LogStore): string[] =>
          one.read(1, Infinity, Infinity).map(({ bytes }) => bytes.toString('hex'));
        expect(store.last?.bytes).toEqual(memory.last?.bytes);
        expect(bytesOf(store)).toEqual(bytesOf(memory));
        for (let index = 1; index <= (memory.last?.index ?? 0); index += 7)
          expect(store.entryAt(index)?.bytes).toEqual(memory.entryAt(index)?.bytes);
        expect(store.indexOfLog(1)).toBe(memory.indexOfLog(1));
        store.close();
      }),
      { seed: 20_261_125, numRuns: runs(40, 10) },
    );
  });
});

describe('a write that fails', () => {
  test.each([
    ['of a segment', JOURNAL_BYTES + 1_000_000],
    ['of a journal that it begins', JOURNAL_BYTES - SECTOR_BYTES],
  ])('%s is the last: the store refuses all later calls, and keeps what it had', async (_, bytes) => {
    const directory = newDirectory();
    const store = await open(directory);
    store.setMembership('voter');
    store.append(buildLog(logs(500)), 400);
    store.close();
    const fileBlocksMax = Math.floor(bytes / SECTOR_BYTES);
    let least = 500;
    for (let round = 0; round < runs(3, 1); round += 1) {
      const outcome = await runStore('fill', [directory], { fileBlocksMax });
      expect(outcome).toMatchObject({
        lines: [{ code: 'STORE_FAILED', cause: expect.stringContaining('EFBIG') as unknown }],
        status: 0,
        signal: null,
      });
      expect(outcome.lines).toMatchObject([{ message: expect.stringContaining(directory) as unknown }]);
      least = await expectWhole(directory, least);
    }
  });

  test('of the marker is one too', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    mkdirSync(join(directory, 'marker.json.new'));
    expect(thrownBy(() => store.setMembership('voter')).code).toBe('STORE_FAILED');
    expect(store.membership).toBe('none');
    expect(existsSync(join(directory, 'marker.json'))).toBe(false);
    expect(() => store.saveHardState({ term: 1, votedFor: null })).toThrow(StartError);
    store.close();
  });

  /** Gives how many entries there are. */
  async function expectWhole(directory: string, least: number): Promise<number> {
    const again = await open(directory);
    const { length } = again.read(1, Infinity, Infinity);
    expect(length).toBeGreaterThanOrEqual(least);
    expect(length % 16).toBe(500 % 16);
    expect(again.commitIndex).toBeGreaterThanOrEqual(400);
    again.close();
    return length;
  }
});
