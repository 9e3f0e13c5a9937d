import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { StartError } from '../../../../src/errors';
import { DATA_NAME, JOURNAL_NAME, LmdbLogStore } from '../../../../src/storage/lmdb/LmdbLogStore';
import { buildLog, empty, logs } from '../logFixture';
import { OWNER } from '../owner';

/** Damage to what a store says of itself: its state in lmdb's file, and the records of its journal. */

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;
/** Of a page of lmdb, and of a node in it. */
const PAGE_HEADER_BYTES = 24;
const TRANSACTION_AT = 8;
const FLAGS_AT = 18;
const LOWER_AT = 20;
const LEAF = 0x02;
const NODE_HEADER_BYTES = 8;
const KEY_LENGTH_AT = 6;
/** A record's generation, number, lengths, commitIndex and hash. */
const RECORD_HEADER_BYTES = 62;
const FIRST_APPEND = 20;

const home = mkdtempSync(join(tmpdir(), 'state-damage-'));
afterAll(() => rmSync(home, { recursive: true }));

/** What a store answers; all of it. */
interface Content {
  readonly membership: string;
  readonly hardState: object;
  readonly commitIndex: number;
  readonly entries: readonly string[];
}

function contentOf(store: LmdbLogStore): Content {
  const { membership, hardState, commitIndex } = store;
  const entries = store.read(1, Infinity, Infinity).map(({ bytes }) => bytes.toString('hex'));
  return { membership, hardState, commitIndex, entries };
}

/** What a node that starts on a directory finds. */
async function found(directory: string): Promise<Content | 'DATA_DAMAGED'> {
  try {
    const store = await LmdbLogStore.open({ directory, ...OWNER });
    const content = contentOf(store);
    store.close();
    return content;
  } catch (error) {
    if (error instanceof StartError && error.code === 'DATA_DAMAGED') return error.code;
    throw error;
  }
}

/** A copy of a directory as a crash leaves it. */
function crashed(directory: string): string {
  const copy = mkdtempSync(join(home, 'crashed-'));
  const isPlain = (path: string): boolean => !path.endsWith('.sock') && !basename(path).endsWith('-lock');
  cpSync(directory, copy, { recursive: true, filter: isPlain });
  return copy;
}

/** A voter's store with a vote and a log in lmdb, and these numbers of entries in the journal's records. */
async function small(records: readonly number[]): Promise<{ directory: string; contents: Content[] }> {
  const directory = mkdtempSync(join(home, 'small-'));
  const open = (): Promise<LmdbLogStore> => LmdbLogStore.open({ directory, ...OWNER });
  const before = await open();
  before.setMembership('voter');
  before.saveHardState({ term: 6, votedFor: 'b'.repeat(130) });
  before.append(buildLog([empty(6), ...logs(FIRST_APPEND, 6)]), FIRST_APPEND);
  before.close();
  const store = await open();
  const contents = [contentOf(store)];
  for (const count of records) {
    store.append(buildLog(logs(count, 6), store.last), store.commitIndex + 1);
    contents.push(contentOf(store));
  }
  const copy = crashed(directory);
  store.close();
  return { directory: copy, contents };
}

/** Where the state that lmdb goes by stands in its file, from its node's header on: in the page that was written last. */
function stateIn(file: Buffer): { from: number; to: number } {
  const places: { from: number; to: number; transaction: bigint }[] = [];
  for (let page = 2 * PAGE_BYTES; page < file.length; page += PAGE_BYTES) {
    if (file.readUInt16LE(page + FLAGS_AT) !== LEAF) continue;
    const transaction = file.readBigUInt64LE(page + TRANSACTION_AT);
    for (let at = 0; at < file.readUInt16LE(page + LOWER_AT); at += 2) {
      const from = page + PAGE_HEADER_BYTES + file.readUInt16LE(page + PAGE_HEADER_BYTES + at);
      const key = from + NODE_HEADER_BYTES;
      const end = key + file.readUInt16LE(from + KEY_LENGTH_AT);
      if (file.toString('latin1', key, end).startsWith('state'))
        places.push({ from, to: end + file.readUInt32LE(from), transaction });
    }
  }
  const [latest] = places.sort((a, b) => Number(b.transaction - a.transaction));
  if (latest === undefined) throw new Error('no state');
  return latest;
}

/** Flips every bit from a byte of a file on, each alone; gives what a start finds with each, told to `check`. */
async function flipEach(
  directory: string,
  name: string,
  { from, to }: { from: number; to: number },
  check: (bit: number, content: Content | 'DATA_DAMAGED') => void,
): Promise<void> {
  const whole = [DATA_NAME, JOURNAL_NAME].map((each) => {
    const path = join(directory, each);
    return { path, bytes: readFileSync(path) };
  });
  const path = join(directory, name);
  for (let bit = 8 * from; bit < 8 * to; bit += 1) {
    const flipped = readFileSync(path);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(path, flipped);
    check(bit, await found(directory));
    for (const { path: each, bytes } of whole) writeFileSync(each, bytes);
  }
}

