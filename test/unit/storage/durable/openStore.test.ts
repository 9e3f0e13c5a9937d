import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig, type NodeConfig } from '../../../../src/config/ClusterConfig';
import { openStore } from '../../../../src/storage/durable/openStore';
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
