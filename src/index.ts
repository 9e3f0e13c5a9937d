/** What a program that runs a node in its own process needs; see "As a library" in the README. */
export { clusterFingerprint } from './config/clusterFingerprint';
export { generateKeyPair, keyPairFromSecret, type NodeKeys } from './config/keyPair';
export {
  InvariantError,
  RequestError,
  StartError,
  type RequestErrorCode,
  type StartErrorCode,
} from './errors';
export type { DbFace, LogApiFace, NodeInfo, PeerInfo, PushOptions } from './mokka/api';
export { tuneForLoad } from './tuneForLoad';
export type { LogEntry } from './storage/Entry';
export type { LogStore } from './storage/LogStore';
export { LmdbLogStore } from './storage/LmdbLogStore';
export { MemoryLogStore } from './storage/MemoryLogStore';
export { watchedStore, type WatchedStoreOptions } from './watch/watchedStore';
export { TCPMokka, type TCPMokkaSettings } from './TCPMokka';
