import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { buildEntry, encodePayload, type Entry } from '../../../src/entry/Entry';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import { levelLength } from '../load/fill';
import { Payloads } from '../load/requests';
import { Window } from '../load/Window';
import type { Run } from '../Run';
import type { PeerLevel } from './peerScript';

/** The name under which its rows stand. */
export const ONE_DISK = 'one-disk';

const OWNER = { clusterId: 'bench', publicKey: 'one-disk' };
const SESSION = '0000000000000001';
const TERM = 1;

/**
 * What one disk gives without a cluster: this process writes and syncs the entries of the same adds to a store as a
 * node's, without consensus, links and a client. All that is in flight goes to the disk in one write, so that no
 * cluster that syncs each add can be faster on such a disk.
 */
export async function oneDiskLevels(run: Run): Promise<PeerLevel[]> {
  const directory = run.life.temporaryDirectory(run.directory);
  const store = await DurableLogStore.open({ directory: join(directory, 'node'), ...OWNER });
  store.setMembership('voter');
  const levels: PeerLevel[] = [];
  for (const inflight of run.options.inflight) levels.push(await loadLevel(run, store, inflight));
  store.close();
  run.life.remove(directory);
  return levels;
}

async function loadLevel(run: Run, store: DurableLogStore, inflight: number): Promise<PeerLevel> {
  const payloads = new Payloads(run.options.keyBytes, run.options.valueBytes);
  const window = new Window(levelLength(run), performance.now());
  run.progress.show(`one disk: ${inflight} in flight`);
  for (let sentAt = performance.now(); window.take(inflight, sentAt) > 0; sentAt = performance.now()) {
    store.append(nextEntries(store.last, payloads, inflight), store.last?.index ?? 0);
    const now = performance.now();
    for (let nth = 0; nth < inflight; nth++) window.answered(now, sentAt);
    // Signals come in between.
    await turn();
  }
  const { rate, p50_ms, p99_ms } = window.result();
  return { peer: ONE_DISK, inflight, rate, p50_ms, p99_ms };
}

/** The entries of so many adds, as a leader makes them. */
function nextEntries(last: Entry | null, payloads: Payloads, count: number): Entry[] {
  const entries: Entry[] = [];
  let previous = last;
  for (let nth = 0; nth < count; nth++) {
    const index = (previous?.index ?? 0) + 1;
    const payload = encodePayload(
      { session: SESSION, nonce: index },
      payloads.key(index),
      payloads.value(index),
    );
    const place = { index, term: TERM, logNumber: index, createdAt: Date.now() };
    entries.push((previous = buildEntry(place, payload, previous)));
  }
  return entries;
}
