import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { StartError, type StartErrorCode } from '../../../../src/errors';
import type { Entry } from '../../../../src/entry/Entry';
import { JOURNAL_NAME, LmdbLogStore } from '../../../../src/storage/lmdb/LmdbLogStore';
import type { LogStore } from '../../../../src/storage/LogStore';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { append, asVoter, saveTerm } from '../calls';
import { buildLog, empty, logs } from '../logFixture';
import { logStoreSuite } from '../logStoreSuite';
import { OWNER } from '../owner';
import { holdStore, runStore } from '../storeProcess';
import { runs } from '../../../runs';

const home = mkdtempSync(join(tmpdir(), 'lmdb-store-'));
let made = 0;

afterAll(() => rmSync(home, { recursive: true }));

function newDirectory(): string {
  made += 1;
  return join(home, `node-${made}`);
}

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

function open(directory: string, owner = OWNER): Promise<LmdbLogStore> {
  return LmdbLogStore.open({ directory, ...owner });
}

/** A voter's directory with 500 entries; the second is empty, the 300th holds 10 kB. */
async function filledDirectory(): Promise<string> {
  const directory = newDirectory();
  const store = await open(directory);
  store.setMembership('voter');
  store.saveHardState({ term: 1, votedFor: null });
  store.append(
    buildLog([...logs(1), empty(1), ...logs(297), ...logs(1, 1, 10_000), ...logs(200, 1, 10_000)]),
    400,
  );
  store.close();
  return directory;
}

async function refusal(opening: Promise<unknown>): Promise<StartError> {
  const error: unknown = await opening.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StartError)) throw new Error(`no StartError: ${String(error)}`);
  return error;
}

