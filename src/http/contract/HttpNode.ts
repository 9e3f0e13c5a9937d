import type { Db, LogReader } from '../../api';
import type { LogEntry } from '../../entry/Entry';

/** How a push through HTTP is made. */
export interface HttpPushOptions {
  /** 16 hex digits. */
  readonly session?: string;
  /** The `Mokka-Since` of an earlier answer: a push with it is never appended twice, however late it is tried again. */
  readonly since?: string;
  /** Append only behind the log with this index. */
  readonly ifLast?: number;
}

/** What the door needs of a node. A TCPMokka is one. */
export interface HttpNode extends LogReader {
  readonly logApi: {
    push(key: string, value: { value: string; nonce?: number }, options?: HttpPushOptions): Promise<LogEntry>;
    /** What this node knows to be committed, for the `Mokka-Since` of an answer; null before its cluster has formed. */
    readonly since?: string | null;
  };
  getDb(): Db;
}

/** The node's figures for Prometheus. */
export interface HttpMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}
