import type { LogStore } from '../../storage/LogStore';
import type { Clock } from '../log/Clock';
import type { ElectionPacket, PacketData } from '../messages/ElectionPacket';
import type { WriteTimes } from './WriteTimes';

/** A node's part in its term (Raft, 5.1). */
export type Role = 'follower' | 'candidate' | 'leader';

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

  /** Sends a packet, or loses it. What every packet says of its sender is added. Returns at once and never throws. */
  send<Type extends ElectionPacket['type']>(to: string, type: Type, data: PacketData<Type>): void;
}

/** What is set for all nodes of a cluster, ms. */
export interface ElectionTiming {
  /** Between a leader's heartbeats. */
  readonly heartbeat: number;
  /** A follower that hears no leader for one to two of these begins an election. */
  readonly electionTimeout: number;
}

/** What a Mokka logger must have; bunyan's fits. */
export interface ElectionLogger {
  error(...fields: unknown[]): void;
  warn(...fields: unknown[]): void;
  info(...fields: unknown[]): void;
  debug(...fields: unknown[]): void;
  trace(...fields: unknown[]): void;
}

/** What the rules of election are given. */
export interface ElectionParts {
  readonly node: ElectionNode;
  readonly store: LogStore;
  readonly writeTimes: WriteTimes;
  readonly timing: ElectionTiming;
  readonly clock: Clock;
  /** From 0, below 1. */
  readonly random: () => number;
  /** What this process of the node calls itself. */
  readonly incarnation: string;
  /** Drawn at random: who agreed with an earlier process of this node has not agreed with this one. */
  readonly firstPreVoteRound: number;
  readonly logger: ElectionLogger;
}
