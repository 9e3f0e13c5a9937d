import { ProtocolError } from '../../errors';
import { ENTRY_NUMBER_MAX } from '../../entry/Entry';
import { PacketType, type ElectionPacket, type PacketOf } from '../messages/ElectionPacket';
import { Ballot } from './Ballot';
import type { ElectionNode, ElectionParts } from './ElectionNode';
import { ElectionTimer } from './ElectionTimer';
import { Joining } from './Joining';
import { Leadership } from './Leadership';
import { PreVote } from './PreVote';

/**
 * Raft's rules of election (src/README.md, Election): ticks and packets in; packets, writes and changes of the node's
 * role out. It has no socket, timer or clock of its own. Each rule is in a part of it: {@link Ballot}, {@link PreVote},
 * {@link ElectionTimer}, {@link Leadership}, {@link Joining}.
 *
 * npm's Mokka still counts the votes and checks the proof of a leader: {@link ElectionNode} is what the rules see of it.
 */
export class Election {
  readonly ballot: Ballot;
  private readonly node: ElectionNode;
  private readonly timer: ElectionTimer;
  private readonly preVote: PreVote;
  private readonly joining: Joining;
  /** On a leader. */
  private leadership: Leadership | null = null;

  constructor(private readonly parts: ElectionParts) {
    const { node, store, timing, writeTimes, random } = parts;
    this.node = node;
    this.ballot = new Ballot(store, node.publicKey);
    this.timer = new ElectionTimer(timing, writeTimes, random);
    this.preVote = new PreVote(parts, this.ballot, this.timer);
    this.joining = new Joining(parts, this.ballot, this.timer);
  }

  /** Called every few ms. */
  tick(now: number): void {
    const heldUpMs = this.timer.tick(now);
    if (this.leadership !== null) {
      this.leadership.contact.heldUp(heldUpMs, now);
      this.leadership.tick(now);
    } else if (!this.joining.hasPlace) this.joining.tick(now);
    else if (this.node.role === 'follower' && this.timer.hasExpired(this.node.leader, now))
      this.beginPreVote();
  }

  /**
   * Handles a packet of a member. Returns whether Mokka is to handle it too: it counts votes, and follows a leader whose
   * proof holds ({@link leaderProved} comes after that).
   *
   * @throws ProtocolError
   */
  receive(packet: ElectionPacket): boolean {
    if (packet.type === PacketType.HEARTBEAT) return this.mayFollow(packet);
    if (packet.term > this.ballot.term && packet.type !== PacketType.VOTE) this.enterTerm(packet.term);
    switch (packet.type) {
      case PacketType.VOTED:
        return packet.data.signature !== null && this.isOfThisCandidacy(packet);
      case PacketType.VOTE:
        this.answerVote(packet);
        break;
      case PacketType.PRE_VOTE:
        this.preVote.answer(packet, this.now);
        break;
      case PacketType.PRE_VOTED:
        this.preVote.count(packet);
        this.beginElectionIfAgreed();
        break;
      case PacketType.HEARD:
        if (packet.term === this.node.term) this.leadership?.heard(packet, this.now);
        break;
      case PacketType.HELLO:
        this.answerHello(packet);
        break;
      case PacketType.HELLO_ANSWER:
        this.joining.count(packet);
        break;
      case PacketType.HANDOVER:
        this.takeOver(packet);
        break;
    }
    return false;
  }

  /** Mokka has handled a heartbeat: if its proof holds, this node follows its sender. */
  leaderProved(packet: PacketOf<typeof PacketType.HEARTBEAT>): void {
    if (this.node.leader !== packet.publicKey || this.node.term !== packet.term) return;
    this.heardLeader();
    this.answerHeartbeat(packet);
  }

  /** The node has another role, term or leader. */
  stateChanged(): void {
    this.end();
    if (this.node.role !== 'leader') {
      this.resetElectionTimer();
      return;
    }
    this.leadership = new Leadership(this.parts, this.now);
    this.leadership.sendHeartbeats(this.now);
  }

  /** Waits for one to two election timeouts from now on. */
  resetElectionTimer(): void {
    this.timer.reset(this.now);
    this.preVote.end();
  }

  /** This node wrote to its disk for so long. */
  wrote(ms: number): void {
    this.timer.wrote(ms);
    this.preVote.wrote(ms);
  }

  /** This node leads no more. Calls back who waits for a confirmation. */
  end(): void {
    this.leadership?.contact.end();
    this.leadership = null;
  }

  // For the log.

  /** The leader of this term sent something: heartbeats may be stuck behind it. */
  heardLeader(): void {
    this.timer.heardLeader(this.now);
    this.preVote.end();
  }

  /** A process of a follower answered something other than a heartbeat, of this leader's term. */
  heardFollower(publicKey: string, incarnation: string): void {
    this.leadership?.contact.heardOtherwise(publicKey, incarnation, this.now);
  }

  /** On a leader: when it last heard of a follower, monotonic ms. */
  followerHeardAt(publicKey: string): number {
    return this.leadership?.contact.heardAt(publicKey) ?? -Infinity;
  }

