import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Mokka } from 'mokka';
import NodeStates from 'mokka/dist/consensus/constants/NodeStates';
import type { PacketModel } from 'mokka/dist/consensus/models/PacketModel';
import { DurationCounts } from '../counts/DurationCounts';
import { InvariantError, StartError, toError } from '../errors';
import { MEMBERS_MAX } from '../limits';
import type { LogStore } from '../storage/LogStore';
import { ObservedStore, type WriteKind } from '../storage/ObservedStore';
import { SlowDiskLog } from '../watch/SlowDiskLog';
import { Election } from './election/Election';
import type { ElectionLogger, ElectionTiming } from './election/ElectionNode';
import { MemberReports } from './election/MemberReports';
import { WriteTimes } from './election/WriteTimes';
import { quorumOf } from './log/quorum';
import { decodeElectionPacket, PacketType } from './messages/ElectionPacket';
import { MokkaNode } from './MokkaNode';
import type { NodeEvents } from './NodeEvents';
import type { ElectionView } from './status/NodeView';
import { withSenderState } from './withSenderState';

export interface ElectionSettings extends ElectionTiming {
  /** `tcp://host:port/publicKey` of this node. */
  readonly address: string;
  /** The voting key, hex. */
  readonly privateKey: string;
  readonly store: LogStore;
  readonly logger: ElectionLogger;
}

/** Writes to disk of less than this share of an election timeout are quick enough for the timeouts as they are set. */
const QUICK_WRITE_SHARE = 0.5;

/** The election's ticks within a heartbeat. */
const TICKS_PER_HEARTBEAT = 5;

/** So far ahead, ms, that Mokka never thinks a proof expired: terms end by elections alone. */
const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * npm's Mokka, its election repaired through its public methods (src/README.md, Election; HAZARDS, mokka 1 to 11).
 * The rules are {@link Election}'s. This class gives them the packets that come, the time and what Mokka does: it
 * counts votes, makes the proof of a quorum and checks a leader's. Each state that Mokka comes to passes the ballot here.
 *
 * Events: 'state' as Mokka's, but after the step that changed it; 'error' (Error) for what a peer did wrong;
 * 'fatal' (Error) when this node must not go on, after which it does nothing any more.
 */
export abstract class SafeElection extends Mokka {
  protected readonly store: LogStore;
  protected readonly log: ElectionLogger;
  protected readonly writeTimes: WriteTimes;
  /** Appends to the store: each is on disk when it ends. */
  protected readonly writes = new DurationCounts();
  protected readonly memberReports = new MemberReports();
  protected readonly election: Election;
  /** This node, as the election sees it. */
  protected readonly node: MokkaNode;
  /** As it is set. Mokka's own `electionTimeout` is only how long a candidacy waits for votes. */
  protected readonly timing: ElectionTiming;
  /** What this process of the node calls itself. */
  protected readonly incarnation = randomBytes(8).toString('hex');
  private readonly slowDiskLog = new SlowDiskLog((fields, message) => this.log.warn(fields, message));
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private willTellState = false;

  constructor(settings: ElectionSettings) {
    const { address, privateKey, heartbeat, electionTimeout, store, logger } = settings;
    const writeTimes = new WriteTimes(QUICK_WRITE_SHARE * electionTimeout);
    super({
      address,
      privateKey,
      heartbeat,
      electionTimeout,
      proofExpiration: NEVER,
      logger,
      resMiddleware: (packet: PacketModel) => Promise.resolve(withSenderState(packet, store, writeTimes)),
    });
    this.store = new ObservedStore(store, (kind, write) => this.timeWrite(kind, write));
    this.log = logger;
    this.writeTimes = writeTimes;
    this.timing = { heartbeat, electionTimeout };
    this.node = new MokkaNode(this, (work) => void this.guardAsync(work));
    this.election = new Election({
      node: this.node,
      store: this.store,
      writeTimes,
      timing: this.timing,
      clock: performance,
      random: () => Math.random(),
      incarnation: this.incarnation,
      firstPreVoteRound: randomBytes(6).readUIntBE(0, 6),
      logger,
    });
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
    const { ballot } = this.election;
    const leader = leaderPublicKey ?? '';
    if (state === NodeStates.CANDIDATE) {
      super.setState(state, ballot.voteForSelf(term), '');
    } else if (state === NodeStates.LEADER && !ballot.isOwnCandidacy(term)) {
      this.log.warn(
        { event: 'candidacy_over', term, hardTerm: ballot.term },
        'won an election of a term that is over',
      );
      super.setState(NodeStates.FOLLOWER, ballot.term, '');
    } else if (state === NodeStates.FOLLOWER && term < ballot.term) {
      super.setState(state, ballot.term, '');
    } else {
      if (state === NodeStates.FOLLOWER) ballot.enter(term, leader === '' ? null : leader);
      super.setState(state, term, leader, proof, proofMintedTime);
    }
  }

  override connect(): void {
    const { term } = this.election.ballot;
    if (term > 0) super.setState(NodeStates.FOLLOWER, term, '');
    this.election.resetElectionTimer();
    const tickMs = this.heartbeat / TICKS_PER_HEARTBEAT;
    this.timer = setInterval(() => this.guard(() => this.onTick(performance.now())), tickMs);
  }

