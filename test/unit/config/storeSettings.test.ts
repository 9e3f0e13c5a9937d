import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type NodeConfig } from '../../../src/config/ClusterConfig';
import { generateKeyPair } from '../../../src/config/keyPair';

/** What a cluster.json says of the nodes' stores. */

const KEYS = generateKeyPair();
const RETAIN_BYTES_MIN = 67_108_864;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The configuration of the one node of a cluster with these settings. */
function configOf(settings: object): NodeConfig {
  const members = [{ address: 'tcp://10.0.0.1:2000', publicKey: KEYS.publicKey }];
  const path = join(directory, 'cluster.json');
  writeFileSync(path, JSON.stringify({ members, settings }));
  writeFileSync(join(directory, 'node-0.key'), JSON.stringify({ secretKey: KEYS.secretKey }), {
    mode: 0o600,
  });
  return readConfig({ INDEX: '0', CLUSTER_CONFIG: path });
}

test('without any, all is kept, for ever, as long as the disk has room', () => {
  expect(configOf({})).toMatchObject({ retain: null, storeBytesMax: null, archive: null });
});

test('what is retained, and what a store may have, are taken as they are', () => {
  const settings = {
    storeBytesMax: RETAIN_BYTES_MIN + 1,
    retain: { bytes: RETAIN_BYTES_MIN, days: 0.5, logs: 1 },
  };
  expect(configOf(settings)).toMatchObject(settings);
});

test('an archive is named from the directory of the file on', () => {
  expect(configOf({ archive: '../old' }).archive).toBe(join(directory, '..', 'old'));
  expect(configOf({ archive: '/mnt/old' }).archive).toBe('/mnt/old');
});

test.each([
  [{ storeBytesMax: RETAIN_BYTES_MIN - 1 }, 'settings.storeBytesMax must be a whole number of at least'],
  [{ storeBytesMax: null }, 'settings.storeBytesMax must be a whole number of at least'],
  [
    { storeBytesMax: RETAIN_BYTES_MIN, retain: { bytes: RETAIN_BYTES_MIN } },
    'settings.retain.bytes must be less than settings.storeBytesMax',
  ],
  [{ retain: {} }, 'settings.retain must have logs, bytes or days'],
  [{ retain: { bytes: RETAIN_BYTES_MIN - 1 } }, 'settings.retain.bytes must be a whole number of at least'],
  [{ retain: { logs: 0 } }, 'settings.retain.logs must be a whole number of at least 1'],
  [{ retain: { days: 0 } }, 'settings.retain.days must be more than 0 days'],
  [{ archive: '' }, 'settings.archive must be the name of a directory'],
])('%j is refused', (settings, message) => {
  expect(() => configOf(settings)).toThrow(message);
});
