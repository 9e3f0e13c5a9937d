import { clusterFingerprint } from '../../config/clusterFingerprint';
import type { NodeConfig } from '../../config/ClusterConfig';
import type { LogStore } from '../LogStore';
import { DurableLogStore } from './DurableLogStore';

/**
 * Opens, or makes, the store of a configured node in its data directory. It holds the directory's lock until it is
 * closed.
 *
 * @throws StartError DATA_LOCKED, DATA_FOREIGN, DATA_DAMAGED, STORE_FAILED
 */
export function openStore({ dataDirectory, members, keys }: NodeConfig): Promise<LogStore> {
  const clusterId = clusterFingerprint(members.map(({ publicKey }) => publicKey));
  return DurableLogStore.open({ directory: dataDirectory, clusterId, publicKey: keys.publicKey });
}
