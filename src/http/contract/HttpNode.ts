import type { ClusterNode, PushApi, PushMarks, StoredLogs } from '../../api';

/** What the door needs of a node. A TCPMokka is one. */
export interface HttpNode extends ClusterNode {
  readonly logApi: PushApi & PushMarks;
  readonly storedLogs: StoredLogs;
}

/** The node's figures for Prometheus. */
export interface HttpMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}
