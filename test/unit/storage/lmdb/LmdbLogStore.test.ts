import { existsSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { StartError } from '../../../../src/errors';
import { LmdbLogStore } from '../../../../src/storage/lmdb/LmdbLogStore';
import type { LogStore } from '../../../../src/storage/LogStore';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog, empty, logs } from '../logFixture';
import { logStoreSuite } from '../logStoreSuite';
import { OWNER } from '../owner';
import { runStore } from '../storeProcess';
import { runs } from '../../../runs';
import { home, newDirectory, open, filledDirectory, refusal, thrownBy } from './directories';

logStoreSuite('LmdbLogStore', () => {
  const directory = newDirectory();
  return {
    open: () => LmdbLogStore.open({ directory, ...OWNER }),
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
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, '..')).mode & 0o777).toBe(0o700);
    for (const name of ['data.mdb', 'data.mdb-lock', 'journal', 'marker.json'])
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
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
    truncateSync(join(directory, 'data.mdb'));
    (await open(directory)).close();
  });
});

describe('against a store in memory', () => {
  const change = fc.oneof(
    fc.record({ name: fc.constant('append' as const), sizes: fc.array(fc.integer({ min: 0, max: 9000 })) }),
    fc.record({ name: fc.constant('replace' as const), back: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ name: fc.constantFrom('vote' as const, 'reopen' as const) }),
  );

  test('any changes give the same log: what is cut in lmdb, in the journal, and over both', async () => {
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
  test('is the last: the store refuses all later calls, and keeps what it had', async () => {
    const directory = await filledDirectory();
    const blocks = statSync(join(directory, 'data.mdb')).size / 512 + 512;
    const outcome = await runStore('fill', [directory], { fileBlocksMax: blocks });
    expect(outcome).toMatchObject({ lines: [{ code: 'STORE_FAILED' }], status: 0, signal: null });
    expect(outcome.lines).toMatchObject([{ cause: expect.stringContaining('EFBIG') as unknown }]);
    await expectWhole(directory);
  });

  test('inside lmdb is the last as well', async () => {
    const directory = await filledDirectory();
    const file = join(directory, 'data.mdb');
    const blocks = statSync(file).size / 512;
    truncateSync(file, statSync(file).size + (64 << 20));
    for (let round = 0; round < 3; round += 1) {
      const outcome = await runStore('fill', [directory], { fileBlocksMax: blocks });
      expect(outcome).toMatchObject({ lines: [{ code: 'STORE_FAILED' }], status: 0, signal: null });
      await expectWhole(directory);
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

  async function expectWhole(directory: string): Promise<void> {
    const store = await open(directory);
    const entries = store.read(1, Infinity, Infinity);
    expect(entries.length).toBeGreaterThanOrEqual(500);
    expect(entries.length % 16).toBe(500 % 16);
    store.close();
  }
});
