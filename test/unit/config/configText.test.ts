import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readClusterFile } from '../../../src/config/clusterFile';
import { demoMembers } from '../../../src/config/demoCluster';
import { findRepeatedName } from '../../../src/config/textFile';
import { StartError } from '../../../src/errors';

/** What an editor or a hand makes of a cluster.json. */

const directory = mkdtempSync(join(tmpdir(), 'config-text-'));
const path = join(directory, 'cluster.json');
afterAll(() => rmSync(directory, { recursive: true }));

const members = demoMembers(2000).map(({ host, port, publicKey }) => ({
  address: `tcp://${host}:${port}`,
  publicKey,
}));

function refusalOf(text: string): string {
  writeFileSync(path, text);
  try {
    readClusterFile(path);
  } catch (error) {
    if (error instanceof StartError && error.code === 'BAD_CONFIG') return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

test('a byte order mark at the beginning is taken', () => {
  writeFileSync(
    path,
    `\uFEFF${JSON.stringify({ members, settings: { heartbeat: 70, electionTimeout: 300 } })}`,
  );
  expect(readClusterFile(path).settings).toEqual({ heartbeat: 70, electionTimeout: 300 });
});

test.each([
  ['settings', `"settings":\n{"heartbeat":70},"settings"\n:{"heartbeat":90}`, 3],
  ['heartbeat', `"settings":{"heartbeat":70,\n\n"electionTimeout":300,"heart\\u0062eat":90}`, 4],
])('a field that stands twice is refused by its name, %s, and its line', (name, fields, line) => {
  const refusal = refusalOf(`{"members":${JSON.stringify(members)},\n${fields}}`);
  expect(refusal).toBe(
    `cluster file ${JSON.stringify(path)}: has "${name}" twice in one object: see line ${line}, and remove one of them`,
  );
});

test('no JSON that an object makes has a name twice, and one that is given another is found', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(findRepeatedName(text)).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.json(), { minKeys: 1 }), fc.json(), (fields, value) => {
      const pairs = Object.entries(fields).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
      const [name = ''] = Object.keys(fields);
      const text = `[{${pairs.join(',')}},{${pairs.join(',')},${JSON.stringify(name)} : ${value}}]`;
      expect(findRepeatedName(text)?.name).toBe(name);
    }),
  );
});
