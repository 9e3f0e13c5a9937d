import type Logger from 'bunyan';
import type { Prompt } from './cli/lines/Prompt';
import { openCommandSocket, type CommandSocketOptions } from './cli/socket/openCommandSocket';
import type { NodeConfig } from './config/ClusterConfig';
import { openHttp } from './http/openHttp';
import { pageLine } from './http/pageLine';
import { NodeMetrics } from './metrics/NodeMetrics';
import type { ReplicatedMokka } from './mokka/ReplicatedMokka';

/** The ways into a node beside its prompt. */
export interface OpenDoors extends Pick<Prompt, 'stop'> {
  /** A line for a terminal that says where a browser finds the node; null where it serves no HTTP. */
  readonly page: string | null;
}

/**
 * Opens what a configuration says: the socket for commands, and HTTP.
 *
 * @throws StartError where either cannot be opened.
 */
export async function openDoors(
  mokka: ReplicatedMokka,
  { dataDirectory, http }: NodeConfig,
  logger: Logger,
  options: Omit<CommandSocketOptions, 'dataDirectory'>,
): Promise<OpenDoors> {
  const socket = await openCommandSocket(mokka, { ...options, dataDirectory });
  if (http === null) return { page: null, stop: (deadline) => socket.stop(deadline) };
  const unexpected = (err: Error): void => logger.error({ event: 'http_failed', err }, err.message);
  const metrics = new NodeMetrics(mokka, { dataDirectory });
  const door = await openHttp(mokka, http, { unexpected, metrics });
  logger.info({ event: 'http' }, `HTTP on ${door.address}`);
  return {
    page: pageLine(http),
    stop: async (deadline) => {
      await Promise.all([socket.stop(deadline), door.stop(deadline)]);
      metrics.close();
    },
  };
}
