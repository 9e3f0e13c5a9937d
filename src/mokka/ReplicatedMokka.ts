import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { RequestError, StartError } from '../errors';
import {
  ANSWER_STEP_ENTRIES,
  BACKUP_PAGE_BYTES_MAX,
  BACKUP_PAGE_ENTRIES_MAX,
  HANDOVER_MS_MAX,
} from '../limits';
import { IDENTITY_BYTES, type LogEntry } from '../entry/Entry';
import { AnsweredLogs } from './pushes/AnsweredLogs';
import type { ClusterNode, CommittedLog, Db } from '../api';
import { Handover } from './election/Handover';
import { LogApi } from './pushes/LogApi';
import { LogReads } from './log/LogReads';
import { isElectionPacket } from './messages/ElectionPacket';
import {
  decodeLogMessage,
  encodeLogMessage,
  type ForwardMessage,
  type LogMessage,
  type ReplicationMessage,
} from './messages/LogMessage';
import { memberKeys } from './memberKeys';
import type { NodeEvents } from './NodeEvents';
import { ForwardedPushes } from './pushes/ForwardedPushes';
import { PushIntake } from './pushes/PushIntake';
import { NodeView, type ElectionView, type LinkState } from './status/NodeView';
import { ReplicatedLog } from './log/ReplicatedLog';
import { historiesDiffer, notRunning } from './refusals';
import { LagQuestions, type Lags } from './status/LagQuestions';
import { SafeElection, type ElectionSettings } from './SafeElection';

export interface ReplicatedMokkaSettings extends ElectionSettings {
  /**
   * Addresses of all members, this node's included, in the same order on every node: a member's INDEX is its place
   * here. Only these can join.
   */
  readonly members: readonly string[];
}

/**
 * npm's Mokka with what the tutorial's had: `logApi`, `getDb()` and the 'data' event. It puts election, log, pushes
 * and reads together; it has no rule of consensus of its own.
 *
 * The class below gives `write(address, packet)`, emits 'data' (packet, publicKey of the member whose link it came
 * on) and 'link' (publicKey, connected); it hears 'identity' when this node learns which cluster it is of.
 */
export abstract class ReplicatedMokka extends SafeElection implements ClusterNode {
  readonly logApi: LogApi;
  /** Public keys of all members, in the order of their numbers. */
  readonly members: readonly string[];
  /** This node's INDEX. */
  readonly index: number;
  private readonly replicatedLog: ReplicatedLog;
  private readonly reads: LogReads;
  private readonly intake: PushIntake;
  private readonly forwarded: ForwardedPushes;
  private readonly answered: AnsweredLogs;
  private readonly view: NodeView;
  private readonly lagQuestions = new LagQuestions(
    (peer, id) => this.sendMessage(peer, { type: 'askLags', id }),
    () => performance.now(),
  );
  private flushScheduled = false;
  private knownLeader: string | null = null;
  private knownTerm = 0;
  /** The last leader that this node's pushes went to, and its term. */
  private pushedTo: { readonly leader: string | null; readonly term: number } = { leader: null, term: 0 };
  private clusterCommitIndex = 0;
  /** Position up to which this node's own pushes were looked for among what its log committed. */
  private answeredPosition: number;
  private isConnected = false;
  private handover: Handover | null = null;
  private knownIdentity: string | null;