  override disconnect(): Promise<void> {
    this.halt();
    return Promise.resolve();
  }

  /** Mokka tells of 'state' in the middle of a step: the node follows at once, its listeners are told after the step. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'state') return super.emit(event, ...values);
    this.stateChanged();
    if (this.willTellState) return true;
    this.willTellState = true;
    // What a listener throws there is uncaught, and breaks nothing of the node's.
    queueMicrotask(() => {
      this.willTellState = false;
      super.emit(event);
    });
    return true;
  }

  /** Handles a packet that came on the link of the member `from`. Never rejects; a bad packet is an 'error'. */
  override emitPacket(packet: Buffer, from = ''): Promise<void> {
    return this.guardAsync(() => this.receivePacket(packet, from), from);
  }

  // Listeners, with what they are told.

  override on<E extends keyof NodeEvents>(event: E, listener: (...values: NodeEvents[E]) => void): this {
    return super.on(event, listener as (...values: unknown[]) => void);
  }

  override once<E extends keyof NodeEvents>(event: E, listener: (...values: NodeEvents[E]) => void): this {
    return super.once(event, listener as (...values: unknown[]) => void);
  }

  override off<E extends keyof NodeEvents>(event: E, listener: (...values: NodeEvents[E]) => void): this {
    return super.off(event, listener as (...values: unknown[]) => void);
  }

  // For the classes above.

  protected get isLeader(): boolean {
    return this.node.role === 'leader';
  }

  protected get isStopped(): boolean {
    return this.stopped;
  }

  /** The leader's public key, or null. */
  protected get leader(): string | null {
    return this.node.leader;
  }

  /** What the election knows now. */
  protected get electionView(): ElectionView {
    const { term, leader, role: state } = this.node;
    const now = performance.now();
    const ownWrites = { member: this.publicKey, ms: this.writeTimes.ofSelf(now) };
    const others = this.writeTimes.slowest;
    return {
      term,
      leader,
      state,
      missing: this.election.missingMembers,
      leaderOfOthers: this.memberReports.leaderOfOthers(now),
      nonVoters: this.memberReports.nonVoters(now),
      slowestWrites: others !== null && others.ms > ownWrites.ms ? others : ownWrites,
    };
  }

  /** A follower answered a heartbeat of this leader. */
  protected abstract followerHeard(publicKey: string, incarnation: string): void;

  /** A packet of a member's election arrived that it sent at `sentAt` of its wall clock, ms since 1970. */
  protected abstract packetFrom(publicKey: string, sentAt: number): void;

  /** The node has another state, term or leader. */
  protected stateChanged(): void {
    this.election.stateChanged();
  }

  /** Every few ms; the election's own work is done here. */
  protected onTick(now: number): void {
    this.election.tick(now);
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

  /** A peer broke the protocol. The class that owns the links closes that peer's. */
  protected peerAtFault(_publicKey: string, error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  /** Emits 'fatal'. Where nobody listens the process ends with the error, as with Node's 'error': never in silence. */
  protected emitFatal(error: Error): void {
    if (this.listenerCount('fatal') > 0) this.emit('fatal', error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }

  private async guardAsync(work: () => Promise<void>, from?: string): Promise<void> {
    if (this.stopped) return;
    try {
      await work();
    } catch (thrown) {
      this.failed(toError(thrown), from);
    }
  }

  /** Something of `from`'s, or else of this node's own, is wrong: see {@link guard}. */
  protected failed(error: Error, from?: string): void {
    if (this.stopped) return;
    if (from !== undefined && !(error instanceof StartError || error instanceof InvariantError)) {
      this.peerAtFault(from, error);
      return;
    }
    this.halt();
    void this.disconnect();
    this.emitFatal(error);
  }

  /** From now on this node does nothing. */
  private halt(): void {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.election.end();
  }

  private async receivePacket(bytes: Buffer, from: string): Promise<void> {
    const packet = decodeElectionPacket(bytes, from);
    if (!this.nodes.has(from)) return;
    const now = performance.now();
    this.packetFrom(from, packet.timestamp);
    this.writeTimes.reported(from, packet.data.writeMs);
    this.memberReports.vote(from, packet.data.votes, now);
    if ('leader' in packet.data) this.memberReports.follows(from, packet.data.leader, now);
    if (this.election.receive(packet)) {
      await super.emitPacket(bytes);
      if (packet.type === PacketType.HEARTBEAT && !this.stopped) this.election.leaderProved(packet);
    } else if (packet.type === PacketType.HEARD && packet.term === this.term)
      this.followerHeard(from, packet.data.incarnation);
  }

  /** Measures a write to disk: what it takes is no silence of the others. */
  private timeWrite(kind: WriteKind, write: () => void): void {
    const from = performance.now();
    write();
    const now = performance.now();
    const writeMs = now - from;
    if (kind === 'append') this.writes.took(writeMs);
    this.election.wrote(writeMs);
    // The other kinds make files, which takes several times as long, and no election waits for them.
    if (kind !== 'append' && kind !== 'hardState') return;
    this.writeTimes.measured(writeMs, now);
    this.slowDiskLog.wrote({ place: this.store.place, writeMs, ...this.timing }, now);
  }
}
