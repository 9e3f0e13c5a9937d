import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DATA_NAME, LmdbLogStore } from '../../../../src/storage/lmdb/LmdbLogStore';
import { buildLog, logs } from '../logFixture';
import { OWNER } from '../owner';
import { runStore } from '../storeProcess';

jest.setTimeout(60_000);

const BLOCK_BYTES = 512;

const directory = mkdtempSync(join(tmpdir(), 'store-close-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a write that fails at the close is told, and the next start has what the journal holds', async () => {
  const store = await LmdbLogStore.open({ directory, ...OWNER });
  store.setMembership('voter');
  store.append(buildLog(logs(10)), 10);
  store.close();
  const fileBlocksMax = statSync(join(directory, DATA_NAME)).size / BLOCK_BYTES;
  const outcome = await runStore('close', [directory], { fileBlocksMax });
  expect(outcome).toMatchObject({ lines: [{ code: 'STORE_FAILED' }], status: 0, signal: null });
  const again = await LmdbLogStore.open({ directory, ...OWNER });
  expect(again.last?.index).toBe(15);
  again.close();
});