  /** @throws StartError BAD_CONFIG when the members do not name this node, or one of them twice. */
  constructor(settings: ReplicatedMokkaSettings) {
    super(settings);
    this.members = memberKeys(settings.members, settings.address);
    this.index = this.members.indexOf(this.publicKey);
    this.knownIdentity = settings.store.identity;
    const send = (peer: string, message: LogMessage): void => this.sendMessage(peer, message);
    const wantFlush = (): void => this.wantFlush();
    // One that this node does not agree with is none to it: nothing of it is acknowledged.
    const leader = (): string | null => (this.replicatedLog.agreesWithLeader ? this.leader : null);
    this.replicatedLog = new ReplicatedLog({
      store: this.store,
      incarnation: this.incarnation,
      send,
      drawIdentity: () => randomBytes(IDENTITY_BYTES).toString('hex'),
      wallClock: Date.now,
      onCommit: () => this.committed(),
    });
    this.answeredPosition = this.replicatedLog.commitIndex;
    this.forwarded = new ForwardedPushes({
      wasSent: (peer, position) => this.replicatedLog.wasSent(peer, position),
      wantFlush,
    });
    this.answered = new AnsweredLogs({
      committedIndex: () => this.replicatedLog.committedIndex,
      now: () => performance.now(),
    });
    this.logApi = new LogApi({
      session: randomBytes(8).toString('hex'),
      self: this.publicKey,
      // A leader that hands over takes no pushes: they wait for the next one.
      leader: () => (this.takesPushes ? leader() : null),
      refusal: () => this.notRunning() ?? this.historiesDiffer(),
      send,
      knownCommitIndex: () => Math.max(this.clusterCommitIndex, this.replicatedLog.commitIndex),
      onAnswered: (index) => this.answered.answered(index),
      wantFlush,
      now: () => performance.now(),
      wallClock: Date.now,
    });
    this.intake = new PushIntake({
      nextOwn: this.logApi.nextOwn,
      hasRoom: () => this.hasRoom,
      propose: (proposal) => this.replicatedLog.propose(proposal),
    });
    this.reads = new LogReads({
      self: this.publicKey,
      leader,
      committedLog: (index) => this.replicatedLog.committedLog(index),
      commitIndex: () => this.replicatedLog.commitIndex,
      confirm: (done) => this.confirmCommitIndex(done),
      send,
      now: () => performance.now(),
    });
    this.view = new NodeView({
      self: this.publicKey,
      members: this.members,
      address: this.address,
      nodes: this.nodes,
      store: this.store,
      log: this.replicatedLog,
      election: () => this.electionView(),
      linkState: (publicKey) => this.linkState(publicKey),
      clusterCommitIndex: () => this.clusterCommitIndex,
      lackingIndex: () => this.answered.lacking,
      now: () => performance.now(),
      heartbeat: settings.heartbeat,
      electionTimeout: settings.electionTimeout,
    });
    this.listen();
  }

  override on<E extends keyof NodeEvents>(event: E, listener: (...told: NodeEvents[E]) => void): this {
    return super.on(event, listener as (...told: unknown[]) => void);
  }

  override once<E extends keyof NodeEvents>(event: E, listener: (...told: NodeEvents[E]) => void): this {
    return super.once(event, listener as (...told: unknown[]) => void);
  }

  override off<E extends keyof NodeEvents>(event: E, listener: (...told: NodeEvents[E]) => void): this {
    return super.off(event, listener as (...told: unknown[]) => void);
  }

  /** `getDb()` of the tutorial. */
  getDb(): Db {
    return {
      getEntry: () => ({ get: (index) => this.getEntry(index) }),
      getState: () => ({
        getInfo: () => this.looking(() => this.view.info()),
        getStatus: async () => {
          const lags = await this.leaderLags();
          return this.looking(() => this.view.status(lags));
        },
      }),
    };
  }

  /** The committed log as it is stored. */
  getCommittedLog(): CommittedLog {
    const { replicatedLog } = this;
    return {
      head: async (confirmed) => {
        // A miss is what the leader confirms: this index no log has.
        if (confirmed) await this.getEntry(Number.MAX_SAFE_INTEGER);
        return this.reading(() => replicatedLog.entryAt(replicatedLog.commitIndex));
      },
      read: (from) =>
        this.reading(() => replicatedLog.readCommitted(from, BACKUP_PAGE_BYTES_MAX, BACKUP_PAGE_ENTRIES_MAX)),
    };
  }

  override connect(): void {
    if (!this.mayConnect) return;
    this.isConnected = true;
    super.connect();
    this.guard(() => this.replicatedLog.learnIdentity());
  }

  /** False on a node that is connected: there `connect` does nothing. @throws RequestError NODE_UNREACHABLE when it has stopped */
  protected get mayConnect(): boolean {
    if (this.isStopped) throw notRunning(true);
    return !this.isConnected;
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
    await super.disconnect();
    this.logApi.close();
    this.reads.close();
    this.answered.close();
    if (ends) this.replicatedLog.saveAll();
    this.lagQuestions.tick(Infinity);
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
    this.replicatedLog.tick(now);
    this.logApi.tick(now);
    this.reads.tick(now);
    this.answered.tick(now);
    this.lagQuestions.tick(now);
    if (this.replicatedLog.needsFlush) this.wantFlush();
    // In a step of its own: a heartbeat of this one would leave only after the write.
    if (this.replicatedLog.isCommitIndexDue(now))
      setImmediate(() => this.guard(() => this.replicatedLog.saveCommitIndex(now)));
    if (this.store.identity !== this.knownIdentity) {
      this.knownIdentity = this.store.identity;
      this.emit('identity');
    }
  }

  private listen(): void {
    this.on('data', (packet, from) => this.receive(packet, from));
    this.on('link', (publicKey, connected) => this.linkChanged(publicKey, connected));
    this.on('join', ({ publicKey, address }) => this.checkListed(publicKey, address));
    this.on('state', () => this.guard(() => this.followElection()));
  }

