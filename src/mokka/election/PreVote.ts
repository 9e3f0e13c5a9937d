import { PacketType, type PacketOf } from '../messages/ElectionPacket';
import { quorumOf } from '../log/quorum';
import type { Ballot, LogEnd } from './Ballot';
import type { ElectionNode, ElectionParts } from './ElectionNode';
import type { ElectionTimer } from './ElectionTimer';

/**
 * Before each candidacy a node asks whether a quorum would vote for it (Raft dissertation, 9.6). A member says yes
 * only if it has not heard a leader lately and the log is up to date. So a node that was cut off raises no term, and
 * does not topple the leader when it is back.
 */
export class PreVote {
  private readonly node: ElectionNode;
  private readonly heartbeat: number;
  private round: number;
  private underWay: { begunAt: number; readonly agreed: Set<string> } | null = null;

  constructor(
    { node, timing, firstPreVoteRound }: ElectionParts,
    private readonly ballot: Ballot,
    private readonly timer: ElectionTimer,
  ) {
    this.node = node;
    this.heartbeat = timing.heartbeat;
    this.round = firstPreVoteRound;
  }

  /** Asks all members. */
  begin(now: number): void {
    const { node } = this;
    this.underWay = { begunAt: now, agreed: new Set([node.publicKey]) };
    const round = ++this.round;
    for (const peer of node.peers) node.send(peer, PacketType.PRE_VOTE, { round });
  }

  /** Answers to what was asked count no more. */
  end(): void {
    this.underWay = null;
  }

  /** This node wrote to its disk for so long. */
  wrote(ms: number): void {
    if (this.underWay !== null) this.underWay.begunAt += ms;
  }

  /** Another asks. */
  answer(packet: PacketOf<typeof PacketType.PRE_VOTE>, now: number): void {
    const { publicKey: from, term, data } = packet;
    const { leader, role } = this.node;
    const isOpen =
      this.ballot.mayVote &&
      role !== 'leader' &&
      this.timer.isLeaderSilent(leader, now) &&
      term >= this.ballot.term;
    const isUpToDate = this.ballot.isUpToDate(data);
    const agrees = isOpen && isUpToDate && !this.goesBefore(from, data, now);
    if (agrees) {
      this.underWay = null;
      this.timer.deferTo(from, now);
    } else if (isOpen && !isUpToDate && this.underWay === null) {
      // It cannot win against this node's log, but this node can.
      this.timer.expire(now);
    }
    this.node.send(from, PacketType.PRE_VOTED, { round: data.round, agrees, leader });
  }

  /** Another has answered. */
  count({ publicKey, data }: PacketOf<typeof PacketType.PRE_VOTED>): void {
    if (data.agrees && data.round === this.round) this.underWay?.agreed.add(publicKey);
  }

  /** Whether a quorum, this node included, agrees. */
  get isWon(): boolean {
    return this.underWay !== null && this.underWay.agreed.size >= quorumOf(this.node.peers.length + 1);
  }

  /** Of two that ask at the same time with equal logs, the one with the lower key goes first: else both split the votes. */
  private goesBefore(other: string, otherLog: LogEnd, now: number): boolean {
    if (this.underWay === null || now - this.underWay.begunAt > this.heartbeat) return false;
    return this.ballot.compareLog(otherLog) === 0 && this.node.publicKey < other;
  }
}
