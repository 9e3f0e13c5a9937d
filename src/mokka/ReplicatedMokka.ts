import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { StartError } from '../errors';
import { HANDOVER_MS_MAX, KEY_STEPS_A_TURN } from '../limits';
import { LOG_LIMITS, type LogLimits } from './log/LogLimits';
import { IDENTITY_BYTES, type LogEntry } from '../entry/Entry';
import { AddCounts } from '../counts/AddCounts';
import { AnsweredLogs } from './pushes/AnsweredLogs';
import type {
  ClusterNode,
  CommittedLog,
  Db,
  FollowOptions,
  LogPage,
  LogReader,
  PageOptions,
  Retain,
  Trimmed,
} from '../api';
import { Handover } from './election/Handover';
import { LogApi } from './pushes/LogApi';
import { LogReads } from './requests/LogReads';
import { isElectionPacket } from './messages/ElectionPacket';
import {
  decodeLogMessage,
  encodeLogMessage,
  type LogMessage,
  type ReplicationMessage,
} from './messages/LogMessage';
import { memberKeys, refuseUnlisted } from './memberKeys';
import { leaveUncaught } from './NodeEvents';
import type { NodeVitals } from './status/NodeVitals';
import { FlushTurn } from './FlushTurn';
import { FullLeader } from './FullLeader';
import { ForwardedAnswers } from './pushes/ForwardedAnswers';
import { PushIntake } from './pushes/PushIntake';
import { NodeView, type LinkState } from './status/NodeView';
import { ReplicatedLog } from './log/ReplicatedLog';
import { NodeReads } from './requests/NodeReads';
import type { Outbox } from './messages/Outbox';
import { PeerQuestions } from './requests/PeerQuestions';
import { RequestGate } from './requests/RequestGate';
import { Retention } from './Retention';
import { LagQuestions } from './status/LagQuestions';
import { StoppingLeader } from './StoppingLeader';
import { TrimRequests } from './requests/TrimRequests';
import { ArchiveLog } from '../watch/ArchiveLog';
import { SafeElection, type ElectionSettings } from './SafeElection';

export interface ReplicatedMokkaSettings extends ElectionSettings {
  /**
   * Addresses of all members, this node's included, in the same order on every node: a member's INDEX is its place
   * here. Only these can join.
   */
  readonly members: readonly string[];
  /** What of the log is kept, the same on every node; all where it is left out. */
  readonly retain?: Retain | null;
}

/**
 * npm's Mokka with what the tutorial's had: `logApi`, `getDb()` and the 'data' event. It puts election, log, pushes
 * and reads together; it has no rule of consensus of its own.
 *
 * The class below gives `write(address, packet)`, emits 'data' (packet, publicKey of the member whose link it came
 * on) and 'link' (publicKey, connected); `identityLearned` tells it that this node has learned which cluster it is of.
 */
export abstract class ReplicatedMokka extends SafeElection implements ClusterNode, LogReader {
  readonly logApi: LogApi;
  /** Public keys of all members, in the order of their numbers. */
  readonly members: readonly string[];
  /** This node's INDEX. */
  readonly index: number;
  private readonly adds = new AddCounts();
  private readonly replicatedLog: ReplicatedLog;
  private readonly gate: RequestGate;
  private readonly reads: LogReads;
  private readonly intake: PushIntake;
  private readonly forwardedAnswers: ForwardedAnswers;
  private readonly answered: AnsweredLogs;
  private readonly view: NodeView;
  private readonly lagQuestions: LagQuestions;
  private readonly nodeReads: NodeReads;
  private readonly trims: TrimRequests;
  private readonly questions: PeerQuestions;
  /** Told the time every few ms. */
  private readonly timed: readonly { tick(now: number): void }[];
  private readonly flushes = new FlushTurn(() => this.guard(this.flush));
  private readonly keySearches = new FlushTurn(() => this.guard(this.searchKeys));
  private knownLeader: string | null = null;
  private knownTerm = 0;
  /** The last leader that this node's pushes went to, and its term. */
  private pushedTo: { readonly leader: string | null; readonly term: number } = { leader: null, term: 0 };
  /** The number that the last 'commit' event told. */
  private emittedLogNumber: number;
  private leaderChanges = 0;
  private handover: Handover | null = null;
  private knownIdentity: string | null;
  private readonly outbox: Outbox = {
    send: (peer, message) => {
      const node = this.nodes.get(peer);
      if (node !== undefined) this.write(node.address, encodeLogMessage(message));
    },
  };

