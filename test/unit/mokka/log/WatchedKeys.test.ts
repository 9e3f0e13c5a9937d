import fc from 'fast-check';
import { WATCHED_KEYS_MAX } from '../../../../src/limits';
import { encodePayload, GENESIS, hasKey, type Entry } from '../../../../src/entry/Entry';
import { WatchedKeys } from '../../../../src/mokka/log/WatchedKeys';
import { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';
import { buildLog } from '../../storage/logFixture';
import { runs } from '../../../runs';

const SEED = 20_261_128;

const payloadOf = (key: string): Buffer => encodePayload({ session: '00000000000000aa', nonce: 1 }, key, 'v');

/** A leader's log: what is staged, and what is in the store. */
class Log {
  readonly store = new MemoryLogStore();
  readonly keys = new WatchedKeys(this.store);
  staged: Entry[] = [];
  all: Entry[] = [];

  constructor() {
    this.store.setMembership('voter');
  }

  stage(key: string): void {
    const last = this.all.at(-1) ?? null;
    const entries = buildLog([key === '' ? { term: 1, empty: true } : { term: 1, key }], last);
    for (const entry of entries) {
      this.staged.push(entry);
      this.all.push(entry);
      this.keys.staged(entry);
    }
  }

  save(count: number): void {
    this.store.append(this.staged.slice(0, count), 0);
    this.staged = this.staged.slice(count);
  }

  watch(key: string, isNext = true): boolean {
    return this.keys.watch(payloadOf(key), this.staged, isNext);
  }

  lastOf(key: string): number {
    return this.all.findLast((entry) => hasKey(entry, Buffer.from(key)))?.logNumber ?? 0;
  }
}

test('what is known of a key is what a plain look at the log says, whenever it is asked', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', '');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ stage: key }) },
    { weight: 2, arbitrary: fc.record({ save: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ watch: key, isNext: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ search: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ judge: key }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const log = new Log();
      for (const next of steps) {
        if ('stage' in next) log.stage(next.stage);
        else if ('save' in next) log.save(next.save);
        else if ('search' in next) log.keys.search(next.search);
        else if ('judge' in next) log.keys.judged(payloadOf(next.judge === '' ? 'a' : next.judge));
        else if (next.watch !== '') log.watch(next.watch, next.isNext);
        for (const each of ['a', 'b', 'c', 'd']) {
          const known = log.keys.lastOf(payloadOf(each));
          if (known !== null) expect([each, known]).toEqual([each, log.lastOf(each)]);
        }
      }
      for (const each of ['a', 'b', 'c', 'd']) {
        for (let left = 1000; !log.watch(each); left--) {
          expect(left).toBeGreaterThan(0);
          log.keys.search(1);
        }
        expect(log.keys.lastOf(payloadOf(each))).toBe(log.lastOf(each));
      }
    }),
    { numRuns: runs(200, 60), seed: SEED },
  );
});

test('of a key that has no log behind the floor nothing is known', () => {
  const log = new Log();
  for (const key of ['a', 'b', 'a', 'c', 'b']) log.stage(key);
  log.save(5);
  log.store.append([], 5);
  const floor = log.store.entryAt(3);
  if (floor === null) throw new Error('no entry');
  log.store.trimTo(floor);
  for (const key of ['a', 'b', 'c', 'd']) log.watch(key);
  log.keys.search(100);
  expect(['a', 'b', 'c', 'd'].map((key) => log.keys.lastOf(payloadOf(key)))).toEqual([
    'forgotten',
    5,
    4,
    'forgotten',
  ]);
  log.stage('d');
  expect(log.keys.lastOf(payloadOf('d'))).toBe(6);
});

test('a key is looked for down to the entry behind the floor, and no further', () => {
  for (const floor of [0, 3]) {
    const entries = buildLog(Array.from({ length: 8 }, (_, at) => ({ term: 1, key: `key-${at + 1}` })));
    // A step looks at the entry right before its bound.
    const keys = new WatchedKeys({
      last: entries[7] ?? null,
      floor: floor === 0 ? GENESIS : { index: floor, term: 1, logNumber: floor, bytes: Buffer.alloc(32) },
      lastOfKey: (key, below) => {
        const entry = entries[below - 2];
        if (entry === undefined || below - 1 <= floor) throw new Error(`a step below ${below}`);
        return hasKey(entry, key) ? entry : below - 1;
      },
    });
    const lastOf = (key: string): unknown => {
      keys.watch(payloadOf(key), [], true);
      keys.search(100);
      return keys.lastOf(payloadOf(key));
    };
    expect(lastOf(`key-${floor + 1}`)).toBe(floor + 1);
    expect(lastOf('key-8')).toBe(8);
    expect(lastOf('none')).toBe(floor === 0 ? 0 : 'forgotten');
  }
});

test('there is room for the next push, whatever else waits; what nobody asks for is forgotten', () => {
  const log = new Log();
  log.stage('found');
  log.save(1);
  for (let count = 0; count < WATCHED_KEYS_MAX; count++) log.watch(`waits-${count}`, false);
  expect(log.watch('one more', false)).toBe(false);
  log.watch('found');
  expect(log.keys.isSearching).toBe(true);
  log.keys.search(1);
  expect(log.keys.lastOf(payloadOf('found'))).toBe(1);
  log.keys.clear();
  expect(log.keys.isSearching).toBe(false);
  expect(log.keys.lastOf(payloadOf('found'))).toBeNull();
});
