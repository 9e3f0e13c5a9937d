import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildLog, logs } from '../logFixture';
import { OWNER } from '../owner';
import { runStore } from '../storeProcess';
import {
  newDirectory,
  open,
  filledDirectory,
  refusal,
  thrownBy,
  expectRefused,
  flipBit,
} from './directories';

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
