import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Mokka } from 'mokka';
import NodeStates from 'mokka/dist/consensus/constants/NodeStates';
import type { PacketModel } from 'mokka/dist/consensus/models/PacketModel';
import { buildPartialSignature, buildPublicKeysRootForTerm } from 'mokka/dist/consensus/utils/cryptoUtils';
import { InvariantError, ProtocolError, StartError, toError } from '../../errors';
import { MEMBERS_MAX, TERMS_AHEAD_MAX } from '../../limits';
import { ENTRY_NUMBER_MAX } from '../../entry/Entry';
import type { LogStore } from '../../storage/LogStore';
import { ObservedStore, type WriteKind } from '../../storage/ObservedStore';
import type { ElectionLogger, ElectionSettings } from './ElectionSettings';
import { Forming } from './Forming';
import { LeaderContact } from './LeaderContact';
import { LeaderSilence } from './LeaderSilence';
import { MemberWords } from './MemberWords';
import { SlowDiskLog } from './SlowDiskLog';
import { withStanding } from './withStanding';
import { tellFatal } from './tellFatal';
import { WriteTimes } from './WriteTimes';
import { quorumOf } from '../log/quorum';
import { decodeElectionPacket, PacketType, type PacketOf } from '../messages/ElectionPacket';

export type { ElectionLogger, ElectionSettings } from './ElectionSettings';

/** A leader steps down when it has not heard a quorum for this many election timeouts. */
const QUORUM_TIMEOUTS = 2;

/** Writes to disk of less than this share of an election timeout are quick enough for the timeouts as they are set. */
const QUICK_WRITE_SHARE = 0.5;

/** Looks at its clock this often within a heartbeat. */
const TICKS_PER_HEARTBEAT = 5;

/** So far ahead, ms, that Mokka never thinks a proof expired: terms end by elections alone. */
const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * Mokka's election, repaired through its public methods (src/README.md, Election; HAZARDS, mokka 1 to 11). Mokka still
 * promotes, collects votes, makes the proof of a quorum and checks a leader's proof. How a vote is given and when
 * to promote is decided here, by Raft's rules: the term and the vote are on disk before anything that follows from
 * them leaves the node, one vote a term, only for a log that is up to date, pre-vote, check-quorum.
 *
 * Intervals come from a monotonic clock. What a write to disk takes is no silence: a node that waits for its disk hears
 * nothing and says nothing. So deadlines are put off by what an own write takes, and by what the others say that theirs
 * take; and by the time in which this node did not get to run. Only times depend on it, never who is elected.
 *
 * Events: 'state' as Mokka's; 'error' (Error) for what a peer did wrong;
 * 'fatal' (Error) when this node must not go on, after which it does nothing any more.
 */
export abstract class SafeElection extends Mokka {
  protected readonly store: LogStore;
  protected readonly log: ElectionLogger;
  protected readonly writeTimes: WriteTimes;
  protected readonly memberWords = new MemberWords();
  /** The election timeout as it is set, ms. Mokka's own `electionTimeout` is only how long a candidacy waits for votes. */
  protected readonly silenceMs: number;
  /** What this process of the node calls itself. */
  protected readonly incarnation = randomBytes(8).toString('hex');
  private readonly forming = new Forming();
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private readonly slowDiskLog = new SlowDiskLog((fields, message) => this.log.warn(fields, message));
  private readonly silence: LeaderSilence;
  private beatAt = 0;
  private preVote: { round: number; begunAt: number; agreed: Set<string> } | null = null;
  /** Begins at random: who agreed with an earlier process of this node has not agreed with this one. */
  private lastPreVoteRound = randomBytes(6).readUIntBE(0, 6);
  private contact: LeaderContact | null = null;

