import { StartError } from '../../../../src/errors';
import type { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import { GENESIS } from '../../../../src/entry/Entry';
import { runs } from '../../../runs';
import { buildLog, empty, KEYS, logs } from '../logFixture';
import { answersOn, openOn, SMALL_STEPS } from '../openOn';
import { CrashingDisk } from '../../../CrashingDisk';

/** One flipped bit anywhere in a small store is told, or changes nothing that the store answers. */

const LIMITS = {
  JOURNAL_BYTES: 6144,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 1500,
  BLOCK_BYTES: 500,
  ...SMALL_STEPS,
};

function answersOf(disk: CrashingDisk): string {
  return answersOn(disk, LIMITS);
}

/**
 * Closed segments, an open one, journals in use and used up, what is committed and what is not, the beginning forgotten;
 * `lastCall` comes last.
 * `copies` takes what stood there after each round.
 */
function usedDisk(lastCall: (store: DurableLogStore) => void, copies: CrashingDisk[] = []): CrashingDisk {
  const disk = new CrashingDisk();
  const store = openOn(disk, LIMITS);
  store.setMembership('voter');
  store.setIdentity('0123456789abcdef'.repeat(2));
  for (let round = 1; round <= 26; round++) {
    const specs = round % 3 === 0 ? [empty(round), ...logs(1, round, 150)] : logs(2, round, 70);
    const keyed = specs.map((spec, at) => ({ ...spec, key: KEYS[(round + at) % (KEYS.length - 1)] ?? '' }));
    store.append(buildLog(keyed, store.last), store.last?.index ?? 0);
    if (round % 5 === 0) store.saveHardState({ term: round, votedFor: 'a'.repeat(130) });
    if (round === 13) store.trimTo(store.entryAt(6) ?? GENESIS);
    if (round % 4 === 0) disk.endLater();
    copies.push(disk.copy());
  }
  lastCall(store);
  disk.endLater();
  store.close();
  return disk;
}

const lastCalls: [string, (store: DurableLogStore) => void][] = [
  ['a vote', (store) => store.saveHardState({ term: 90, votedFor: 'b'.repeat(130) })],
  ['an append', (store) => store.append(buildLog(logs(3, 91, 300), store.last), store.commitIndex)],
  ['a commitIndex', (store) => store.append([], (store.last?.index ?? 0) - 1)],
];

/** Each bit takes a start, so that a run tries one of so many; which ones moves on from file to file. */
const STRIDE = runs(5, 37);

test.each(lastCalls)('one flipped bit in a store whose last call was %s', (_, lastCall) => {
  const disk = usedDisk(lastCall);
  expect(disk.names('log').length).toBeGreaterThan(2);
  const whole = answersOf(disk.copy());
  const wrong: string[] = [];
  let damages = 0;
  let tried = 0;
  for (const name of disk.allNames()) {
    const bits = disk.bytesOf(name).length * 8;
    for (let bit = tried % STRIDE; bit < bits; bit += STRIDE) {
      tried++;
      const flipped = disk.copy();
      const bytes = flipped.bytesOf(name);
      const byte = bit >> 3;
      bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (bit & 7));
      try {
        if (answersOf(flipped) !== whole) wrong.push(`${name}: bit ${bit} changes what is answered`);
      } catch (error) {
        if (!(error instanceof StartError) || error.code !== 'DATA_DAMAGED') throw error;
        if (!error.message.includes('/simulated/')) wrong.push(`${name}: ${error.message}`);
        damages++;
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(damages).toBeGreaterThan(tried / 20);
});

test('each file that is missing, cut, emptied, older or in place of another is told, or was not needed', () => {
  const copies: CrashingDisk[] = [];
  const disk = usedDisk((store) => store.saveHardState({ term: 90, votedFor: null }), copies);
  const whole = answersOf(disk.copy());
  const outcome = (changed: CrashingDisk): string => {
    try {
      return answersOf(changed) === whole ? 'same' : 'other';
    } catch (error) {
      if (!(error instanceof StartError) || error.code !== 'DATA_DAMAGED') throw error;
      return 'damaged';
    }
  };
  const seen = new Set<string>();
  for (const name of disk.allNames()) {
    const bytes = disk.bytesOf(name);
    const others = disk.allNames().filter((other) => other !== name);
    // An older marker is a marker: its node rejoins once more, or learns its cluster's identity again.
    // The beginning of a generation is a generation, as if the rest had never been written.
    const older = copies.filter(
      (copy) =>
        name !== 'marker.json' &&
        copy.allNames().includes(name) &&
        !copy.bytesOf(name).subarray(0, 16).equals(bytes.subarray(0, 16)),
    );
    const replacements = [
      null,
      Buffer.alloc(0),
      bytes.subarray(0, bytes.length >> 1),
      Buffer.alloc(bytes.length),
      ...others.map((other) => disk.bytesOf(other)),
      ...older.map((copy) => copy.bytesOf(name)),
    ];
    for (const [at, replacement] of replacements.entries()) {
      const changed = disk.copy();
      changed.replace(name, replacement);
      const found = outcome(changed);
      seen.add(found);
      expect(`${name} by ${at}: ${found}`).not.toContain('other');
    }
  }
  expect([...seen].sort()).toEqual(['damaged', 'same']);
});
