import type Logger from 'bunyan';
import type { NodeConfig } from './config/ClusterConfig';
import type { LogStore } from './storage/LogStore';
import { openStore } from './storage/durable/openStore';
import { TCPMokka } from './TCPMokka';

/** A node that is not connected yet, and its store, which is to be closed after the node has left. */
export interface CreatedMokka {
  readonly mokka: TCPMokka;
  readonly store: LogStore;
}

/**
 * The node that a configuration describes, over the store in its data directory. `watch`: what
 * the node is to see of the store, where that is not the store itself.
 */
export async function createMokka(
  config: NodeConfig,
  logger: Logger,
  watch = (store: LogStore): LogStore => store,
): Promise<CreatedMokka> {
  const { address, keys, heartbeat, electionTimeout, retain } = config;
  const members = config.members.map((member) => member.address);
  const { votingKey: privateKey, secretKey } = keys;
  const store = watch(await openStore(config));
  const settings = { heartbeat, electionTimeout, retain };
  return {
    store,
    mokka: new TCPMokka({ address, members, ...settings, logger, store, privateKey, secretKey }),
  };
}