  constructor(settings: ElectionSettings) {
    const { store, logger } = settings;
    const writeTimes = new WriteTimes(QUICK_WRITE_SHARE * settings.electionTimeout);
    super({
      address: settings.address,
      privateKey: settings.privateKey,
      heartbeat: settings.heartbeat,
      electionTimeout: settings.electionTimeout,
      proofExpiration: NEVER,
      logger,
      resMiddleware: (packet: PacketModel) => Promise.resolve(withStanding(packet, store, writeTimes)),
    });
    this.store = new ObservedStore(store, (kind, write) => this.timeWrite(kind, write));
    this.log = logger;
    this.writeTimes = writeTimes;
    this.silenceMs = settings.electionTimeout;
    this.silence = new LeaderSilence(settings, writeTimes, () => Math.random());
  }

  // Mokka's methods, repaired.

  override majority(): number {
    const size = this.nodes.size + 1;
    if (size > MEMBERS_MAX)
      throw new StartError(
        'BAD_CONFIG',
        `a cluster has at most ${MEMBERS_MAX} members: Mokka's elections take seconds in a larger one`,
      );
    return quorumOf(size);
  }

  override setState(
    state: number,
    term: number,
    leaderPublicKey: string | null,
    proof?: string,
    proofMintedTime?: number,
  ): void {
    const { term: hardTerm, votedFor } = this.store.hardState;
    if (state === NodeStates.CANDIDATE) {
      const candidacy = Math.max(term, hardTerm + 1);
      this.store.saveHardState({ term: candidacy, votedFor: this.publicKey });
      super.setState(state, candidacy, '');
      return;
    }
    if (state === NodeStates.LEADER && (hardTerm !== term || votedFor !== this.publicKey)) {
      this.log.warn({ event: 'candidacy_over', term, hardTerm }, 'won an election of a term that is over');
      super.setState(NodeStates.FOLLOWER, hardTerm, '');
      return;
    }
    if (state === NodeStates.FOLLOWER) {
      if (term < hardTerm) super.setState(state, hardTerm, '');
      else {
        if (term > hardTerm)
          this.store.saveHardState({ term, votedFor: leaderPublicKey === '' ? null : leaderPublicKey });
        super.setState(state, term, leaderPublicKey ?? '', proof, proofMintedTime);
      }
      return;
    }
    super.setState(state, term, leaderPublicKey ?? '', proof, proofMintedTime);
  }

  override connect(): void {
    this.on('state', () => this.stateChanged());
    if (this.store.hardState.term > 0) super.setState(NodeStates.FOLLOWER, this.store.hardState.term, '');
    this.putOffElection();
    const tickMs = this.heartbeat / TICKS_PER_HEARTBEAT;
    this.timer = setInterval(() => this.guard(() => this.onTick(performance.now())), tickMs);
  }

  override disconnect(): Promise<void> {
    this.halt();
    return Promise.resolve();
  }

  /** Handles a packet that came on the link of the member `from`. Never rejects; a bad packet is an 'error'. */
  override emitPacket(packet: Buffer, from = ''): Promise<void> {
    return this.guardAsync(() => this.receivePacket(packet, from), from);
  }

  // For the classes above.

  protected get isLeader(): boolean {
    return this.state === NodeStates.LEADER;
  }

  protected get isStopped(): boolean {
    return this.stopped;
  }

  /** The leader's public key, or null. */
  protected get leader(): string | null {
    return this.leaderPublicKey === '' ? null : this.leaderPublicKey;
  }

  /** Members that a forming cluster still waits for; empty when this node has its place. */
  protected get missingMembers(): string[] {
    return this.store.membership === 'none' ? this.forming.missing(this.nodes.keys()) : [];
  }

  /** A follower answered a heartbeat of this leader. */
  protected abstract followerHeard(publicKey: string, incarnation: string): void;

  /** A packet of a member's election arrived that it sent at `sentAt` of its wall clock, ms since 1970. */
  protected abstract packetFrom(publicKey: string, sentAt: number): void;

  /** Every few ms; the election's own work is done here. */
  protected onTick(now: number): void {
    const heldUpMs = this.silence.tick(now);
    this.contact?.heldUp(heldUpMs, now);
    if (this.isLeader) this.leadOn(now);
    else if (this.store.membership === 'none') this.beatEvery(now, () => this.sayHello());
    else if (this.state === NodeStates.FOLLOWER && this.silence.isOver(this.leader, now)) this.beginPreVote();
  }

