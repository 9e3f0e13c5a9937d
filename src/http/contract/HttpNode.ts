import type { LogEntry } from '../../entry/Entry';
import type { ClusterNode, FollowOptions, LogReader, PushApi, PushMarks } from '../../api';

/** What the door needs of a node. A TCPMokka is one. */
export interface HttpNode extends ClusterNode, LogReader {
  readonly logApi: PushApi & PushMarks;
  /** As `follow`, a page at a time: at least one log in each. */
  followPages(options?: FollowOptions): AsyncGenerator<readonly LogEntry[], void, undefined>;
}

/** The node's figures for Prometheus. */
export interface HttpMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}