function thrownBy(call: () => unknown): StartError {
  try {
    call();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

async function expectRefused(directory: string, code: StartErrorCode, ...words: string[]): Promise<void> {
  const error = await refusal(open(directory));
  expect(error.code).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
}

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

describe('the journal', () => {
  test('full several times over, and replaced in part, gives all to lmdb; a crash at any time loses nothing', async () => {
    const directory = newDirectory();
    const file = join(home, 'calls.json');
    const log = buildLog(logs(40, 1, 60_000));
    const calls = [asVoter, saveTerm(1)];
    for (let at = 0; at < log.length; at += 3) calls.push(append(log.slice(at, at + 3), Math.min(at, 36)));
    const end = log.at(-4) ?? null;
    const replacing = buildLog([empty(2), ...logs(2, 2)], end);
    calls.push(append(replacing.slice(0, 1), 36), append(replacing.slice(1), 37));
    for (let made = 1; made <= calls.length - 2; made += 6) {
      const some = newDirectory();
      writeFileSync(file, JSON.stringify(calls.slice(0, made)));
      expect((await runStore('calls', [some], { file })).signal).toBe('SIGKILL');
      const store = await open(some);
      expect(store.last?.index ?? 0).toBe(Math.min(40, Math.max(0, made - 2) * 3));
      store.close();
    }
    writeFileSync(file, JSON.stringify(calls));
    expect((await runStore('calls', [directory], { file })).signal).toBe('SIGKILL');
    for (let times = 0; times < 2; times++) {
      const store = await open(directory);
      expect(store.read(1, Infinity, Infinity).map(entryText)).toEqual(
        [...log.slice(0, 37), ...replacing].map(entryText),
      );
      expect(store.commitIndex).toBe(37);
      expect(store.indexOfLog(38)).toBe(39);
      store.close();
    }
  });

  test('missing, cut or damaged in its middle is damage', async () => {
    const damages: [string, (path: string) => void][] = [
      ['is missing', (path) => rmSync(path)],
      ['is cut', (path) => truncateSync(path, 1000)],
      ['is damaged', (path) => flipBit(path, 'v'.repeat(500))],
    ];
    const file = join(home, 'calls.json');
    const log = buildLog(logs(3, 1, 600));
    writeFileSync(
      file,
      JSON.stringify([asVoter, saveTerm(1), append(log.slice(0, 2), 0), append(log.slice(2), 2)]),
    );
    for (const [words, damage] of damages) {
      const directory = newDirectory();
      expect((await runStore('calls', [directory], { file })).signal).toBe('SIGKILL');
      damage(join(directory, JOURNAL_NAME));
      await expectRefused(
        directory,
        'DATA_DAMAGED',
        join(directory, JOURNAL_NAME),
        words,
        'remove the directory',
      );
    }
  });
});

describe('the marker', () => {
  test('of another cluster or node is refused', async () => {
    const directory = await filledDirectory();
    const marker = join(directory, 'marker.json');
    const cluster = await refusal(open(directory, { ...OWNER, clusterId: 'other' }));
    expect(cluster).toMatchObject({ code: 'DATA_FOREIGN', exitStatus: 1 });
    expect(cluster.message).toContain(`${marker} is of cluster ${OWNER.clusterId}`);
    const node = await refusal(open(directory, { ...OWNER, publicKey: 'other' }));
    expect(node.code).toBe('DATA_FOREIGN');
    expect(node.message).toContain(`${marker} is of node ${OWNER.publicKey}`);
    (await open(directory)).close();
  });

  test('of another format is refused', async () => {
    const directory = await filledDirectory();
    writeFileSync(join(directory, 'marker.json'), '{"format":3,"something":"else"}');
    await expectRefused(directory, 'DATA_FOREIGN', 'format 3');
  });

  test.each(['', 'null', '{"format":4}', '{"format":4,"clusterId":"a","publicKey":"b","membership":"none"}'])(
    'that reads %j is damage',
    async (content) => {
      const directory = await filledDirectory();
      writeFileSync(join(directory, 'marker.json'), content);
      await expectRefused(directory, 'DATA_DAMAGED', 'marker.json', `remove the directory ${directory}`);
    },
  );

  test('missing beside a log is damage', async () => {
    const directory = await filledDirectory();
    rmSync(join(directory, 'marker.json'));
    await expectRefused(
      directory,
      'DATA_DAMAGED',
      'marker.json is missing',
      `remove the directory ${directory}`,
    );
  });

  test('missing beside a vote is damage', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    store.setMembership('voter');
    store.saveHardState({ term: 1, votedFor: 'abc' });
    store.close();
    rmSync(join(directory, 'marker.json'));
    await expectRefused(directory, 'DATA_DAMAGED', 'marker.json is missing');
  });
});

describe("damage to lmdb's file", () => {
  const damages: [string, (file: string) => void, string][] = [
    ['cut to half', (file) => truncateSync(file, 1_000_000), 'is cut: it has 1000000 of SIZE bytes'],
    ['cut to one page', (file) => truncateSync(file, 4096), 'is cut: it has 4096 bytes'],
    ['cut to 100 bytes', (file) => truncateSync(file, 100), 'is cut: it has 100 bytes'],
    ['page 0 random', (file) => overwrite(file, 0, 4096), "is damaged: page 0 is not LMDB's"],
    ['page 1 random', (file) => overwrite(file, 4096, 4096), "is damaged: page 1 is not LMDB's"],
    [
      'all but the start zero',
      (file) => overwrite(file, 8192, Infinity, 0),
      'is damaged: page ROOT is not as LMDB wrote it',
    ],
    ['all of it random', (file) => overwrite(file, 0, Infinity), "is damaged: page 0 is not LMDB's"],
    ['emptied', (file) => truncateSync(file), 'is empty'],
    ['removed', (file) => rmSync(file), 'is missing'],
  ];

  test('is named, and no signal ends the process', async () => {
    const directories: string[] = [];
    for (const [, damage] of damages) {
      const directory = await filledDirectory();
      damage(join(directory, 'data.mdb'));
      directories.push(directory);
    }
    const { lines, ...end } = await runStore('open', directories);
    const found = lines.map((line, i) => [
      damages[i]?.[0],
      'message' in line
        ? line.message.replace(/of \d+ bytes/, 'of SIZE bytes').replace(/page \d\d+/, 'page ROOT')
        : line,
    ]);
    expect(found).toEqual(
      damages.map(([name, , words], i) => [
        name,
        `${join(directories[i] ?? '', 'data.mdb')} ${words}; to rejoin the cluster, stop this node, ` +
          `remove the directory ${directories[i] ?? ''} and start it again: it gets the log from the other members`,
      ]),
    );
    expect(lines.every((line) => 'code' in line && line.code === 'DATA_DAMAGED')).toBe(true);
    expect(end).toEqual({ status: 0, signal: null, stderr: '' });
  });

  test('a lock file of lmdb with random content does no harm', async () => {
    const directory = await filledDirectory();
    overwrite(join(directory, 'data.mdb-lock'), 0, Infinity);
    expect(await runStore('read', [directory])).toMatchObject({ lines: [{ opened: true }], signal: null });
  });

  test('a flipped bit in a value is found where it is read, and nowhere else', async () => {
    const directory = await filledDirectory();
    flipBit(join(directory, 'data.mdb'), 'v'.repeat(9000));
    const store = await open(directory);
    expect(store.entryAt(299)?.index).toBe(299);
    for (const read of [() => store.entryAt(300), () => store.read(250, Infinity, 100)]) {
      const error = thrownBy(read);
      expect(error.code).toBe('DATA_DAMAGED');
      expect(error.message).toMatch(/position 300: the hash is wrong.*remove the directory/);
    }
    expect(store.read(301, Infinity, 1000)).toHaveLength(200);
    store.close();
  });

  test('a flipped bit in the last entry is found at the start', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    store.setMembership('voter');
    store.append(buildLog(logs(1, 1, 10_000)), 1);
    store.close();
    flipBit(join(directory, 'data.mdb'), 'v'.repeat(9000));
    await expectRefused(directory, 'DATA_DAMAGED', 'position 1', `remove the directory ${directory}`);
  });
});