  /**
   * @param limits what a simulation makes small
   * @throws StartError BAD_CONFIG when the members do not name this node, or one of them twice.
   */
  constructor(settings: ReplicatedMokkaSettings, limits: LogLimits = LOG_LIMITS) {
    super(settings);
    this.members = memberKeys(settings.members, settings.address);
    this.index = this.members.indexOf(this.publicKey);
    this.knownIdentity = settings.store.identity;
    const { store, incarnation, outbox, flushes } = this;
    const [clock, wallClock] = [performance, Date];
    this.lagQuestions = new LagQuestions(outbox, clock);
    this.replicatedLog = new ReplicatedLog({
      limits,
      store,
      incarnation,
      outbox,
      drawIdentity: () => randomBytes(IDENTITY_BYTES).toString('hex'),
      wallClock,
      onCommit: () => this.committed(),
      onSaved: (failure) => this.guard(() => this.saved(failure)),
    });
    const log = this.replicatedLog;
    const localLog = log.log;
    this.emittedLogNumber = localLog.committedLogNumber;
    this.gate = new RequestGate(log);
    this.answered = new AnsweredLogs(localLog, clock);
    const { gate, answered } = this;
    const session = randomBytes(8).toString('hex');
    const parts = { limits, log, gate, answered, counts: this.adds, outbox, flushes, clock, wallClock };
    this.logApi = new LogApi(session, parts);
    this.forwardedAnswers = new ForwardedAnswers(log, outbox, flushes, limits);
    this.intake = new PushIntake(log, this.logApi, this.forwardedAnswers, limits);
    const confirmation = {
      confirmCommitIndex: (done: (commitIndex: number | null) => void) => this.confirmCommitIndex(done),
    };
    this.reads = new LogReads(log, localLog, confirmation, outbox, clock, limits);
    this.view = new NodeView({
      self: this.publicKey,
      members: this.members,
      address: this.address,
      nodes: this.nodes,
      store,
      replicatedLog: log,
      election: () => this.electionView,
      links: this,
      answered,
      clock,
      heartbeat: settings.heartbeat,
      electionTimeout: settings.electionTimeout,
    });
    const { reads, view, lagQuestions } = this;
    const onDamage = (error: Error): void => this.failed(error);
    this.nodeReads = new NodeReads({ gate, log, reads, answered, view, lagQuestions, onDamage });
    const fullLeader = new FullLeader(log, this.stoppingLeader);
    const trims = (this.trims = new TrimRequests(log, gate, outbox, flushes, clock, limits));
    this.questions = new PeerQuestions({ log, reads, trims, lagQuestions, view, confirmation, outbox });
    const { retain } = settings;
    const retention = retain && new Retention(retain, log, store, flushes, wallClock, limits);
    const archiveLog = new ArchiveLog(store, this.log);
    const timed = [log, this.logApi, reads, answered, lagQuestions, trims, archiveLog, fullLeader];
    this.timed = retention ? [...timed, retention] : timed;
    this.listen(settings.members);
  }

  /** `getDb()` of the tutorial. */
  getDb(): Db {
    return this.nodeReads.db;
  }

  follow(options?: FollowOptions): AsyncGenerator<LogEntry, void, undefined> {
    return this.nodeReads.followers.follow(options);
  }

  entries(options?: PageOptions): Promise<LogPage> {
    return this.nodeReads.page(options);
  }

  trim(index: number): Promise<Trimmed> {
    return this.trims.trim(index);
  }

  /** The same as it is stored. */
  get storedLogs(): NodeReads['storedLogs'] {
    return this.nodeReads.storedLogs;
  }

  /** The committed log as it is stored. */
  getCommittedLog(): CommittedLog {
    return this.nodeReads.committedLog;
  }

  /** What can be told of this node at once. @throws RequestError NODE_UNREACHABLE when it has stopped */
  vitals(): NodeVitals {
    const { leaderChanges, adds, writes, logApi, nodeReads } = this;
    return {
      ...nodeReads.seen(),
      storeFill: this.store.fill,
      leaderChanges,
      adds,
      writes,
      pendingAdds: logApi.waitingCount,
      followers: nodeReads.followers.count,
    };
  }