  /** A peer that the settings do not list has no number: it leaves again. */
  private checkListed(publicKey: string, address: string): void {
    if (this.members.includes(publicKey)) return;
    this.nodeApi.leave(publicKey);
    throw new StartError(
      'BAD_CONFIG',
      `${address}/${publicKey} cannot join: it is none of the members in this node's settings`,
    );
  }

  private getEntry(index: number): Promise<LogEntry | null> {
    if (typeof index !== 'number')
      return Promise.reject(new RequestError('BAD_ARGUMENT', `an index is a number, not ${typeof index}`));
    return this.reading(() => {
      const refusal = this.historiesDiffer(index);
      return refusal === null ? this.reads.get(index) : Promise.reject(refusal);
    });
  }

  /** Why nothing is told or taken beyond what this node and the others share; null where they agree. */
  private historiesDiffer(index = Infinity): RequestError | null {
    const { sharedPosition } = this.replicatedLog;
    if (sharedPosition === null) return null;
    const shared = this.replicatedLog.entryAt(sharedPosition)?.index ?? 0;
    return index <= shared ? null : historiesDiffer(shared);
  }

  /** NODE_UNREACHABLE before `connect`, and when the node has stopped or failed; null where it runs. */
  private notRunning(): RequestError | null {
    return this.isConnected && !this.isStopped ? null : notRunning(this.isStopped);
  }

  /** What a node that is not connected yet can tell too. */
  private looking<T>(look: () => T): Promise<T> {
    if (!this.isConnected) return Promise.resolve(look());
    return this.reading(() => this.answered.held()).then(() => this.reading(look));
  }

  private reading<T>(read: () => T | Promise<T>): Promise<T> {
    const refusal = this.notRunning();
    if (refusal !== null) return Promise.reject(refusal);
    try {
      return Promise.resolve(read());
    } catch (thrown) {
      // Only damage of the store comes here: the node must not go on with it.
      this.guard(() => {
        throw thrown;
      });
      return Promise.reject(new RequestError('INTERNAL', 'the log could not be read: see the node’s log'));
    }
  }

  private receive(packet: Buffer, from: string): void {
    if (!this.nodes.has(from)) return;
    if (isElectionPacket(packet)) {
      void this.emitPacket(packet, from);
      return;
    }
    this.guard(() => {
      this.receiveMessage(from, decodeLogMessage(packet));
      if (this.replicatedLog.needsFlush) this.wantFlush();
    }, from);
  }

  private receiveMessage(from: string, message: LogMessage): void {
    switch (message.type) {
      case 'append':
      case 'appended':
      case 'readmit':
      case 'commit':
        this.receiveReplication(from, message);
        if (message.term === this.term) this.countAsContact(from, message);
        this.handover?.step(performance.now());
        break;
      case 'forward':
        this.proposeFor(from, message);
        break;
      case 'answers':
        if (message.term !== this.term || from !== this.leader || !this.replicatedLog.agreesWithLeader) break;
        this.clusterCommitIndex = Math.max(this.clusterCommitIndex, message.commitIndex);
        this.logApi.answered(message);
        break;
      case 'confirm':
        this.confirmCommitIndex((commitIndex) =>
          this.sendMessage(from, { type: 'confirmed', id: message.id, commitIndex }),
        );
        break;
      case 'confirmed':
        if (from === this.leader) this.reads.answered(message.id, message.commitIndex);
        break;
      case 'askLags':
        if (this.isLeader) this.sendMessage(from, { type: 'lags', id: message.id, lags: this.view.lags });
        break;
      case 'lags':
        this.lagQuestions.answered(from, message.id, message.lags);
        break;
    }
  }

  private receiveReplication(from: string, message: ReplicationMessage): void {
    const agreed = this.replicatedLog.agreesWithLeader;
    this.replicatedLog.receive(from, message, performance.now());
    // Pushes wait until this node and its leader agree.
    if (this.replicatedLog.agreesWithLeader !== agreed) this.wantFlush();
  }

  private leaderLags(): Promise<Lags | null> {
    const { leader } = this;
    return leader === null || this.isLeader || this.isStopped
      ? Promise.resolve(null)
      : this.lagQuestions.ask(leader);
  }

  private proposeFor(from: string, message: ForwardMessage): void {
    if (!this.isLeader || !this.takesPushes) return;
    for (const push of message.pushes) this.intake.take(from, this.forwarded.proposalOf(from, push));
    this.wantFlush();
  }

