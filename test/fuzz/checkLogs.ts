import { EntryKind, toLogEntry, type Entry, type LogEntry } from '../../src/entry/Entry';
import { DurableLogStore } from '../../src/storage/durable/DurableLogStore';
import type { Cluster } from '../integration/cluster/Cluster';
import { payloadDigest } from './frames';

/** Bytes of an entry before its payload, and after it. */
const PAYLOAD_AT = 25;
const HASH_BYTES = 32;

const ENTRIES_AT_ONCE = 10_000;
const BYTES_AT_ONCE = 4 * 1024 * 1024;

/**
 * What is wrong with the logs of stopped nodes, null when nothing is: each entry's hash, equal entries everywhere, what
 * was acknowledged unchanged, and nothing that nobody pushed.
 */
export async function checkLogs(
  cluster: Cluster,
  indexes: readonly number[],
  acknowledged: readonly LogEntry[],
  wasPushed: (entry: LogEntry, payloadDigest: string) => boolean,
): Promise<string | null> {
  const hashes = new Set<string>();
  for (const index of indexes) {
    const logs = new Map<number, LogEntry>();
    let last = '';
    for await (const entry of entriesOf(cluster, index)) {
      last = entry.bytes.toString('hex', entry.bytes.length - HASH_BYTES);
      if (entry.kind === EntryKind.Empty) continue;
      const log = toLogEntry(entry);
      logs.set(log.index, log);
      const payload = entry.bytes.subarray(PAYLOAD_AT, entry.bytes.length - HASH_BYTES);
      if (!wasPushed(log, payloadDigest(payload)))
        return `node ${index} holds a log that nobody pushed: ${JSON.stringify(log).slice(0, 300)}`;
    }
    hashes.add(last);
    for (const entry of acknowledged)
      if (JSON.stringify(logs.get(entry.index)) !== JSON.stringify(entry))
        return `node ${index} holds another log than was acknowledged: ${JSON.stringify(entry)}`;
  }
  return hashes.size === 1 ? null : 'the nodes hold different logs';
}

/** The store hands out no entry whose hash does not follow on the one before it. */
async function* entriesOf(cluster: Cluster, node: number): AsyncGenerator<Entry> {
  const store = await DurableLogStore.open({
    directory: cluster.directoryOf(node),
    clusterId: cluster.clusterId,
    publicKey: cluster.member(node).keys.publicKey,
  });
  try {
    for (let index = 1; index <= (store.last?.index ?? 0);) {
      const entries = store.read(index, BYTES_AT_ONCE, ENTRIES_AT_ONCE);
      yield* entries;
      index += entries.length;
    }
  } finally {
    store.close();
  }
}