  override connect(): void {
    if (!this.mayConnect) return;
    this.gate.open();
    super.connect();
    this.guard(() => this.replicatedLog.log.learnIdentity());
  }

  /** False on a node that is connected: there `connect` does nothing. @throws RequestError NODE_UNREACHABLE when it has stopped */
  protected get mayConnect(): boolean {
    if (this.isStopped) throw this.gate.notRunning();
    return !this.gate.isOpen;
  }

  /** Whether a peer is linked. */
  abstract linkState(publicKey: string): LinkState;

  /**
   * Leaves the cluster. A leader first hands over to a follower that holds its whole log, so that no election timeout
   * passes without a leader: in at most an election timeout and HANDOVER_MS_MAX. What it knows to be committed is on
   * disk then, so that it knows that after its next start.
   *
   * @throws StartError STORE_FAILED
   */
  override async disconnect(): Promise<void> {
    if (this.isStopped) this.handover?.end();
    else await this.handOverLeadership();
    const ends = !this.isStopped;
    this.gate.close();
    await super.disconnect();
    const { logApi, reads, answered, trims, lagQuestions } = this;
    for (const part of [logApi, reads, answered, trims, lagQuestions]) part.close();
    this.nodeReads.followers.readAgain();
    if (ends) this.replicatedLog.saveAll();
  }

  protected override followerHeard(publicKey: string, incarnation: string): void {
    this.replicatedLog.heard(publicKey, incarnation, performance.now());
  }

  protected override packetFrom(publicKey: string, sentAt: number): void {
    this.view.clockSeen(publicKey, sentAt - Date.now());
  }

  protected override onTick(now: number): void {
    super.onTick(now);
    this.handover?.step(now);
    for (const part of this.timed) part.tick(now);
    if (this.replicatedLog.sharedIndex !== null) this.nodeReads.followers.readAgain();
    if (this.replicatedLog.needsFlush) this.flushes.want();
    // In a step of its own: a heartbeat of this one would leave only after the write.
    if (this.replicatedLog.isCommitIndexDue(now))
      setImmediate(() => this.guard(() => this.replicatedLog.saveCommitIndex(now)));
    const { searchedTo } = this.logApi;
    if (this.replicatedLog.log.hasTrim(searchedTo))
      setImmediate(() => this.guard(() => this.replicatedLog.log.trim(searchedTo)));
    if (this.store.identity !== this.knownIdentity) {
      this.knownIdentity = this.store.identity;
      this.identityLearned();
      leaveUncaught(() => this.emit('identity'));
    }
  }

  protected override stateChanged(): void {
    this.guard(() => this.followElection());
    super.stateChanged();
  }

  /** This node has learned which cluster it is of. */
  protected identityLearned(): void {
    // Only links tell their peers.
  }

  private listen(addresses: readonly string[]): void {
    this.on('data', this.receive);
    this.on('link', (publicKey, connected) => this.linkChanged(publicKey, connected));
    refuseUnlisted(this.nodeApi, addresses);
  }

  private readonly receive = (packet: Buffer, from: string): void => {
    if (!this.nodes.has(from)) return;
    if (isElectionPacket(packet)) void this.emitPacket(packet, from);
    else this.guard(() => this.receiveMessage(from, decodeLogMessage(packet)), from);
  };

  private receiveMessage(from: string, message: LogMessage): void {
    const { replicatedLog } = this;
    switch (message.type) {
      case 'append':
      case 'appended':
      case 'readmit':
      case 'commit':
        this.receiveReplication(from, message);
        break;
      case 'forward':
        if (!replicatedLog.takesPushes) break;
        for (const push of message.pushes) this.intake.take(from, push);
        this.flushes.want();
        break;
      case 'answers':
        if (message.term !== replicatedLog.term || from !== replicatedLog.agreedLeader) break;
        replicatedLog.leaderCommitted(message.commitIndex);
        this.logApi.answered(message);
        break;
      default:
        this.questions.receive(from, message);
    }
    if (replicatedLog.needsFlush) this.flushes.want();
    this.tellCommit();
  }

