import type { MemberStatus, NodeInfo } from '../../api';
import type { AddCounts } from '../../counts/AddCounts';
import type { DurationCounts } from '../../counts/DurationCounts';

/** What a node sees now. What only its leader knows of the other members is null on a follower. */
export interface NodeSight {
  readonly info: NodeInfo;
  /** All members, in the order of their numbers. */
  readonly members: readonly MemberStatus[];
}

/** What monitoring asks of a node. It is told at once, whatever the others do. */
export interface NodeVitals extends NodeSight {
  /** Which part of what it may take of its disk the store takes, 0 to 1. */
  readonly storeFill: number;
  /** Leaders that the node came to know, one in two terms twice. */
  readonly leaderChanges: number;
  readonly adds: AddCounts;
  /** Appends to the store, each until it was on disk. */
  readonly writes: DurationCounts;
  /** Callers of push that wait for their answers. */
  readonly pendingAdds: number;
  /** Readers that follow the log. */
  readonly followers: number;
}
