import { PacketType, type PacketOf } from '../messages/ElectionPacket';
import { quorumOf } from '../log/quorum';
import type { ElectionParts } from './ElectionNode';
import { LeaderContact } from './LeaderContact';

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
    private readonly parts: ElectionParts,
    now: number,
  ) {
    this.contact = new LeaderContact(quorumOf(parts.node.peers.length + 1) - 1, now);
  }

  /** Called every few ms. */
  tick(now: number): void {
    const { node, timing, logger } = this.parts;
    if (this.hasLostQuorum(now)) {
      logger.warn({ event: 'quorum_lost', term: node.term }, 'stepping down: no quorum was heard');
      node.becomeFollower(node.term);
    } else if (now - this.heartbeatSentAt >= timing.heartbeat) this.sendHeartbeats(now);
  }

  /** Begins a round of heartbeats. */
  sendHeartbeats(now: number): void {
    const { node } = this.parts;
    this.heartbeatSentAt = now;
    const round = this.contact.beginRound();
    for (const peer of node.peers) node.send(peer, PacketType.HEARTBEAT, { round });
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
    const { writeTimes, timing } = this.parts;
    const patience = writeTimes.ofSelf(now) + (writeTimes.slowest?.ms ?? 0);
    return now - this.contact.quorumHeardAt() > QUORUM_TIMEOUTS * timing.electionTimeout + patience;
  }
}