  private receiveReplication(from: string, message: ReplicationMessage): void {
    const { replicatedLog } = this;
    const agreed = replicatedLog.agreesWithLeader;
    replicatedLog.receive(from, message, performance.now());
    // Pushes wait until this node and its leader agree.
    if (replicatedLog.agreesWithLeader !== agreed) this.flushes.want();
    // Appends and their answers show as well as heartbeats that a leader and its followers are there.
    if (message.term === replicatedLog.term) {
      if (message.type === 'appended') this.election.heardFollower(from, message.incarnation);
      else if (from === replicatedLog.leader) this.election.heardLeader();
    }
    this.handover?.step(performance.now());
  }

  private get stoppingLeader(): StoppingLeader {
    const { replicatedLog, logApi, election, view, log } = this;
    return new StoppingLeader(replicatedLog, logApi, election, this, view, log);
  }

  private async handOverLeadership(): Promise<void> {
    if (this.handover === null) {
      if (!this.isLeader || this.nodes.size === 0) return;
      const now = performance.now();
      const deadlineAt = now + Math.min(this.timing.electionTimeout, HANDOVER_MS_MAX);
      const { replicatedLog } = this;
      this.handover = new Handover(this.stoppingLeader, deadlineAt, 2 * this.heartbeat);
      replicatedLog.stopTakingPushes();
      this.guard(this.flush);
      this.handover.step(now);
    }
    await this.handover.ended;
  }

  private confirmCommitIndex(done: (commitIndex: number | null) => void): void {
    const { readIndex } = this.replicatedLog;
    if (readIndex === null) done(null);
    else this.election.confirmLeadership((leads) => done(leads ? readIndex : null));
  }

  private followElection(): void {
    if (this.isLeader) this.replicatedLog.lead(this.term, [...this.nodes.keys()]);
    else this.replicatedLog.follow(this.term, this.leader);
    if (this.leader === this.knownLeader && this.term === this.knownTerm) return;
    this.knownLeader = this.leader;
    this.knownTerm = this.term;
    this.forwardedAnswers.clear();
    this.intake.clear();
    this.pushesGoTo(this.leader, this.term);
    this.flushes.want();
    this.handover?.step(performance.now());
  }

  /** A leader that was out of sight for a while still has what went to it. */
  private pushesGoTo(leader: string | null, term: number): void {
    if (leader === null || (leader === this.pushedTo.leader && term === this.pushedTo.term)) return;
    this.pushedTo = { leader, term };
    this.leaderChanges++;
    this.logApi.leaderChanged();
  }

  private saved(failure: StartError | null): void {
    if (failure !== null) throw failure;
    this.replicatedLog.saved();
    if (this.replicatedLog.needsFlush) this.flushes.want();
    this.tellCommit();
  }

  private committed(): void {
    this.forwardedAnswers.committed();
    this.logApi.findCommitted();
    this.reads.committed();
    this.answered.committed();
    // Pushes may have waited for room.
    if (this.owesPushes) this.flushes.want();
  }

  /** After a step, so that a listener finds nothing half done. */
  private tellCommit(): void {
    const { committedLogNumber } = this.replicatedLog.log;
    if (committedLogNumber === this.emittedLogNumber) return;
    this.emittedLogNumber = committedLogNumber;
    this.nodeReads.followers.committedTo(committedLogNumber);
    leaveUncaught(() => this.emit('commit', committedLogNumber));
  }

  private get owesPushes(): boolean {
    return this.intake.holdsForwarded || this.logApi.hasUnsent;
  }

  private readonly flush = (): void => {
    const { replicatedLog, forwardedAnswers, logApi } = this;
    // Answers leave before the next entries are saved, which takes some time.
    forwardedAnswers.send();
    logApi.findCommitted();
    this.intake.step();
    logApi.forward();
    if (replicatedLog.searchesKeys) this.keySearches.want();
    if (replicatedLog.needsFlush) replicatedLog.flush(performance.now());
    if (replicatedLog.needsFlush || (replicatedLog.hasRoom && this.owesPushes)) this.flushes.want();
    forwardedAnswers.send();
    this.tellCommit();
  };

  /** In turns of their own: pushes that ask for other keys, or for none, go on meanwhile. */
  private readonly searchKeys = (): void => {
    this.replicatedLog.searchKeys(KEY_STEPS_A_TURN);
    this.flushes.want();
  };

  private linkChanged(publicKey: string, connected: boolean): void {
    this.view.linkChanged(publicKey, connected);
    if (connected) return;
    this.replicatedLog.lost(publicKey);
    if (publicKey === this.leader) this.election.leaderGone();
  }
}
