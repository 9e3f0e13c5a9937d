import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig, type NodeConfig } from '../../../../src/config/ClusterConfig';
import { openStore } from '../../../../src/storage/durable/openStore';
import { SECTOR_BYTES } from '../../../../src/storage/StoreDisk';
import { until } from '../../../integration/cluster/until';
import { newDirectory, refusal } from './directories';

function configOf(archive: string, dataDirectory: string): NodeConfig {
  return { ...readConfig({ INDEX: '0' }), archive, dataDirectory };
}

test('the archive is made before the store is, and is none of its directory', async () => {
  const directory = newDirectory();
  for (const archive of [directory, join(directory, 'log', 'old')]) {
    const error = await refusal(openStore(configOf(archive, directory)));
    expect(error).toMatchObject({ code: 'BAD_CONFIG', exitStatus: 2 });
    expect(error.message).toContain('it is in the data directory of this node');
  }
  expect(existsSync(directory)).toBe(false);
  for (const archive of [`${directory}-archive`, join(directory, '..', '..archive')]) {
    const store = await openStore(configOf(archive, directory));
    expect([existsSync(archive), store.archiveProblem]).toEqual([true, null]);
    store.close();
  }
});

function isWritten(bytes: Buffer, at: number): boolean {
  return bytes.subarray(at, at + SECTOR_BYTES).some((byte) => byte !== 0);
}

test('damage to what an idle node wrote last is told, also when it is killed', async () => {
  const directory = newDirectory();
  const config = { ...readConfig({ INDEX: '0' }), dataDirectory: directory };
  const store = await openStore(config);
  store.setMembership('voter');
  store.saveHardState({ term: 7, votedFor: null });
  const file = join(directory, 'journal-0');
  const vote = readFileSync(file).indexOf('"term":7');
  const behind = (Math.floor(vote / SECTOR_BYTES) + 1) * SECTOR_BYTES;
  // Nobody calls the store.
  await until(60_000, 'a seal', () => (isWritten(readFileSync(file), behind) ? true : undefined));
  const killed = newDirectory();
  cpSync(directory, killed, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  const bytes = readFileSync(file);
  bytes[vote] = (bytes[vote] ?? 0) ^ 1;
  writeFileSync(join(killed, 'journal-0'), bytes);
  expect(await refusal(openStore({ ...config, dataDirectory: killed }))).toMatchObject({
    code: 'DATA_DAMAGED',
  });
  store.close();
});