  /**
   * Calls `done(true)` once a quorum has confirmed, after this call, that this node leads; `done(false)` when it
   * does not lead or ceases to before that.
   */
  protected confirmLeadership(done: (leads: boolean) => void): void {
    if (this.contact === null) done(false);
    else if (this.contact.confirm(done)) this.sendHeartbeats(performance.now());
  }

  /** The leader of this node's term sent something other than a heartbeat, which may be stuck behind it. */
  protected leaderSpoke(): void {
    this.silence.heard(performance.now());
    this.preVote = null;
  }

  /** A process of a follower answered something other than a heartbeat of this leader's term. */
  protected followerSpoke(publicKey: string, incarnation: string): void {
    this.contact?.heardOtherwise(publicKey, incarnation, performance.now());
  }

  /** The process of the leader is gone for sure: elect soon, without the rest of the timeout. */
  protected leaderLost(): void {
    this.silence.leaderGone(performance.now());
  }

  /** Asks a follower whose log is complete to take over at once (Raft dissertation, 3.10). */
  protected handOver(publicKey: string): void {
    this.sendPacket(publicKey, PacketType.HANDOVER, {});
  }

  /** Runs work. What it throws is `from`'s fault if it can be, or else ends this node: its own state is in doubt. */
  protected guard(work: () => void, from?: string): void {
    if (this.stopped) return;
    try {
      work();
    } catch (thrown) {
      this.failed(toError(thrown), from);
    }
  }

  private async guardAsync(work: () => Promise<void>, from?: string): Promise<void> {
    if (this.stopped) return;
    try {
      await work();
    } catch (thrown) {
      this.failed(toError(thrown), from);
    }
  }

