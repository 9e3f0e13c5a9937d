/** What a program that runs a node in its own process needs; see "As a library" in the README. */
export { openCommandSocket, type CommandSocketOptions } from './cli/socket/openCommandSocket';
export type { CommandSocket } from './cli/socket/CommandSocket';
export { type NodeConfig, readConfig } from './config/ClusterConfig';
export { clusterFingerprint } from './config/clusterFingerprint';
export { readKeyFile } from './config/keyFile';
export { generateKeyPair, keyPairFromSecret, type NodeKeys } from './config/keyPair';
export type { Member } from './config/Member';
export {
  ConditionFailedError,
  InvariantError,
  RequestError,
  StartError,
  TrimmedError,
  type RequestErrorCode,
  type StartErrorCode,
} from './errors';
export type {
  Db,
  FollowOptions,
  HistoryOptions,
  LogHistory,
  LogPage,
  LogReader,
  MemberStatus,
  NodeInfo,
  PageOptions,
  PeerInfo,
  PushApi,
  PushOptions,
  Retain,
  TrimApi,
  Trimmed,
} from './api';
export { type MeasuredNode, NodeMetrics, type NodeMetricsOptions } from './metrics/NodeMetrics';
export { openHttp, type HttpOptions, type OpenHttp } from './http/openHttp';
export type { HttpMetrics, HttpNode } from './http/contract/HttpNode';
export type { HttpSettings } from './config/HttpSettings';
export type { NodeEvents } from './mokka/NodeEvents';
export { tuneForLoad } from './tuneForLoad';
export type { LogEntry } from './entry/Entry';
export type { LogStore } from './storage/LogStore';
export { DurableLogStore } from './storage/durable/DurableLogStore';
export { MemoryLogStore } from './storage/MemoryLogStore';
export { openStore } from './storage/durable/openStore';
export { watchedStore, type WatchedStoreOptions } from './watch/watchedStore';
export { TCPMokka, type TCPMokkaSettings } from './TCPMokka';
