import { closeSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Cluster } from '../cluster/Cluster';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** A node's files damaged while it is stopped (CASES 10), on real processes. */

const SEED = 20_261_125;
const PAGE_BYTES = 4096;
const LOGS = 40;
/** Together more than a journal holds: the first ones are in a segment, the last in the journal. */
const SHORT_VALUE = 300;
const LONG_VALUE = 220_000;
const FIRST_SEGMENT = 'log/00000000000000000001.seg';
/** A node that does not end by itself fails the test by name. */
const ENDS_WITHIN_MS = 60_000;
const WHOLE_WITHIN_MS = 60_000;

/** Damages the data directory of a node that holds the value {@link valueOf} of each log; the numbers are the same for each run. */
type Damage = (directory: string, random: (limit: number) => number) => void;

const damages: [string, Damage][] = [
  ['bits flipped in an old value', (directory, random) => flipIn(directory, valueOf(5), random)],
  ['bits flipped in the last value', (directory, random) => flipIn(directory, valueOf(LOGS), random)],
  ['a middle page of noise', (directory, random) => noiseAround(directory, valueOf(LOGS / 2), random)],
  ['half of a segment', (directory) => truncateSync(path.join(directory, FIRST_SEGMENT), 1_000_000)],
  ['no journal', (directory) => journalsIn(directory).forEach((file) => rmSync(file))],
  [
    'a marker of noise',
    (directory, random) => overwrite(path.join(directory, 'marker.json'), noise(100, random), 0),
  ],
];

let cluster: Cluster;

beforeEach(async () => {
  cluster = await Cluster.started();
  for (let n = 1; n <= LOGS; n += 1) await cluster.node(n % 3).addLog('log', valueOf(n));
});
afterEach(() => cluster.end());

test('the damaged node ends by name and says how to rejoin; the others serve; without its directory it rejoins', async () => {
  const random = randomNumbers(SEED);
  for (const [round, [name, damage]] of damages.entries()) {
    const index = round % 3;
    const before = await stopped(index);
    damage(cluster.directoryOf(index), random);
    await endsDamaged(cluster.start(index), name);
    const [other] = cluster.running;
    const added = await other?.addLog('while', name.replaceAll(' ', '-'));
    rmSync(cluster.directoryOf(index), { recursive: true });
    const again = cluster.start(index);
    await until(WHOLE_WITHIN_MS, `${name}: the node is whole again`, async () => {
      const info = await again.info();
      return info.membership === 'voter' && info.committedIndex === added?.index ? true : undefined;
    });
    expect(await again.getLog(added?.index ?? 0)).toEqual(added);
    for (const n of [1, 5, LOGS / 2, LOGS]) expect((await again.getLog(n)).log.value.value).toBe(valueOf(n));
    expect((await again.addLog('after', 'it')).index).toBe(before + 2);
  }
});

test('it is never what a leader stands on, when no other node could lead', async () => {
  await stopped(0);
  const last = await cluster.node(2).addLog('without', 'node-0');
  await stopped(1);
  flipIn(cluster.directoryOf(1), valueOf(5), randomNumbers(SEED));
  await cluster.node(2).kill();
  // Node 1 alone holds the last log, and node 0 a majority with it: it must not lead with altered entries.
  const behind = cluster.start(0);
  await endsDamaged(cluster.start(1), 'the only base of a leader');
  expect(await behind.info()).toMatchObject({ leader: null });
  const answer = await behind.command(`get_log ${last.index}`);
  expect(answer).toMatchObject({ ok: false, error: { code: 'NO_LEADER' } });
  expect((await behind.getLog(5)).log.value.value).toBe(valueOf(5));
  cluster.start(2);
  expect(await behind.getLog(last.index)).toEqual(last);
  expect((await behind.addLog('after', 'it')).index).toBe(last.index + 1);
});

/** Stops a node cleanly, so that all it has is in its files; returns the last index that it knew. */
async function stopped(index: number): Promise<number> {
  const { index: last } = await cluster.converged();
  const node = cluster.node(index);
  await node.expectOk('exit');
  expect((await node.exited).code).toBe(0);
  return last;
}

async function endsDamaged(node: NodeProcess, name: string): Promise<void> {
  await until(ENDS_WITHIN_MS, `${name}: the node ends`, () => (node.hasEnded ? true : undefined));
  expect({ name, code: (await node.exited).code }).toEqual({ name, code: 1 });
  const directory = cluster.directoryOf(node.options.index);
  const [line = ''] = node.lastWords.split('\n').filter((words) => words.startsWith('DATA_DAMAGED: '));
  expect(line).toContain(`DATA_DAMAGED: ${directory}`);
  expect(line).toContain(`remove the directory ${directory} and start it again`);
}

function journalsIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.startsWith('journal-'));
  return names.map((name) => path.join(directory, name));
}

function valueOf(n: number): string {
  return `value-${String(n).padStart(3, '0')}-`.padEnd(n % 2 === 0 ? SHORT_VALUE : LONG_VALUE, 'v');
}

/** Flips a bit in each copy of a value: a journal that is needed no more still holds what a segment does. */
function flipIn(directory: string, value: string, random: (limit: number) => number): void {
  for (const { file, content, at } of placesOf(directory, value)) {
    const flipped = at + random(value.length);
    overwrite(file, Buffer.from([(content[flipped] ?? 0) ^ (1 << random(8))]), flipped);
  }
}

/** Overwrites each page that holds the beginning of a value. */
function noiseAround(directory: string, value: string, random: (limit: number) => number): void {
  for (const { file, at } of placesOf(directory, value))
    overwrite(file, noise(PAGE_BYTES, random), at - (at % PAGE_BYTES));
}

function placesOf(directory: string, value: string): { file: string; content: Buffer; at: number }[] {
  const places = [];
  // A search for all of it would compare most of it at each place.
  const beginning = value.slice(0, 'value-000-'.length);
  for (const file of [...journalsIn(directory), path.join(directory, FIRST_SEGMENT)]) {
    const content = readFileSync(file);
    for (let at = content.indexOf(beginning); at >= 0; at = content.indexOf(beginning, at + 1))
      places.push({ file, content, at });
  }
  expect(places).not.toEqual([]);
  return places;
}

function noise(length: number, random: (limit: number) => number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)));
}

function overwrite(file: string, bytes: Buffer, at: number): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

/** Whole numbers below `limit`, the same for a seed. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