describe('the lock', () => {
  test('a second process is refused, and the first keeps its store', async () => {
    const directory = newDirectory();
    const first = await open(directory);
    first.setMembership('voter');
    const { lines } = await runStore('open', [directory, directory]);
    const message =
      `the directory ${directory} is in use by another process (pid ${process.pid}): stop that one first, ` +
      'or give this node another INDEX or DATA_DIR';
    const refused = { code: 'DATA_LOCKED', message, cause: null };
    expect(lines).toEqual([refused, refused]);
    first.append(buildLog(logs(1)), 1);
    first.close();
    expect(await runStore('read', [directory])).toMatchObject({ lines: [{ opened: true }] });
  });

  test('is free once its holder was killed, and not while it is stopped', async () => {
    const directory = newDirectory();
    const holder = await holdStore(directory);
    const ended = once(holder, 'exit');
    try {
      holder.kill('SIGSTOP');
      expect((await refusal(open(directory))).code).toBe('DATA_LOCKED');
    } finally {
      holder.kill('SIGKILL');
      await ended;
    }
    expect(sockets(directory)).toHaveLength(1);
    const store = await open(directory);
    expect(sockets(directory)).toHaveLength(1);
    store.close();
    expect(sockets(directory)).toEqual([]);
  });

  test('of many that start at once never two get it', async () => {
    const directory = newDirectory();
    for (let round = 0; round < runs(10, 3); round += 1) {
      const stores = await Promise.allSettled(Array.from({ length: 4 }, () => open(directory)));
      const opened = stores.filter((result) => result.status === 'fulfilled');
      expect(opened.length).toBeLessThanOrEqual(1);
      for (const { value } of opened) value.close();
    }
    (await open(directory)).close();
  });

  test('works in a directory whose path is too long for a socket', async () => {
    const directory = join(newDirectory(), 'long'.repeat(40));
    const store = await open(directory);
    expect((await refusal(open(directory))).code).toBe('DATA_LOCKED');
    store.close();
    (await open(directory)).close();
  });

  test('is seen through another path to the same directory', async () => {
    const directory = newDirectory();
    const store = await open(directory);
    const link = newDirectory();
    symlinkSync(directory, link);
    expect((await refusal(open(link))).code).toBe('DATA_LOCKED');
    store.close();
  });

  test('an open that fails lets go of it', async () => {
    const directory = await filledDirectory();
    await refusal(open(directory, { ...OWNER, publicKey: 'other' }));
    (await open(directory)).close();
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

function entryText({ bytes }: Entry): string {
  return bytes.toString('hex');
}

function sockets(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.includes('.sock'));
}

/** Overwrites bytes of a file with a fixed pattern without order, or with `byte`. */
function overwrite(file: string, from: number, length: number, byte?: number): void {
  const content = readFileSync(file);
  const end = Math.min(content.length, from + length);
  for (let at = from, state = 1; at < end; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    content[at] = byte ?? state >>> 16;
  }
  writeFileSync(file, content);
}

function flipBit(file: string, near: string): void {
  const content = readFileSync(file);
  const at = content.indexOf(near);
  expect(at).toBeGreaterThan(0);
  content.writeUInt8(content.readUInt8(at) ^ 1, at);
  writeFileSync(file, content);
}
