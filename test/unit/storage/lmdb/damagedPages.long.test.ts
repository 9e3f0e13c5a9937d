import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmdbLogStore } from '../../../../src/storage/lmdb/LmdbLogStore';
import { usedLog } from '../logFixture';
import { OWNER } from '../owner';
import { runStore } from '../storeProcess';

/**
 * Damage to pages in the middle of lmdb's file (CASES 10): the store may name it at the start, at a read or at a write,
 * or never meet it; it gives no altered entry, and no signal ends the process.
 */

const SEED = 20_261_125;
const PAGE_BYTES = 4096;
const HEADER_BYTES = 24;
/** A node's header, a position, and what stands for a value in pages of its own. */
const NODE_STRUCTURE_BYTES = 38;
const COMMITTED = 850;
const TIMES = 20;

const home = mkdtempSync(join(tmpdir(), 'lmdb-pages-'));
afterAll(() => rmSync(home, { recursive: true }));

/** Whole numbers below `limit`, the same for a seed. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** The pages of a file that hold nodes of its trees. */
function treePages(file: Buffer): number[] {
  const pages = Array.from({ length: Math.floor(file.length / PAGE_BYTES) }, (_, page) => page).slice(2);
  return pages.filter((page) => {
    const at = page * PAGE_BYTES;
    const flags = file.readUInt16LE(at + 18);
    return Number(file.readBigUInt64LE(at)) === page && (flags === 1 || flags === 2);
  });
}

/** Where a page's nodes begin in the file. */
function nodesOf(file: Buffer, page: number): number[] {
  const at = page * PAGE_BYTES;
  const count = file.readUInt16LE(at + 20) / 2;
  return Array.from(
    { length: count },
    (_, node) => at + HEADER_BYTES + file.readUInt16LE(at + HEADER_BYTES + 2 * node),
  );
}

/** Makes each child of a branch page that page itself. */
function bendBack(file: Buffer, page: number): void {
  for (const node of nodesOf(file, page)) {
    file.writeUInt32LE(page, node);
    file.writeUInt16LE(0, node + 4);
  }
}

/** Where a page's header, offsets and nodes' headers stand in the file. */
function structureOf(file: Buffer, page: number): number[] {
  const nodes = nodesOf(file, page);
  const range = (from: number, length: number): number[] => Array.from({ length }, (_, byte) => from + byte);
  return [
    ...range(page * PAGE_BYTES, HEADER_BYTES + 2 * nodes.length),
    ...nodes.flatMap((node) => range(node, NODE_STRUCTURE_BYTES)),
  ];
}

async function filled(directory: string): Promise<Buffer> {
  const store = await LmdbLogStore.open({ directory, ...OWNER });
  store.setMembership('voter');
  store.saveHardState({ term: 1, votedFor: null });
  const log = usedLog();
  for (let at = 0; at < log.length; at += 30) store.append(log.slice(at, at + 30), Math.min(at, COMMITTED));
  store.close();
  return readFileSync(join(directory, 'data.mdb'));
}

/** Copies of a directory, each damaged by `damage` in its own way. */
function damagedCopies(base: string, whole: Buffer, damage: (file: Buffer, time: number) => void): string[] {
  return Array.from({ length: TIMES }, (_, time) => {
    const copy = mkdtempSync(join(home, 'copy-'));
    cpSync(base, copy, { recursive: true, filter: (path) => !path.endsWith('.mdb') });
    const file = Buffer.from(whole);
    damage(file, time);
    writeFileSync(join(copy, 'data.mdb'), file);
    return copy;
  });
}

test(`pages of noise, flipped bits and lengths, ${3 * TIMES} of seed ${SEED}: no signal, nothing altered`, async () => {
  const base = mkdtempSync(join(home, 'base-'));
  const whole = await filled(base);
  const random = randomNumbers(SEED);
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[random(list.length)];
    if (picked === undefined) throw new Error('nothing to pick');
    return picked;
  };
  const pages = treePages(whole);
  // The last ones written: the ways to the end of the log, the state, and the free pages.
  const latest = pages.filter((page) => page >= (pages.at(-1) ?? 0) - 60);
  const noise = damagedCopies(base, whole, (file, time) => {
    const page =
      time % 3 === 0 ? 2 + random(whole.length / PAGE_BYTES - 2) : pick(time % 3 === 1 ? pages : latest);
    for (let at = time % 2 === 0 ? 0 : HEADER_BYTES; at < PAGE_BYTES; at += 1)
      file[page * PAGE_BYTES + at] = random(256);
  });
  const flips = damagedCopies(base, whole, (file, time) => {
    const at = pick(structureOf(file, pick(time % 2 === 0 ? pages : latest)));
    file[at] = (file[at] ?? 0) ^ (1 << random(8));
  });
  // The high half of a value's length: followed as it stands, it leads past the end of the file.
  const lengths = damagedCopies(base, whole, (file) => {
    const at = pick(nodesOf(file, pick(pages))) + 3;
    file[at] = (file[at] ?? 0) ^ (1 << random(8));
  });
  const { lines, status, signal } = await runStore('use', [base, ...noise, ...flips, ...lengths]);
  expect({ status, signal }).toEqual({ status: 0, signal: null });
  const [sound, ...damaged] = lines.map((line) => ('code' in line ? line.code : 'used'));
  expect(sound).toBe('used');
  expect(damaged).toHaveLength(3 * TIMES);
  expect(damaged.filter((outcome) => !['used', 'DATA_DAMAGED', 'STORE_FAILED'].includes(outcome))).toEqual(
    [],
  );
  expect(damaged.filter((outcome) => outcome === 'DATA_DAMAGED').length).toBeGreaterThan(TIMES / 10);
});

test('branches that lead back to themselves are damage, and the start ends', async () => {
  const base = mkdtempSync(join(home, 'base-'));
  const whole = await filled(base);
  const branches = treePages(whole).filter((page) => whole.readUInt16LE(page * PAGE_BYTES + 18) === 1);
  expect(branches).not.toEqual([]);
  const bent = damagedCopies(base, whole, (file, time) => bendBack(file, branches.at(-1 - (time % 2)) ?? 0));
  const { lines, status } = await runStore('use', bent.slice(0, 2));
  expect(status).toBe(0);
  expect(lines.map((line) => ('code' in line ? line.code : 'used'))).toContain('DATA_DAMAGED');
});
