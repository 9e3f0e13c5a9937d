import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWNER } from '../owner';
import { newDirectory, open, filledDirectory, refusal, expectRefused } from './directories';

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

  test.each([
    { format: 1, ...OWNER, membership: 'voter' },
    { format: 3, ...OWNER, membership: 'rejoining' },
    { format: 4, ...OWNER, membership: 'voter', identity: null },
    { format: 4, ...OWNER, membership: 'voter', identity: '0123456789abcdef'.repeat(2) },
  ])('of format $format is refused, with the way to keep its log', async (content) => {
    const directory = await filledDirectory();
    writeFileSync(join(directory, 'marker.json'), `${JSON.stringify(content, null, 2)}\n`);
    await expectRefused(
      directory,
      'DATA_FOREIGN',
      `is of format ${content.format}, and this version knows format 6`,
      'back it up with the version that wrote it, and restore that with this one',
    );
  });

  test.each([
    [
      5,
      'this version knows format 6: to keep its log, back it up with the version that wrote it, and restore',
    ],
    [7, 'this version knows format 6; start this node with a directory of its own'],
  ])('of format %d is refused', async (format, words) => {
    const directory = await filledDirectory();
    const marker = join(directory, 'marker.json');
    writeFileSync(marker, signed({ format, anything: 'else' }));
    await expectRefused(directory, 'DATA_FOREIGN', `is of format ${format}, and ${words}`);
  });

  test('is signed as this test does it', async () => {
    const directory = await filledDirectory();
    const text = readFileSync(join(directory, 'marker.json'), 'utf8');
    const content = JSON.parse(text) as Record<string, unknown>;
    delete content['checksum'];
    expect(signed(content)).toBe(text);
  });

  const content = { format: 6, ...OWNER, membership: 'voter', identity: null };
  test.each([
    ['nothing', ''],
    ['half of it', signed(content).slice(0, 100)],
    ['null', 'null'],
    ['a format alone', '{"format":6}'],
    ['an earlier format and no more', '{"format":3,"something":"else"}'],
    ['no checksum', `${JSON.stringify(content, null, 2)}\n`],
    ['another membership than was written', signed(content).replace('voter', 'rejoining')],
    ['another format than was written', signed(content).replace('"format": 6', '"format": 5')],
    ['another way to write it', `${JSON.stringify(JSON.parse(signed(content)))}\n`],
    ['a checksum of what no store writes', signed({ ...content, membership: 'none' })],
  ])('that holds %s is damage', async (_, text) => {
    const directory = await filledDirectory();
    writeFileSync(join(directory, 'marker.json'), text);
    await expectRefused(directory, 'DATA_DAMAGED', 'marker.json', `remove the directory ${directory}`);
  });

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

/** A marker's text, with the checksum of what it says. */
function signed(content: object): string {
  const textOf = (object: object): string => `${JSON.stringify(object, null, 2)}\n`;
  const checksum = createHash('sha256').update(textOf(content)).digest('hex');
  return textOf({ ...content, checksum });
}
