import type { ClusterNode, LogReader, PushApi, PushMarks } from '../../api';

/** What the door needs of a node. A TCPMokka is one. */
export interface HttpNode extends ClusterNode, LogReader {
  readonly logApi: PushApi & PushMarks;
}

/** The node's figures for Prometheus. */
export interface HttpMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}