  /** The process of the leader is gone for sure: elect soon, without the rest of the timeout. */
  leaderGone(): void {
    this.timer.leaderGone(this.now);
  }

  /**
   * Calls `done(true)` once a quorum has confirmed, after this call, that this node leads; `done(false)` when it
   * does not lead or ceases to before that.
   */
  confirmLeadership(done: (leads: boolean) => void): void {
    if (this.leadership === null) done(false);
    else this.leadership.confirm(done, this.now);
  }

  /** Asks a follower whose log is complete to take over at once (Raft dissertation, 3.10). */
  handOver(publicKey: string): void {
    this.node.send(publicKey, PacketType.HANDOVER, {});
  }

  /** Members that a forming cluster still waits for; empty when this node has its place. */
  get missingMembers(): string[] {
    return this.joining.missingMembers;
  }

  private get now(): number {
    return this.parts.clock.now();
  }

  /** A higher term ends what this node was in its own (Raft, 5.1). A node without a place has no term to keep. */
  private enterTerm(term: number): void {
    if (this.joining.hasPlace) this.node.becomeFollower(Math.min(term, this.ballot.reachableTerm));
  }

  // Following.

  /** Whether a heartbeat may be of a leader of this term or a later one; else it is answered, and that is all. */
  private mayFollow(packet: PacketOf<typeof PacketType.HEARTBEAT>): boolean {
    // A node without a place learns of the leader's log from the answers to its hellos.
    if (!this.joining.hasPlace) return false;
    const { publicKey: from, term, proof } = packet;
    if (term < this.ballot.term) {
      this.answerHeartbeat(packet);
      return false;
    }
    const { leader } = this.node;
    // Mokka checks no proof that it knows already.
    const isReplayed = proof === this.node.proof && (from !== leader || term !== this.node.term);
    const isSecondLeader = term === this.node.term && leader !== null && leader !== from;
    if (isReplayed || isSecondLeader)
      throw new ProtocolError(`it claims the term ${term}, which another leads`);
    return true;
  }

  private answerHeartbeat({ publicKey, data }: PacketOf<typeof PacketType.HEARTBEAT>): void {
    const { incarnation } = this.parts;
    const voter = this.ballot.mayVote;
    this.node.send(publicKey, PacketType.HEARD, { round: data.round, incarnation, voter });
  }

  private answerHello(packet: PacketOf<typeof PacketType.HELLO>): void {
    const { termAtLeast } = packet.data;
    if (this.parts.store.last === null && termAtLeast > this.ballot.term) this.enterTerm(termAtLeast);
    this.joining.answer(packet);
  }

  // Voting.

  private answerVote({ publicKey: candidate, term, data }: PacketOf<typeof PacketType.VOTE>): void {
    if (!this.ballot.mayVote) return;
    const { nonce } = data;
    if (term > this.ballot.reachableTerm) {
      this.enterTerm(term);
      this.node.send(candidate, PacketType.VOTED, { nonce, signature: null });
      return;
    }
    const isGranted = this.ballot.grant(candidate, term, data);
    if (term > this.node.term) this.node.becomeFollower(term);
    if (isGranted) this.resetElectionTimer();
    const signature = isGranted ? this.node.signVote(candidate, term, nonce) : null;
    this.node.send(candidate, PacketType.VOTED, { nonce, signature });
  }

  private isOfThisCandidacy({ term, data }: PacketOf<typeof PacketType.VOTED>): boolean {
    const { node } = this;
    return node.role === 'candidate' && term === node.term && data.nonce === node.candidacyNonce;
  }

  // Becoming a candidate.

  private beginPreVote(): void {
    // Its leader was not heard for an election timeout: pushes and reads must not wait for it, nor `info` name it.
    if (this.node.leader !== null) this.node.becomeFollower(this.node.term);
    this.resetElectionTimer();
    if (!this.ballot.mayVote) {
      this.joining.askForLeader();
      return;
    }
    this.preVote.begin(this.now);
    this.beginElectionIfAgreed();
  }

  private beginElectionIfAgreed(): void {
    if (!this.preVote.isWon) return;
    this.preVote.end();
    this.becomeCandidate();
  }

  private becomeCandidate(): void {
    if (this.node.role !== 'follower' || !this.ballot.mayVote) return;
    const { timing, writeTimes, logger } = this.parts;
    if (this.ballot.term === ENTRY_NUMBER_MAX) {
      logger.error({ event: 'last_term' }, 'no election: this is the last term that an entry can hold');
      return;
    }
    // A voter may be in a write when it is asked, and writes its vote then.
    this.node.becomeCandidate(timing.electionTimeout + 2 * (writeTimes.slowest?.ms ?? 0));
  }

  /**
   * The leader that this node follows, in the term that it follows it in, is about to stop: elect at once. There is no
   * pre-vote, since the others still hear the leader. Not with a log that is behind: that could only end the term, not win.
   */
  private takeOver({ publicKey, term, data }: PacketOf<typeof PacketType.HANDOVER>): void {
    const { leader, role } = this.node;
    if (publicKey !== leader || term !== this.node.term || role === 'leader') return;
    if (this.ballot.compareLog(data) <= 0) this.becomeCandidate();
  }
}
