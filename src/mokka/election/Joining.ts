import { ProtocolError } from '../../errors';
import { TERMS_AHEAD_MAX } from '../../limits';
import type { LogStore } from '../../storage/LogStore';
import { PacketType, type PacketOf } from '../messages/ElectionPacket';
import type { Ballot } from './Ballot';
import type { ElectionNode, ElectionParts } from './ElectionNode';
import type { ElectionTimer } from './ElectionTimer';
import { Forming } from './Forming';

/**
 * How a node without a place in the cluster finds one: it says hello to all members, and what they answer decides
 * whether the cluster forms or the node rejoins it ({@link Forming} has the rule).
 */
export class Joining {
  private readonly forming = new Forming();
  private readonly node: ElectionNode;
  private readonly store: LogStore;
  private saidHelloAt = 0;

  constructor(
    private readonly parts: ElectionParts,
    private readonly ballot: Ballot,
    private readonly timer: ElectionTimer,
  ) {
    this.node = parts.node;
    this.store = parts.store;
  }

  get hasPlace(): boolean {
    return this.store.membership !== 'none';
  }

  /** Members that a forming cluster still waits for; empty when this node has its place. */
  get missingMembers(): string[] {
    return this.hasPlace ? [] : this.forming.missing(this.node.peers);
  }

  /** Called every few ms while this node has no place. */
  tick(now: number): void {
    if (now - this.saidHelloAt < this.parts.timing.heartbeat) return;
    this.saidHelloAt = now;
    this.askAll();
  }

  /** Asks who leads: all that a member that waits for readmission can do. Nothing is decided by the answers. */
  askForLeader(): void {
    this.sendHellos({ round: 0, termAtLeast: 0 });
  }

  /** Another says hello. */
  answer({ publicKey, data }: PacketOf<typeof PacketType.HELLO>): void {
    const { incarnation, round } = data;
    this.node.send(publicKey, PacketType.HELLO_ANSWER, { incarnation, round, leader: this.node.leader });
  }

  /** Another has answered. An answer to an earlier process of this node is none to this one. */
  count(packet: PacketOf<typeof PacketType.HELLO_ANSWER>): void {
    const { publicKey, term, data } = packet;
    if (this.hasPlace || data.incarnation !== this.parts.incarnation) return;
    if (data.lastPosition === 0 && term >= TERMS_AHEAD_MAX)
      throw new ProtocolError(`it claims the term ${term} and to have no log`);
    this.forming.meet(publicKey, data.round, { term, lastPosition: data.lastPosition });
    this.decide();
  }

  private askAll(): void {
    this.sendHellos(this.forming.question);
    this.decide();
  }

  private sendHellos(question: Forming['question']): void {
    for (const peer of this.node.peers)
      this.node.send(peer, PacketType.HELLO, { incarnation: this.parts.incarnation, ...question });
  }

  private decide(): void {
    const decision = this.forming.decide(this.node.peers);
    if (decision.join === 'ask') this.askAll();
    else if (decision.join === 'rejoin') {
      this.parts.logger.info({ event: 'rejoining' }, 'the cluster has a log: rejoining it');
      this.store.setMembership('rejoining');
    } else if (decision.join === 'form') this.form(decision.termFloor);
  }

  private form(termFloor: number): void {
    this.store.setMembership('voter');
    this.ballot.abstainUpTo(termFloor);
    this.parts.logger.info({ event: 'formed', termFloor }, 'all members have met: the cluster is formed');
    this.node.becomeFollower(this.ballot.term);
    // The others form at the same time, and who still asks would end a term that began meanwhile.
    this.timer.waitHeartbeats(1, this.parts.clock.now());
  }
}