  /** False on a leader that hands over. */
  private get takesPushes(): boolean {
    return this.handover === null || !this.isLeader;
  }

  /** Whether this node is the leader and can take a push into its log now. */
  private get hasRoom(): boolean {
    return this.takesPushes && this.replicatedLog.hasRoom;
  }

  private async handOverLeadership(): Promise<void> {
    if (this.handover === null) {
      if (!this.isLeader || this.nodes.size === 0) return;
      const now = performance.now();
      const deadlineAt = now + Math.min(this.timing.electionTimeout, HANDOVER_MS_MAX);
      const view = {
        leads: () => this.isLeader,
        done: () => this.leader !== null && !this.isLeader && this.logApi.idle,
        successor: () => this.successor(),
        ask: (publicKey: string) => {
          this.log.info({ event: 'handover' }, `asking node ${this.view.memberIndex(publicKey)} to lead`);
          this.election.handOver(publicKey);
        },
      };
      this.handover = new Handover(view, deadlineAt, 2 * this.heartbeat);
      this.guard(() => this.flush());
      this.handover.step(now);
    }
    await this.handover.ended;
  }

  private successor(): string | null {
    const voters = this.replicatedLog.upToDateVoters.filter((peer) => this.linkState(peer).connected);
    const heardAt = (peer: string): number => this.election.followerHeardAt(peer);
    return voters.sort((a, b) => heardAt(b) - heardAt(a))[0] ?? null;
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
    this.forwarded.clear();
    this.intake.clear();
    this.pushesGoTo(this.leader, this.term);
    this.wantFlush();
    this.handover?.step(performance.now());
  }

  /** A leader that was out of sight for a while still has what went to it. */
  private pushesGoTo(leader: string | null, term: number): void {
    if (leader === null || (leader === this.pushedTo.leader && term === this.pushedTo.term)) return;
    this.pushedTo = { leader, term };
    this.logApi.leaderChanged();
  }

  private committed(): void {
    this.answerOwnPushes();
    this.reads.committed();
    this.answered.committed();
    // Pushes may have waited for room.
    if (this.owesPushes) this.wantFlush();
    this.emit('commit', this.replicatedLog.committedIndex);
  }

  /** A follower finds its own pushes among what its log has committed; a leader was told of each. */
  private answerOwnPushes(): void {
    const { agreesWithLeader, commitIndex } = this.replicatedLog;
    if (!agreesWithLeader) return;
    if (this.isLeader || this.logApi.idle) this.answeredPosition = commitIndex;
    const to = Math.min(commitIndex, this.answeredPosition + ANSWER_STEP_ENTRIES);
    while (this.answeredPosition < to) {
      const entry = this.replicatedLog.entryAt(++this.answeredPosition);
      if (entry !== null) this.logApi.followed(entry);
    }
    if (to < commitIndex) this.wantFlush();
  }

  private get owesPushes(): boolean {
    return this.intake.holdsForwarded || this.logApi.hasUnsent;
  }

  private wantFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      this.guard(() => this.flush());
    });
  }

  /** Appends and their answers show as well as heartbeats that a leader and its followers are there. */
  private countAsContact(from: string, message: ReplicationMessage): void {
    if (message.type === 'appended') this.election.heardFollower(from, message.incarnation);
    else if (from === this.leader) {
      this.election.heardLeader();
      if (message.type === 'append')
        this.clusterCommitIndex = Math.max(this.clusterCommitIndex, message.commitIndex);
    }
  }

  private flush(): void {
    // What is committed is told before the next entries are saved, which takes some time.
    this.sendAnswers();
    this.answerOwnPushes();
    this.intake.step();
    this.logApi.forward();
    if (this.replicatedLog.needsFlush) this.replicatedLog.flush(performance.now());
    if (this.replicatedLog.needsFlush || (this.hasRoom && this.owesPushes)) this.wantFlush();
    this.sendAnswers();
  }

  private sendAnswers(): void {
    const { term } = this;
    for (const [peer, answers] of this.forwarded.takeAnswers())
      this.sendMessage(peer, {
        type: 'answers',
        term,
        commitIndex: this.replicatedLog.commitIndex,
        ...answers,
      });
  }

  private sendMessage(peer: string, message: LogMessage): void {
    const node = this.nodes.get(peer);
    if (node !== undefined) this.write(node.address, encodeLogMessage(message));
  }

  private linkChanged(publicKey: string, connected: boolean): void {
    this.view.linkChanged(publicKey, connected);
    if (connected) return;
    this.replicatedLog.lost(publicKey);
    if (publicKey === this.leader) this.election.leaderGone();
  }

  private electionView(): ElectionView {
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
}
