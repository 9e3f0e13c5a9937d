import type { ElectionPacket, PacketOf } from '../messages/ElectionPacket';

/** A node's part in its term (Raft, 5.1). */
export type Role = 'follower' | 'candidate' | 'leader';

/** What every packet says of its sender is added where it is sent. */
type AddedToAll = 'lastTerm' | 'lastPosition' | 'votes' | 'writeMs';

type DataOf<Type extends ElectionPacket['type']> = Omit<PacketOf<Type>['data'], AddedToAll>;

/** A node as the rules of election see it: what it is in its term, and its links to the other members. */
export interface ElectionNode {
  readonly publicKey: string;
  /** Public keys of the other members. */
  readonly peers: readonly string[];
  readonly role: Role;
  readonly term: number;
  /** The leader that it follows, or itself when it leads; null: it knows of none. */
  readonly leader: string | null;
  /** What proves that its leader was elected. */
  readonly proof: string | null;
  /** On a candidate: names this candidacy, among several of one term. */
  readonly candidacyNonce: number;

  /** Follows no leader yet, in this term or a later one. */
  becomeFollower(term: number): void;

  /** Begins an election in the next term, and waits so long for votes. */
  becomeCandidate(votesWithinMs: number): void;

  signVote(candidate: string, term: number, nonce: number): string;

  /** Sends a packet, or loses it. Returns at once and never throws. */
  send<Type extends ElectionPacket['type']>(to: string, type: Type, data: DataOf<Type>): void;
}

/** What is set for all nodes of a cluster, ms. */
export interface ElectionTiming {
  /** Between a leader's heartbeats. */
  readonly heartbeat: number;
  /** A follower that hears no leader for one to two of these begins an election. */
  readonly electionTimeout: number;
}

/** Monotonic time, in ms. */
export interface Clock {
  now(): number;
}

/** What a Mokka logger must have; bunyan's fits. */
export interface ElectionLogger {
  error(...fields: unknown[]): void;
  warn(...fields: unknown[]): void;
  info(...fields: unknown[]): void;
  debug(...fields: unknown[]): void;
  trace(...fields: unknown[]): void;
}
