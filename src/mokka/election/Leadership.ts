import { PacketType, type PacketOf } from '../messages/ElectionPacket';
import { quorumOf } from '../log/quorum';
import type { ElectionLogger, ElectionNode, ElectionTiming } from './ElectionNode';
import { LeaderContact } from './LeaderContact';
import type { WriteTimes } from './WriteTimes';

/** A leader steps down when it has not heard a quorum for this many election timeouts. */
const QUORUM_TIMEOUTS = 2;

/**
 * What a leader does to stay one: heartbeats in numbered rounds, and check-quorum (Raft dissertation, 6.2). One of
 * these lasts for one term. Times are monotonic, in ms.
 */
export class Leadership {
  readonly contact: LeaderContact;
  private heartbeatSentAt = -Infinity;

  constructor(
    private readonly node: ElectionNode,
    private readonly writeTimes: WriteTimes,
    private readonly timing: ElectionTiming,
    private readonly logger: ElectionLogger,
    now: number,
  ) {
    this.contact = new LeaderContact(quorumOf(node.peers.length + 1) - 1, now);
  }

  /** Called every few ms. */
  tick(now: number): void {
    if (this.hasLostQuorum(now)) {
      this.logger.warn({ event: 'quorum_lost', term: this.node.term }, 'stepping down: no quorum was heard');
      this.node.becomeFollower(this.node.term);
    } else if (now - this.heartbeatSentAt >= this.timing.heartbeat) this.sendHeartbeats(now);
  }

  /** Begins a round of heartbeats. */
  sendHeartbeats(now: number): void {
    this.heartbeatSentAt = now;
    const round = this.contact.beginRound();
    for (const peer of this.node.peers) this.node.send(peer, PacketType.HEARTBEAT, { round });
  }

  /** A follower answered a heartbeat of this term. */
  heard({ publicKey, data }: PacketOf<typeof PacketType.HEARD>, now: number): void {
    this.contact.heard(publicKey, data, now);
    if (this.contact.wantsRound) this.sendHeartbeats(now);
  }

  /** Calls `done(true)` once a quorum has answered a heartbeat sent after this call; `done(false)` if that never comes. */
  confirm(done: (leads: boolean) => void, now: number): void {
    if (this.contact.confirm(done)) this.sendHeartbeats(now);
  }

  private hasLostQuorum(now: number): boolean {
    const patience = this.writeTimes.ofSelf(now) + (this.writeTimes.slowest?.ms ?? 0);
    return now - this.contact.quorumHeardAt() > QUORUM_TIMEOUTS * this.timing.electionTimeout + patience;
  }
}
