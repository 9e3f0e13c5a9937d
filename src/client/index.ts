/** `mokka-cluster/client`: the log of a cluster from any program, over HTTP. It holds nothing of a node. */
import type { ConnectOptions } from './contract';
import { LogClient } from './LogClient';

export { ConditionFailedError, RequestError, TrimmedError, type RequestErrorCode } from './clientErrors';
export type {
  AppendOptions,
  ConnectOptions,
  EntriesOptions,
  FollowOptions,
  HistoryOptions,
  LogEntry,
  LogHistory,
  LogPage,
  NodeInfo,
  PeerInfo,
  RequestOptions,
  Trimmed,
} from './contract';
export { LogClient } from './LogClient';

/**
 * The log of the cluster at these endpoints. Nothing is asked yet: a node that is down is no error of this.
 *
 * @throws RequestError BAD_ARGUMENT
 */
export function connect(options: ConnectOptions): LogClient {
  return new LogClient(options);
}
