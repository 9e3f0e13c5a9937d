import type { LogStore } from '../../storage/LogStore';

/** What a Mokka logger must have; bunyan's fits. */
export interface ElectionLogger {
  error(...fields: unknown[]): void;
  warn(...fields: unknown[]): void;
  info(...fields: unknown[]): void;
  debug(...fields: unknown[]): void;
  trace(...fields: unknown[]): void;
}

export interface ElectionSettings {
  /** `tcp://host:port/publicKey` of this node. */
  readonly address: string;
  /** The voting key, hex. */
  readonly privateKey: string;
  /** Between a leader's heartbeats, ms. */
  readonly heartbeat: number;
  /** A follower that hears no leader for one to two of these stands for election, ms. */
  readonly electionTimeout: number;
  readonly store: LogStore;
  readonly logger: ElectionLogger;
}
