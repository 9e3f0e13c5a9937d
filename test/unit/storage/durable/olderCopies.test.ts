import { StartError } from '../../../../src/errors';
import { buildLog, empty, logs } from '../logFixture';
import { answersOn, openOn, SMALL_STEPS } from '../openOn';
import { CrashingDisk } from '../../../CrashingDisk';

/** A file of an earlier moment among later ones, as a disk that lost a write it had acknowledged has it. */

const LIMITS = {
  JOURNAL_BYTES: 6144,
  JOURNAL_FILES_MAX: 4,
  SEGMENT_BYTES: 3000,
  BLOCK_BYTES: 500,
  ...SMALL_STEPS,
};

function answersOf(disk: CrashingDisk): string {
  return answersOn(disk, LIMITS);
}

/** The disk after each call of a store's life. */
function moments(): CrashingDisk[] {
  const disk = new CrashingDisk();
  let store = openOn(disk, LIMITS);
  const copies: CrashingDisk[] = [];
  const keep = (): void => void copies.push(disk.copy());
  store.setMembership('voter');
  keep();
  for (let round = 1; round <= 40; round++) {
    const specs = round % 6 === 0 ? [empty(round)] : logs(1, round, 300);
    const last = round % 8 === 0 ? store.entryAt(store.commitIndex) : store.last;
    store.append(buildLog(specs, last), last?.index ?? 0);
    keep();
    if (round % 3 === 0) {
      disk.endLater();
      keep();
    }
    if (round % 5 === 0) store.saveHardState({ term: round, votedFor: null });
    if (round === 20) store.setIdentity('0123456789abcdef'.repeat(2));
    if (round % 15 === 0) {
      store.close();
      store = openOn(disk.restart(), LIMITS);
    }
    keep();
  }
  store.close();
  return copies;
}

/** The journal that goes on. */
function newest(disk: CrashingDisk): string {
  const sequenceOf = (name: string): number =>
    Number(/"sequence":(\d+)/.exec(disk.bytesOf(name).toString('latin1'))?.[1] ?? 0);
  const journals = disk.names('').filter((name) => name.startsWith('journal-'));
  return journals.reduce((best, name) => (sequenceOf(name) > sequenceOf(best) ? name : best));
}

test('an older copy of one file is told, or changes nothing; but for the journal that goes on and the marker', () => {
  const history = moments();
  const latest = history.at(-1);
  if (latest === undefined) throw new Error('no moments');
  const now = answersOf(latest.copy());
  const once = new Set(history.map((moment) => answersOf(moment.copy())));
  const seen = new Map<string, number>();
  for (const name of latest.allNames())
    for (const moment of history) {
      if (!moment.allNames().includes(name)) continue;
      const mixed = latest.copy();
      mixed.replace(name, Buffer.from(moment.bytesOf(name)));
      let found: string;
      try {
        const answers = answersOf(mixed);
        found = answers === now ? 'same' : once.has(answers) ? 'earlier' : 'other';
      } catch (error) {
        if (!(error instanceof StartError) || error.code !== 'DATA_DAMAGED') throw error;
        found = 'damaged';
      }
      // Nothing else says what the last calls were than this journal, or what the node is than the marker.
      const allowed = ['damaged', 'same'];
      if (name === newest(latest)) allowed.push('earlier');
      if (name === 'marker.json') allowed.push('other');
      expect(allowed).toContain(found);
      seen.set(found, (seen.get(found) ?? 0) + 1);
    }
  expect([...seen.keys()]).toEqual(expect.arrayContaining(['damaged', 'same']));
});

test('all files of an earlier moment are that moment', () => {
  for (const moment of moments()) expect(() => answersOf(moment)).not.toThrow();
});
