import { relative, resolve } from 'node:path';
import { clusterFingerprint } from '../../config/clusterFingerprint';
import type { NodeConfig } from '../../config/ClusterConfig';
import { DirectoryArchive, unusable } from '../archive/DirectoryArchive';
import type { LogStore } from '../LogStore';
import { DurableLogStore } from './DurableLogStore';

/**
 * Opens, or makes, the store of a configured node in its data directory, and the archive for what it forgets. It holds the
 * directory's lock until it is closed.
 *
 * @throws StartError DATA_LOCKED, DATA_FOREIGN, DATA_DAMAGED, STORE_FAILED, BAD_CONFIG for the archive
 */
export async function openStore(config: NodeConfig): Promise<LogStore> {
  const { dataDirectory: directory, members, keys, storeBytesMax } = config;
  const clusterId = clusterFingerprint(members.map(({ publicKey }) => publicKey));
  const archive = openArchive(config);
  const room = { bytesMax: storeBytesMax };
  return DurableLogStore.open({ directory, clusterId, publicKey: keys.publicKey, archive, room });
}

function openArchive({ archive, dataDirectory, index }: NodeConfig): DirectoryArchive | null {
  if (archive === null) return null;
  // Whoever removes the directory, for the node to rejoin, would lose it too.
  if (!/^\.\.(\/|$)/.test(relative(resolve(dataDirectory), archive)))
    throw unusable(archive, 'it is in the data directory of this node');
  return DirectoryArchive.open(archive, index);
}
