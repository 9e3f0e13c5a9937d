import fc from 'fast-check';
import { GENESIS, hasKey, HASH_BYTES, type Entry, type LogPoint } from '../../../../src/entry/Entry';
import type { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import type { HardState } from '../../../../src/storage/LogStore';
import { segmentName } from '../../../../src/storage/segments/Segment';
import { runs } from '../../../runs';
import { buildLog, indexesOfKey, someSpecs, type EntrySpec } from '../logFixture';
import { openOn, SMALL_STEPS } from '../openOn';
import { CrashingDisk, type Draw } from '../../../CrashingDisk';

/** Crashes of the machine at every write, with any of the sectors that were not synced (Raft, figure 2: what is durable). */

/** So small that a run goes through many generations and segments. */
const LIMITS = {
  JOURNAL_BYTES: 10_240,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 6000,
  BLOCK_BYTES: 1000,
  ...SMALL_STEPS,
};
const SEED = 20_261_128;

class Killed extends Error {}

/** What must be there after a crash: all that calls which returned have left, or also what the call under way brings. */
interface Model {
  floor: LogPoint;
  /** The entries behind the floor. */
  log: readonly Entry[];
  committed: number;
  hardState: HardState;
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(30) }),
      commit: fc.nat(8),
      specs: someSpecs(8, [100, 1500]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vote' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const), kept: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('begin' as const),
      skipped: fc.integer({ min: 1, max: 20 }),
      specs: someSpecs(8, [100, 1500]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('endLater' as const),
      count: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 3 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      afterChanges: fc.nat(12),
      chances: fc.array(fc.nat(1000), { minLength: 5, maxLength: 40 }),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function open(disk: CrashingDisk): DurableLogStore {
  return openOn(disk, LIMITS);
}

function drawOf(chances: readonly number[]): Draw {
  let drawn = 0;
  return (limit) => ((chances[drawn % chances.length] ?? 0) + Math.floor(drawn++ / chances.length)) % limit;
}

function stateOf(store: DurableLogStore): Model {
  const { floor } = store;
  const log = store.read(floor.index + 1, Infinity, Infinity);
  for (const key of ['key', 'k', 'ключ']) {
    const ofKey = log.filter((entry) => hasKey(entry, Buffer.from(key))).map(({ index }) => index);
    expect(indexesOfKey(store, key)).toEqual(ofKey.reverse());
  }
  return {
    floor,
    log,
    committed: store.commitIndex,
    hardState: store.hardState,
  };
}

function textOf({ floor, log, committed, hardState }: Model): string {
  const last = log.at(-1)?.bytes.toString('base64') ?? '';
  return JSON.stringify([floor.index, log.length, last, committed, hardState]);
}

function endOf({ floor, log }: Model): number {
  return floor.index + log.length;
}

/** How far a series of runs came. */
interface Seen {
  crashes: number;
  segments: number;
  trims: number;
}

/** Goes through the steps; throws where a store has lost what it had told to be done. */
function goThrough(steps: readonly Step[], disk: CrashingDisk, seen: Seen): void {
  let store = open(disk);
  store.setMembership('voter');
  let model = stateOf(store);
  let armed: Draw | null = null;
  for (const next of steps) {
    if (next.kind === 'endLater') disk.endLater(next.count);
    if (next.kind === 'crash') {
      armed = drawOf(next.chances);
      let left = next.afterChanges;
      disk.beforeChange = () => {
        if (left-- === 0) throw new Killed();
      };
    }
    const possible = isChange(next) ? outcomesOf(model, next) : [model];
    const wanted = possible.at(-1) ?? model;
    try {
      if (next.kind === 'restart') {
        store.close();
        store = open(disk.restart());
        expect(textOf(stateOf(store))).toBe(textOf(model));
      }
      if (next.kind === 'append') store.append(wanted.log.slice(keptOf(model, next)), wanted.committed);
      if (next.kind === 'vote') store.saveHardState(wanted.hardState);
      if (wanted.floor.index > model.floor.index) {
        if (next.kind === 'trim') store.trimTo(wanted.floor);
        else store.beginAt(wanted.floor, wanted.log);
        seen.trims++;
      }
      model = wanted;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : null;
      if (!(cause instanceof Killed) || armed === null) throw error;
      seen.crashes++;
      disk = disk.crash(armed);
      armed = null;
      store = open(disk);
      const found = stateOf(store);
      expect(possible.map(textOf)).toContain(textOf(found));
      model = found;
    }
    seen.segments = Math.max(seen.segments, disk.names('log').length);
  }
  disk.beforeChange = () => undefined;
  disk.endLater();
  for (const kept of [0, 1]) {
    const crashed = disk.crash(drawOf([kept]));
    expect(textOf(stateOf(open(crashed)))).toBe(textOf(model));
    // At most the first segment reaches below the floor.
    const [, second = 'none'] = crashed.names('log').sort();
    expect(second > segmentName(model.floor.index + 1) || second === 'none').toBe(true);
  }
}

const stepsOfARun = fc.array(step, { minLength: 10, maxLength: 120, size: 'max' });
const RUNS = runs(600, 200);

test('a crash at any write loses nothing of what a call had told to be done', () => {
  const seen = { crashes: 0, segments: 0, trims: 0 };
  fc.assert(
    fc.property(stepsOfARun, (steps) => goThrough(steps, new CrashingDisk(), seen)),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  expect(seen.crashes).toBeGreaterThan(100);
  expect(seen.segments).toBeGreaterThan(3);
  expect(seen.trims).toBeGreaterThan(100);
});

/** Planted bugs: a sync that is left out somewhere. */
const plants: [string, (name: string) => boolean][] = [
  ['the journal is not synced', (name) => name.startsWith('journal')],
  ['segments are not synced', (name) => name.endsWith('.seg')],
  ['the names of segments are not synced', (name) => name === 'log'],
  ['the name of a journal’s file, and of the marker, is not synced', (name) => name === ''],
];

test.each(plants)('a crash shows it where %s', (_, skips) => {
  const property = fc.property(stepsOfARun, (steps) => {
    const disk = new CrashingDisk();
    disk.skipsSync = skips;
    goThrough(steps, disk, { crashes: 0, segments: 0, trims: 0 });
  });
  expect(fc.check(property, { numRuns: RUNS, seed: SEED, endOnFailure: true }).failed).toBe(true);
});

type Change = Extract<Step, { kind: 'append' | 'vote' | 'trim' | 'begin' }>;

function isChange(step: Step): step is Change {
  return ['append', 'vote', 'trim', 'begin'].includes(step.kind);
}

function keptOf(model: Model, change: Extract<Change, { kind: 'append' }>): number {
  const { floor, log, committed } = model;
  // What a trim leaves, at least one entry, is cut by none without another in its place.
  return change.specs.length === 0 ? log.length : Math.max(committed - floor.index, log.length - change.cut);
}

/** What a call may leave that does not return: nothing, a beginning of its entries, or all. */
function outcomesOf(model: Model, change: Change): Model[] {
  if (change.kind === 'vote')
    return [model, { ...model, hardState: { term: model.hardState.term + 1, votedFor: 'x'.repeat(130) } }];
  if (change.kind === 'trim') return [model, trimmed(model, change.kept)];
  if (change.kind === 'begin') return [model, ...begun(model, change)];
  const kept = model.log.slice(0, keptOf(model, change));
  const fresh = freshEntries(model, change.specs, kept.at(-1) ?? model.floor);
  const log = [...kept, ...fresh];
  const beginnings = fresh.map((_, count) => ({ ...model, log: log.slice(0, kept.length + count + 1) }));
  const changed = { ...model, log };
  return [
    model,
    ...beginnings,
    { ...changed, committed: Math.min(endOf(changed), model.committed + change.commit) },
  ];
}

function trimmed(model: Model, kept: number): Model {
  const { floor, log, committed } = model;
  const count = Math.min(log.length - 1, committed - floor.index) - kept;
  const last = log[count - 1];
  return last === undefined ? model : { ...model, floor: last, log: log.slice(count) };
}

function begun(model: Model, { skipped, specs }: Extract<Change, { kind: 'begin' }>): Model[] {
  const index = model.committed + skipped;
  const term = model.log.at(-1)?.term ?? 0;
  const floor = { index, term, logNumber: index >> 1, bytes: Buffer.alloc(HASH_BYTES, index) };
  const fresh = freshEntries(model, specs, floor);
  return fresh.map((_, count) => ({
    ...model,
    floor,
    log: fresh.slice(0, count + 1),
    committed: floor.index,
  }));
}

function freshEntries(
  { log }: Model,
  specs: readonly Omit<EntrySpec, 'term'>[],
  after: LogPoint,
): readonly Entry[] {
  const term = (log.at(-1)?.term ?? 0) + 1;
  return buildLog(
    specs.map((spec) => ({ ...spec, term })),
    after === GENESIS ? null : after,
  );
}
