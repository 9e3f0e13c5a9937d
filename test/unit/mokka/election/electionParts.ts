import type { ElectionNode, ElectionParts, Role } from '../../../../src/mokka/election/ElectionNode';
import { WriteTimes } from '../../../../src/mokka/election/WriteTimes';
import type { MemoryLogStore } from '../../../../src/storage/MemoryLogStore';

export const HEARTBEAT = 50;
export const TIMEOUT = 200;
/** The time, unless a test says else. */
export const NOW = 1000;
export const INCARNATION = '0'.repeat(16);

const silent = (): void => undefined;

/** The node `m`, of three, for a part of its election alone: it keeps what the part has it do. */
export class StandInNode implements ElectionNode {
  readonly publicKey = 'm';
  peers: readonly string[] = ['a', 'z'];
  role: Role = 'follower';
  leader: string | null = null;
  readonly proof = null;
  readonly candidacyNonce = 0;
  readonly sent: { readonly to: string; readonly type: number; readonly data: object }[] = [];
  /** The terms in which it was made a follower. */
  readonly followed: number[] = [];

  constructor(private readonly store: MemoryLogStore) {}

  get term(): number {
    return this.store.hardState.term;
  }

  becomeFollower(term: number): void {
    this.followed.push(term);
  }

  becomeCandidate(): void {
    // No part does that.
  }

  signVote(): string {
    return '';
  }

  send(to: string, type: number, data: object): void {
    this.sent.push({ to, type, data });
  }
}

/** What a part of an election is given. It waits for just one election timeout, and its disks are quick. */
export function partsOf(node: ElectionNode, store: MemoryLogStore): ElectionParts {
  return {
    node,
    store,
    writeTimes: new WriteTimes(TIMEOUT / 2),
    timing: { heartbeat: HEARTBEAT, electionTimeout: TIMEOUT },
    clock: { now: () => NOW },
    random: () => 0,
    incarnation: INCARNATION,
    firstPreVoteRound: 0,
    logger: { error: silent, warn: silent, info: silent, debug: silent, trace: silent },
  };
}

/** Of each packet, where a part looks at none of it. */
export const HEAD = { state: 0, proof: null, timestamp: 1 };
export const OF_SENDER = { votes: true, writeMs: 0 };