test('each bit of the state, flipped, is damage or changes nothing', async () => {
  const { directory, contents } = await small([1]);
  const place = stateIn(readFileSync(join(directory, DATA_NAME)));
  const wrong: number[] = [];
  let damages = 0;
  await flipEach(directory, DATA_NAME, place, (bit, content) => {
    if (content === 'DATA_DAMAGED') damages += 1;
    else if (JSON.stringify(content) !== JSON.stringify(contents.at(-1))) wrong.push(bit);
  });
  expect(wrong).toEqual([]);
  // All but some of the node's header.
  expect(damages).toBeGreaterThanOrEqual(8 * (place.to - place.from - NODE_HEADER_BYTES));
  expect(await found(directory)).toEqual(contents.at(-1));
});

test("each bit of the header of the journal's first record, flipped, is damage where another follows", async () => {
  const { directory } = await small([1, 1]);
  const wrong: number[] = [];
  await flipEach(directory, JOURNAL_NAME, { from: 0, to: RECORD_HEADER_BYTES }, (bit, content) => {
    if (content !== 'DATA_DAMAGED') wrong.push(bit);
  });
  expect(wrong).toEqual([]);
});

test("each bit of the header of the journal's only record, flipped, takes it for torn", async () => {
  const { directory, contents } = await small([1]);
  const wrong: number[] = [];
  await flipEach(directory, JOURNAL_NAME, { from: 0, to: RECORD_HEADER_BYTES }, (bit, content) => {
    if (JSON.stringify(content) !== JSON.stringify(contents[0])) wrong.push(bit);
  });
  expect(wrong).toEqual([]);
});

test('a voter whose state is gone has lost its vote: damage', async () => {
  const directory = mkdtempSync(join(home, 'voter-'));
  const store = await LmdbLogStore.open({ directory, ...OWNER });
  store.setMembership('voter');
  const copy = crashed(directory);
  store.close();
  expect(await found(copy)).toMatchObject({ membership: 'voter', hardState: { term: 0 } });
  const path = join(copy, DATA_NAME);
  const file = readFileSync(path);
  file.write('s', stateIn(file).from + NODE_HEADER_BYTES + 1);
  writeFileSync(path, file);
  expect(await found(copy)).toBe('DATA_DAMAGED');
});

/** A moment at which the store had done what it was told: its files, and what it held. */
interface Moment {
  readonly data: Buffer;
  readonly journal: Buffer;
  readonly content: Content;
}

const step = fc.oneof(
  fc.record({ name: fc.constant('append' as const), valueBytes: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ name: fc.constantFrom('vote' as const, 'reopen' as const) }),
);

/** Does the steps on a store, and keeps what was on disk after each. */
async function history(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): Promise<{
  directory: string;
  moments: Moment[];
}> {
  const directory = mkdtempSync(join(home, 'history-'));
  let store = await LmdbLogStore.open({ directory, ...OWNER });
  store.setMembership('voter');
  const moments: Moment[] = [];
  const keep = (): void => {
    const [data, journal] = [DATA_NAME, JOURNAL_NAME].map((name) => readFileSync(join(directory, name)));
    if (data !== undefined && journal !== undefined)
      moments.push({ data, journal, content: contentOf(store) });
  };
  keep();
  for (const each of steps) {
    if (each.name === 'vote') store.saveHardState({ term: store.hardState.term + 1, votedFor: null });
    else if (each.name === 'append')
      store.append(buildLog(logs(1, store.hardState.term, each.valueBytes), store.last), store.commitIndex);
    else {
      store.close();
      store = await LmdbLogStore.open({ directory, ...OWNER });
    }
    keep();
  }
  const copy = crashed(directory);
  store.close();
  return { directory: copy, moments };
}

async function foundWith(
  directory: string,
  data: Buffer,
  journal: Buffer,
): Promise<Content | 'DATA_DAMAGED'> {
  writeFileSync(join(directory, DATA_NAME), data);
  writeFileSync(join(directory, JOURNAL_NAME), journal);
  return found(directory);
}

const steps = fc.array(step, { minLength: 3, maxLength: 12 });

test('a crash between any two steps, and with any sectors of a record written, finds the one or the other', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.infiniteStream(fc.boolean()), async (each, coin) => {
      const { directory, moments } = await history(each);
      for (const [at, { data, journal, content }] of moments.entries()) {
        expect(await foundWith(directory, data, journal)).toEqual(content);
        const next = moments[at + 1];
        if (next === undefined) continue;
        // A step that wrote to lmdb wrote nothing to the journal that counts: what it finds is of before or after.
        expect([content, next.content]).toContainEqual(await foundWith(directory, next.data, journal));
        const torn = Buffer.from(journal);
        for (let sector = 0; sector < torn.length; sector += SECTOR_BYTES) {
          const written = next.journal.subarray(sector, sector + SECTOR_BYTES);
          if (!written.equals(torn.subarray(sector, sector + SECTOR_BYTES)) && coin.next().value === true)
            written.copy(torn, sector);
        }
        expect([content, next.content]).toContainEqual(await foundWith(directory, data, torn));
      }
      rmSync(directory, { recursive: true });
    }),
    { seed: 20_261_125, numRuns: 25 },
  );
});

test("lmdb's file of an earlier moment is damage, unless the journal makes up for it", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (each) => {
      const { directory, moments } = await history(each);
      const latest = moments.at(-1);
      if (latest === undefined) return;
      for (const { data } of moments) {
        const content = await foundWith(directory, data, latest.journal);
        if (content !== 'DATA_DAMAGED') expect(content.entries).toEqual(latest.content.entries);
      }
      rmSync(directory, { recursive: true });
    }),
    { seed: 20_261_125, numRuns: 25 },
  );
});