  /** A peer broke the protocol. The class that owns the links closes that peer's. */
  protected peerAtFault(_publicKey: string, error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  private failed(error: Error, from: string | undefined): void {
    if (this.stopped) return;
    if (from !== undefined && !(error instanceof StartError || error instanceof InvariantError)) {
      this.peerAtFault(from, error);
      return;
    }
    this.halt();
    void this.disconnect();
    tellFatal(this, error);
  }

  /** From now on this node does nothing. */
  private halt(): void {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.contact?.end();
  }

  // Waiting for disks.

  private timeWrite(kind: WriteKind, write: () => void): void {
    const from = performance.now();
    write();
    const now = performance.now();
    const writeMs = now - from;
    this.silence.wrote(writeMs);
    if (this.preVote !== null) this.preVote.begunAt += writeMs;
    // The others are made several times as long by files that are made, and no election waits for them.
    if (kind !== 'append' && kind !== 'hardState') return;
    this.writeTimes.measured(writeMs, now);
    const { heartbeat, silenceMs: electionTimeout } = this;
    this.slowDiskLog.wrote({ place: this.store.place, writeMs, heartbeat, electionTimeout }, now);
  }

  // Following.

  private putOffElection(): void {
    this.silence.putOff(performance.now());
    this.preVote = null;
  }

  private stateChanged(): void {
    this.contact?.end();
    this.contact = this.isLeader ? new LeaderContact(this.majority() - 1, performance.now()) : null;
    if (this.isLeader) this.sendHeartbeats(performance.now());
    else this.putOffElection();
  }

  private async receivePacket(bytes: Buffer, from: string): Promise<void> {
    const packet = decodeElectionPacket(bytes, from);
    if (!this.nodes.has(from)) return;
    this.packetFrom(from, packet.timestamp);
    this.writeTimes.tell(from, packet.data.writeMs);
    this.memberWords.said(from, packet.data.votes, performance.now());
    if (packet.type === PacketType.HEARTBEAT) {
      await this.heartbeatFrom(packet, bytes);
      return;
    }
    if (packet.term > this.hardTerm && packet.type !== PacketType.VOTE) this.adoptTerm(packet.term);
    switch (packet.type) {
      case PacketType.VOTE:
        this.answerVote(packet);
        break;
      case PacketType.VOTED:
        if (packet.data.signature !== null && this.isOfThisCandidacy(packet)) await super.emitPacket(bytes);
        break;
      case PacketType.PRE_VOTE:
        this.answerPreVote(packet);
        break;
      case PacketType.PRE_VOTED:
        this.memberWords.follows(from, packet.data.leader, performance.now());
        this.countPreVote(packet);
        break;
      case PacketType.HEARD:
        this.heardBy(packet);
        break;
      case PacketType.HELLO:
        this.answerHello(packet);
        break;
      case PacketType.HELLO_ANSWER:
        this.memberWords.follows(from, packet.data.leader, performance.now());
        this.metMember(packet);
        break;
      case PacketType.HANDOVER:
        this.takeOver(packet);
        break;
    }
  }

  private get hardTerm(): number {
    return this.store.hardState.term;
  }

  /**
   * A higher term ends what this node was in its own (Raft, 5.1). A node without a place has no term to keep. One that
   * is far ahead is approached in steps: the packets of an honest member bring this node there all the same.
   */
  private adoptTerm(term: number): void {
    if (this.store.membership === 'none') return;
    this.setState(NodeStates.FOLLOWER, Math.min(term, this.hardTerm + TERMS_AHEAD_MAX), '');
  }

  private async heartbeatFrom(packet: PacketOf<typeof PacketType.HEARTBEAT>, bytes: Buffer): Promise<void> {
    const { publicKey: from, term, proof } = packet;
    const { round } = packet.data;
    // A node without a place learns of the leader's log from the answers to its hellos.
    if (this.store.membership === 'none') return;
    if (term >= this.hardTerm) {
      const replayed = proof === this.proof && (from !== this.leaderPublicKey || term !== this.term);
      const second = term === this.term && this.leader !== null && this.leader !== from;
      if (replayed || second) throw new ProtocolError(`it claims the term ${term}, which another leads`);
      await super.emitPacket(bytes);
      if (this.stopped || this.leaderPublicKey !== from || this.term !== term) return;
      this.leaderSpoke();
    }
    const voter = this.store.membership === 'voter';
    this.sendPacket(from, PacketType.HEARD, { round, incarnation: this.incarnation, voter });
  }

  // Voting.

  private isUpToDate({ lastTerm, lastPosition }: { lastTerm: number; lastPosition: number }): boolean {
    const last = this.store.last ?? { term: 0, position: 0 };
    return lastTerm > last.term || (lastTerm === last.term && lastPosition >= last.position);
  }

  /** Gives the vote or not (Raft, 5.2 and 5.4.1): one synchronous step, on disk before the answer leaves. */
  private answerVote(packet: PacketOf<typeof PacketType.VOTE>): void {
    const { publicKey: from, term, data } = packet;
    if (this.store.membership !== 'voter') return;
    if (term > this.hardTerm + TERMS_AHEAD_MAX) {
      this.adoptTerm(term);
      this.sendPacket(from, PacketType.VOTED, { nonce: data.nonce, signature: null });
      return;
    }
    const votedFor = term > this.hardTerm ? null : this.store.hardState.votedFor;
    const free = term >= this.hardTerm && (votedFor === null || votedFor === from);
    const granted = free && this.isUpToDate(data);
    if (granted && votedFor === null) this.store.saveHardState({ term, votedFor: from });
    if (term > this.term) this.setState(NodeStates.FOLLOWER, term, '');
    if (granted) this.putOffElection();
    const signature = granted ? this.signVote(from, term, data.nonce) : null;
    this.sendPacket(from, PacketType.VOTED, { nonce: data.nonce, signature });
  }

  private signVote(candidate: string, term: number, nonce: number): string {
    const root = buildPublicKeysRootForTerm(this.publicKeysRoot, term, nonce, candidate);
    return buildPartialSignature(this.privateKey, term, nonce, root);
  }

  private isOfThisCandidacy(packet: PacketOf<typeof PacketType.VOTED>): boolean {
    return (
      this.state === NodeStates.CANDIDATE &&
      packet.term === this.term &&
      packet.data.nonce === this.vote.nonce
    );
  }

  private beginPreVote(): void {
    // Not heard for an election timeout: pushes and reads must not wait for it, nor `info` name it.
    if (this.leader !== null) this.setState(NodeStates.FOLLOWER, this.term, '');
    this.putOffElection();
    if (this.store.membership !== 'voter') {
      // It can only wait for a leader; the answers say whether the others have one.
      this.sendHellos({ round: 0, termAtLeast: 0 });
      return;
    }
    const round = ++this.lastPreVoteRound;
    this.preVote = { round, begunAt: performance.now(), agreed: new Set([this.publicKey]) };
    for (const peer of this.nodes.keys()) this.sendPacket(peer, PacketType.PRE_VOTE, { round });
    this.promoteIfAgreed();
  }

  private answerPreVote(packet: PacketOf<typeof PacketType.PRE_VOTE>): void {
    const { publicKey: from, term, data } = packet;
    const now = performance.now();
    const open =
      this.store.membership === 'voter' &&
      !this.isLeader &&
      this.silence.isLong(this.leader, now) &&
      term >= this.hardTerm;
    const agrees = open && this.isUpToDate(data) && !this.goesBefore(from, data, now);
    if (agrees) {
      this.preVote = null;
      this.silence.letStand(from, now);
    } else if (open && this.preVote === null && !this.isUpToDate(data)) {
      // Who asks cannot win against this log, but this one can.
      this.silence.end(now);
    }
    this.sendPacket(from, PacketType.PRE_VOTED, { round: data.round, agrees, leader: this.leader });
  }

  /** Of two that ask at the same time with equal logs, the lower key goes first: else both split the votes. */
  private goesBefore(
    other: string,
    otherEnd: { lastTerm: number; lastPosition: number },
    now: number,
  ): boolean {
    if (this.preVote === null || now - this.preVote.begunAt > this.heartbeat) return false;
    const last = this.store.last ?? { term: 0, position: 0 };
    const equal = last.term === otherEnd.lastTerm && last.position === otherEnd.lastPosition;
    return equal && this.publicKey < other;
  }

  private countPreVote(packet: PacketOf<typeof PacketType.PRE_VOTED>): void {
    if (!packet.data.agrees || this.preVote?.round !== packet.data.round) return;
    this.preVote.agreed.add(packet.publicKey);
    this.promoteIfAgreed();
  }

  private promoteIfAgreed(): void {
    if (this.preVote === null || this.preVote.agreed.size < this.majority()) return;
    this.preVote = null;
    this.promote();
  }

  private promote(): void {
    if (this.state !== NodeStates.FOLLOWER || this.store.membership !== 'voter') return;
    if (this.hardTerm === ENTRY_NUMBER_MAX) {
      this.log.error({ event: 'last_term' }, 'no election: this is the last term that an entry can hold');
      return;
    }
    if (this.nodes.size === 0) {
      // Mokka's quorum needs a peer (HAZARDS, mokka 10).
      this.setState(NodeStates.CANDIDATE, this.term + 1, '');
      this.setState(NodeStates.LEADER, this.term, this.publicKey);
      return;
    }
    // A voter may be in a write when it is asked, and writes its vote then.
    this.electionTimeout = this.silenceMs + 2 * (this.writeTimes.slowest?.ms ?? 0);
    void this.guardAsync(() => this.nodeApi.promote());
  }

  /**
   * The leader that this node follows, in the term that it follows it in, is about to stop: elect at once. There is no
   * pre-vote, since the leader still beats. Not with a log that is behind: that could only end the term, not win.
   */
  private takeOver(packet: PacketOf<typeof PacketType.HANDOVER>): void {
    if (packet.publicKey !== this.leader || packet.term !== this.term || this.isLeader) return;
    const { lastTerm, lastPosition } = packet.data;
    const last = this.store.last ?? { term: 0, position: 0 };
    if (last.term === lastTerm && last.position >= lastPosition) this.promote();
  }

  // Leading.

  /** On a leader: when it last heard of a follower, monotonic ms. */
  protected heardAt(publicKey: string): number {
    return this.contact?.heardAt(publicKey) ?? -Infinity;
  }

  private leadOn(now: number): void {
    if (this.contact === null) return;
    const patience = this.writeTimes.ofSelf(now) + (this.writeTimes.slowest?.ms ?? 0);
    if (now - this.contact.quorumHeardAt() > QUORUM_TIMEOUTS * this.silenceMs + patience) {
      this.log.warn({ event: 'quorum_lost', term: this.term }, 'stepping down: no quorum was heard');
      this.setState(NodeStates.FOLLOWER, this.term, '');
      return;
    }
    this.beatEvery(now, () => this.sendHeartbeats(now));
  }

  private sendHeartbeats(now: number): void {
    if (this.contact === null) return;
    this.beatAt = now;
    const round = this.contact.beginRound();
    for (const peer of this.nodes.keys()) this.sendPacket(peer, PacketType.HEARTBEAT, { round });
  }

  private heardBy(packet: PacketOf<typeof PacketType.HEARD>): void {
    if (packet.term !== this.term || this.contact === null) return;
    const { incarnation } = packet.data;
    this.contact.heard(packet.publicKey, packet.data, performance.now());
    if (this.contact.wantsRound) this.sendHeartbeats(performance.now());
    this.followerHeard(packet.publicKey, incarnation);
  }

  // Finding a place.

  private sayHello(): void {
    if (this.store.membership !== 'none') return;
    this.sendHellos(this.forming.question);
    this.findPlace();
  }

  private sendHellos(question: { round: number; termAtLeast: number }): void {
    for (const peer of this.nodes.keys())
      this.sendPacket(peer, PacketType.HELLO, { incarnation: this.incarnation, ...question });
  }

  private answerHello(packet: PacketOf<typeof PacketType.HELLO>): void {
    const { incarnation, round, termAtLeast } = packet.data;
    if (this.store.last === null && termAtLeast > this.hardTerm) this.adoptTerm(termAtLeast);
    this.sendPacket(packet.publicKey, PacketType.HELLO_ANSWER, { incarnation, round, leader: this.leader });
  }

  private metMember(packet: PacketOf<typeof PacketType.HELLO_ANSWER>): void {
    if (this.store.membership !== 'none' || packet.data.incarnation !== this.incarnation) return;
    const { round, lastPosition } = packet.data;
    if (lastPosition === 0 && packet.term >= TERMS_AHEAD_MAX)
      throw new ProtocolError(`it claims the term ${packet.term} and to have no log`);
    this.forming.meet(packet.publicKey, round, { term: packet.term, lastPosition });
    this.findPlace();
  }

  private findPlace(): void {
    const decision = this.forming.decide(this.nodes.keys());
    if (decision.join === 'wait') return;
    if (decision.join === 'ask') {
      this.sayHello();
      return;
    }
    if (decision.join === 'rejoin') {
      this.log.info({ event: 'rejoining' }, 'the cluster has a log: rejoining it');
      this.store.setMembership('rejoining');
      return;
    }
    this.store.setMembership('voter');
    // An own vote that was lost with the disk stays the only one of its term.
    if (decision.termFloor > 0)
      this.store.saveHardState({ term: decision.termFloor, votedFor: this.publicKey });
    this.log.info(
      { event: 'formed', termFloor: decision.termFloor },
      'all members have met: the cluster is formed',
    );
    super.setState(NodeStates.FOLLOWER, this.hardTerm, '');
    // The others form at the same time, and who still asks would end a term that began meanwhile.
    this.silence.waitFor(1, performance.now());
  }

  private beatEvery(now: number, beat: () => void): void {
    if (now - this.beatAt < this.heartbeat) return;
    this.beatAt = now;
    beat();
  }

  private sendPacket(publicKey: string, type: number, data: object): void {
    void this.guardAsync(() => this.messageApi.message(this.messageApi.packet(type, data), publicKey));
  }
}
