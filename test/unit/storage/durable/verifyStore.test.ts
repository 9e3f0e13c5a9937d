import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryHash, type Entry } from '../../../../src/entry/Entry';
import { DurableLogStore } from '../../../../src/storage/durable/DurableLogStore';
import { verifyStore, type VerifyProgress } from '../../../../src/storage/durable/verifyStore';
import { buildLog, empty, logs } from '../logFixture';
import { OWNER } from '../owner';

const entries = buildLog([empty(1), ...logs(60)]);
const bytesOf = (some: readonly Entry[]): number => some.reduce((sum, { bytes }) => sum + bytes.length, 0);
const headHash = entryHash(buildLog([empty(1), ...logs(60)])[60] ?? { bytes: Buffer.alloc(0) }).toString(
  'hex',
);

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mokka-verify-'));
  const store = await DurableLogStore.open({ directory, ...OWNER });
  store.setMembership('voter');
  store.append(entries, 61);
  store.close();
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a whole log is read from its first entry on', async () => {
  const told: VerifyProgress[] = [];
  const found = await verifyStore([directory], (progress) => told.push(progress));
  expect(found).toMatchObject({ entries: 61, logs: 60, headHash, bytes: bytesOf(entries) });
  expect(found.floor.index).toBe(0);
  expect(told.at(-1)).toEqual({ read: 61, entries: 61, bytes: found.bytes });
});

test('a trimmed log is read from its floor on, and what is told is of what is left', async () => {
  const store = await DurableLogStore.open({ directory, ...OWNER });
  const floor = store.entryAt(41);
  if (floor === null) throw new Error('no entry 41');
  store.trimTo(floor);
  store.close();
  const told: VerifyProgress[] = [];
  const found = await verifyStore([directory], (progress) => told.push(progress));
  expect(found).toMatchObject({ entries: 20, logs: 20, headHash, bytes: bytesOf(entries.slice(41)) });
  expect([found.floor.index, found.floor.logNumber]).toEqual([41, 40]);
  expect(told.at(-1)).toEqual({ read: 20, entries: 20, bytes: found.bytes });
});
