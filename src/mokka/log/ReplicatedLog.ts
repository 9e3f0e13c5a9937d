import { invariant, ProtocolError } from '../../errors';
import { COMMIT_INDEX_SAVE_MS } from '../../limits';
import type { LogLimits } from './LogLimits';
import { entryHash, type Entry, type LogPoint } from '../../entry/Entry';
import type { LogStore, Room, Told } from '../../storage/LogStore';
import { Divergence } from './Divergence';
import { LocalLog } from './LocalLog';
import { Replication, type Proposal, type ProposalResult } from './Replication';
import type { AppendMessage, ReadmitMessage, ReplicationMessage } from '../messages/LogMessage';
import type { Outbox } from '../messages/Outbox';
import type { Clock } from './Clock';

export type { Proposal } from './Replication';

export interface ReplicatedLogOptions {
  readonly limits: LogLimits;
  readonly store: LogStore;
  /** What this process of the node calls itself. */
  readonly incarnation: string;
  readonly outbox: Outbox;
  /** Draws the identity of a cluster that forms, at random: 32 hex digits. */
  readonly drawIdentity: () => string;
  /** Time for createdAt, ms since 1970. Nothing else depends on it. */
  readonly wallClock: Clock;
  /** commitIndex rose. Called in the middle of a step: what it calls must not come back here with another. */
  readonly onCommit: () => void;
  /** The store tells of an append later than in its call: {@link ReplicatedLog.saved} is to be called, in a step of its own. */
  readonly onSaved: Told;
}

/**
 * The replication core: Raft's log (Raft, 5.3, 5.4) on the term and the leader that the election names. A plain
 * state machine: messages, time and changes of leader in; messages, writes to the store and commits out.
 *
 * The order that makes it safe: an entry is on a node's disk before that node's answer leaves it, and on a quorum's
 * disks before it is committed. Times (`now`) are monotonic, in ms.
 */
export class ReplicatedLog {
  readonly log: LocalLog;
  term: number;
  /** Whom this node follows; null: nobody yet, or it leads. */
  leader: string | null = null;
  /** Set when this node hands its lead over. */
  private handsOver = false;
  /** The leader's half, on a leader. */
  private replication: Replication | null = null;
  /** Index up to which this log is known to be that of the leader it follows, or followed last in this term. */
  private verifiedIndex = 0;
  private verifiedLeader: string | null = null;
  /** The epoch of the last append, for answers that no append asked for. */
  private lastEpoch = 0;
  /** While this node knows entries to be committed that the leader it follows does not hold. */
  private divergence: Divergence | null = null;
  private commitSavedAt = 0;
  private leaderCommitIndex = 0;
  /** What the leader was last told of this node's disk. */
  private toldRoom: Room | null = null;
  /** Whether an answer to the leader waits for the disk. */
  private owesAnswer = false;
  /** What the leader's last `commit` named. */
  private earlyCommitIndex = 0;

  constructor(private readonly options: ReplicatedLogOptions) {
    this.log = new LocalLog(options.store, options.drawIdentity, options.limits, options.onSaved);
    this.term = options.store.hardState.term;
  }

  /** The cluster's commitIndex as far as this node has heard. */
  get clusterCommitIndex(): number {
    return Math.max(this.leaderCommitIndex, this.log.commitIndex);
  }

  /** The leader of this node's term has said what is committed. */
  leaderCommitted(commitIndex: number): void {
    this.leaderCommitIndex = Math.max(this.leaderCommitIndex, commitIndex);
  }

  /** Whether {@link flush} has something to do. */
  get needsFlush(): boolean {
    return this.log.hasStaged || this.replication?.owesEntries === true;
  }

  /** On a leader that has committed in its term: an index that no commit is above, if it still leads; else null. */
  get readIndex(): number | null {
    return this.replication?.knowsCommitted === true ? this.replication.readIndex : null;
  }

  /** On a leader: index up to which a follower's log matches. */
  matchIndexOf(peer: string): number | null {
    return this.replication?.matchIndexOf(peer) ?? null;
  }

  /** On a leader: whether an entry is under way to a voter, or with it. */
  wasSent(peer: string, index: number): boolean {
    return this.replication?.wasSent(peer, index) === true;
  }

  /** On a leader: where there is no room for more logs; see {@link Replication.fullness}. */
  get fullness(): Replication['fullness'] {
    return this.replication?.fullness ?? null;
  }

  /** On a leader: the followers whose disks have no room for more logs. */
  get fullFollowers(): readonly string[] {
    return this.replication?.fullFollowers ?? [];
  }

  /** On a leader: the followers that may take over, since they are voters and hold the whole log. */
  get upToDateVoters(): string[] {
    return this.replication?.upToDateVoters ?? [];
  }

  /** Committed entries from an index on: as many as fit in `maxBytes` and `maxCount`, but one at least if there is one. */
  readCommitted(from: number, maxBytes: number, maxCount: number): Entry[] {
    const held = this.log.commitIndex - from + 1;
    return held <= 0 ? [] : this.log.read(from, maxBytes, Math.min(maxCount, held));
  }

  /**
   * Whom this node follows, once that leader's log is known to hold all that this node knows to be committed: else it may
   * acknowledge nothing that the leader says.
   */
  get agreedLeader(): string | null {
    return this.verifiedIndex >= this.log.commitIndex ? this.leader : null;
  }

  get leads(): boolean {
    return this.replication !== null;
  }

  /** Whether this node leads, or agrees with the leader that it follows. */
  get agreesWithLeader(): boolean {
    return this.replication !== null || this.agreedLeader !== null;
  }

  /**
   * Up to which index this node may tell and take anything, while it and those that it needs for a quorum hold
   * different entries for committed; null while they do not.
   */
  get sharedIndex(): number | null {
    if (this.replication === null) return this.divergence?.sharedIndex ?? null;
    if (!this.replication.isBlocked) return null;
    return Math.min(...this.replication.diverged.map(({ index }) => index)) - 1;
  }

  /** See {@link Divergence}; null when none is known. */
  get divergedFrom(): Divergence | null {
    return this.divergence;
  }

  /** On a leader: the followers whose committed entries are others than its own, and from which index on. */
  get divergedFollowers(): readonly { readonly peer: string; readonly index: number }[] {
    return this.replication?.diverged ?? [];
  }

  /** The election made this node the leader of a term. */
  lead(term: number, peers: readonly string[]): void {
    if (this.replication !== null && this.term === term) return;
    invariant(
      term > this.term || this.replication === null,
      () => `leader of ${term} after leading ${this.term}`,
    );
    this.log.dropStaged();
    this.owesNothing();
    this.term = term;
    const { outbox, wallClock, onCommit } = this.options;
    this.divergence = null;
    this.leader = null;
    this.replication = new Replication(term, peers, this.log, outbox, wallClock, onCommit);
  }

  /** The election made this node a follower, of a leader or of nobody yet. */
  follow(term: number, leader: string | null): void {
    if (this.replication === null && this.term === term && this.leader === leader) return;
    if (this.replication !== null || this.term !== term) this.verifiedLeader = null;
    // A leader's log only grows in its term: what was verified stays so when the leader was lost from sight for a while.
    if (leader !== null && leader !== this.verifiedLeader) {
      this.verifiedLeader = leader;
      this.verifiedIndex = 0;
    }
    this.log.dropStaged();
    this.owesNothing();
    this.term = term;
    this.leader = leader;
    this.replication = null;
  }

  /** Whether this node leads and takes pushes. */
  get takesPushes(): boolean {
    return this.replication !== null && !this.handsOver;
  }

  /** This node hands its lead over: what is pushed waits for the next leader. */
  stopTakingPushes(): void {
    this.handsOver = true;
  }

  /** Whether a push may be proposed now. */
  get hasRoom(): boolean {
    return this.takesPushes && this.log.hasRoom;
  }

  /**
   * Whether the next push of its node can be proposed: what its condition asks of a key is known. If not it is looked for,
   * by {@link searchKeys}.
   */
  canPropose({ ifKeyLast, payload }: Pick<Proposal, 'ifKeyLast' | 'payload'>): boolean {
    return ifKeyLast === null || this.replication === null || this.log.watchKey(payload, true);
  }

  /** A push came that will be proposed after others: what its condition asks of a key may be looked for meanwhile. */
  foresee({ ifKeyLast, payload }: Pick<Proposal, 'ifKeyLast' | 'payload'>): void {
    if (ifKeyLast !== null && this.replication !== null) this.log.watchKey(payload, false);
  }

  /** Whether {@link searchKeys} has something to do. */
  get searchesKeys(): boolean {
    return this.log.watchedKeys.isSearching;
  }

  /** Looks for the last logs of keys, in so many steps. */
  searchKeys(steps: number): void {
    this.log.watchedKeys.search(steps);
  }

  /** See {@link Replication.propose}; on a node that does not lead nothing is done. */
  propose(push: Proposal, pusher: string | null): ProposalResult {
    return this.replication?.propose(push, pusher) ?? 'NO_LEADER';
  }

  /** See {@link Replication.proposeTrim}; null on a node that does not lead. */
  proposeTrim(floorIndex: number): Entry | null {
    return this.replication?.proposeTrim(floorIndex) ?? null;
  }

  /**
   * Sends and saves what is staged, and sends more to followers that are far behind. To be called soon after anything
   * was staged, once for many.
   */
  flush(now: number): void {
    this.replication?.flush(now);
  }

  /** More of this node's entries are on disk: who waits for that is told. */
  saved(): void {
    this.replication?.saved();
    if (this.leader === null) return;
    if (this.owesAnswer) this.answer(this.leader, true, this.heldIndex);
    this.owesAnswer = this.owesAnswer && this.heldIndex < this.verifiedIndex;
    this.completeQuorum(this.earlyCommitIndex);
  }

  /** Called every few ms. */
  tick(now: number): void {
    this.replication?.tick(now);
    this.tellRoom();
    this.log.rememberOlder();
  }

  /** Whether {@link saveCommitIndex} is to be called. */
  isCommitIndexDue(now: number): boolean {
    return now - this.commitSavedAt >= COMMIT_INDEX_SAVE_MS;
  }

  /** Puts commitIndex on disk, if it is not. */
  saveCommitIndex(now: number): void {
    this.commitSavedAt = now;
    this.log.saveCommitIndex();
  }

  /** Puts on disk what is not there yet: staged entries, and what is known to be committed. */
  saveAll(): void {
    this.log.save(this.log.lastIndex);
    this.log.saveCommitIndex();
  }

  /** A follower answered a heartbeat of this node's term. */
  heard(peer: string, incarnation: string, now: number): void {
    this.replication?.heard(peer, incarnation, now);
  }

  /** The link to a peer went down. */
  lost(peer: string): void {
    this.replication?.lost(peer);
  }

  /**
   * Handles a message of the log.
   *
   * @throws ProtocolError when it breaks the rules; it has then changed nothing.
   */
  receive(from: string, message: ReplicationMessage, now: number): void {
    if (message.term !== this.term) return;
    if (message.type === 'appended') {
      this.replication?.appended(from, message, now);
    } else if (this.leader === from) {
      if (message.type === 'append') {
        this.append(from, message);
        this.leaderCommitted(message.commitIndex);
      } else if (message.type === 'readmit') this.readmitted(from, message);
      else this.completeQuorum(message.commitIndex);
    }
  }

  private append(from: string, message: AppendMessage): void {
    this.lastEpoch = message.epoch;
    const matchIndex = message.previousIndex + message.entries.length;
    const differsAt = this.committedDifference(message);
    const isSearch = this.divergence?.leader === from && matchIndex < this.log.commitIndex;
    if (differsAt !== null || isSearch) {
      this.compareHistories(from, message, differsAt);
      return;
    }
    const isSame = this.log.isSameAt(message.previousIndex, message.previousHash);
    const floor = isSame ? null : this.floorAbove(message);
    if (!isSame && floor === null) {
      this.answer(from, false, this.log.commitIndex);
      return;
    }
    // Without room for the entries it acknowledges what it holds.
    const held = floor === null && this.log.room === 'none' ? message.previousIndex : matchIndex;
    if (floor !== null) this.beginAt(floor, message.entries);
    else if (held === matchIndex) this.replaceEnd(message);
    this.verifiedIndex = Math.max(this.verifiedIndex, held);
    if (this.agreesWithLeader) this.divergence = null;
    this.learnCommitIndex(message.commitIndex);
    if (held <= this.log.savedIndex) this.answer(from, true, held);
    else this.owesAnswer = true;
  }

  /** Index up to which this log is known to be the leader's, and is on disk. */
  private get heldIndex(): number {
    return Math.min(this.verifiedIndex, this.log.savedIndex);
  }

  /** Another leader, or another term: what the last one waited for is nothing to it. */
  private owesNothing(): void {
    this.owesAnswer = false;
    this.earlyCommitIndex = 0;
  }

  /** Where the leader's log begins, if this append does, and this log does not reach there; else null. */
  private floorAbove(message: AppendMessage): LogPoint | null {
    const { previousIndex: index, previousTerm: term, previousHash: bytes, floorLogNumber } = message;
    if (floorLogNumber === null || index <= this.log.commitIndex || message.entries.length === 0) return null;
    if (index <= this.verifiedIndex)
      throw new ProtocolError(`would forget its own entry ${this.verifiedIndex}`);
    return { index, term, logNumber: floorLogNumber, bytes };
  }

  private replaceEnd({ previousIndex, previousTerm, entries, commitIndex }: AppendMessage): void {
    if (this.log.pointAt(previousIndex)?.term !== previousTerm)
      throw new ProtocolError(`the entry ${previousIndex} is not of term ${previousTerm}`);
    const missing = this.missingFrom(entries);
    if (missing.length > 0) this.takePlace();
    if (!this.log.replaceFrom(missing, commitIndex))
      throw new ProtocolError(`the hashes of entries from ${String(missing[0]?.index)} on do not follow`);
  }

  private beginAt(floor: LogPoint, entries: readonly Entry[]): void {
    this.takePlace();
    if (!this.log.beginAt(floor, entries))
      throw new ProtocolError(`the hashes of entries from ${floor.index + 1} on do not follow`);
    this.options.onCommit();
  }

  /** A node that gets entries has a place in the cluster. */
  private takePlace(): void {
    const { store } = this.options;
    if (store.membership === 'none') store.setMembership('rejoining');
  }

  /** The first index that an append speaks of at which this node holds another entry for committed, or null. */
  private committedDifference({ previousIndex, previousHash, entries }: AppendMessage): number | null {
    const { commitIndex, floor } = this.log;
    if (previousIndex > commitIndex) return null;
    if (previousIndex >= floor.index && !this.log.isSameAt(previousIndex, previousHash)) {
      if (previousIndex === 0) throw new ProtocolError('its log begins before the first entry');
      return previousIndex;
    }
    const differs = (entry: Entry): boolean =>
      entry.index >= floor.index &&
      entry.index <= commitIndex &&
      !this.log.isSameAt(entry.index, entryHash(entry));
    return entries.find(differs)?.index ?? null;
  }

  /** Asks the leader for what tells where the histories part, and says so once it is known. */
  private compareHistories(from: string, message: AppendMessage, differsAt: number | null): void {
    let { divergence } = this;
    if (differsAt !== null && divergence?.leader !== from)
      divergence = new Divergence(from, differsAt, this.log.floor.index);
    invariant(divergence !== null, () => 'a search for a difference that was not met');
    this.divergence = divergence;
    const end = message.previousIndex + message.entries.length;
    if (differsAt === null) divergence.equal(end);
    else {
      divergence.differ(differsAt);
      // Below the leader's floor nothing can be compared, and nothing is told.
      if (differsAt > message.previousIndex || message.floorLogNumber !== null)
        divergence.equal(differsAt - 1);
    }
    const { isFound, sharedIndex, nextProbe } = divergence;
    this.answer(from, false, isFound ? sharedIndex : nextProbe, isFound ? sharedIndex + 1 : null);
  }

  /** The entries that this log does not hold, from the first conflict on (Raft, figure 2, AppendEntries 3 and 4). */
  private missingFrom(entries: readonly Entry[]): readonly Entry[] {
    const known = entries.findIndex((entry) => !this.log.isSameAt(entry.index, entryHash(entry)));
    const missing = known < 0 ? [] : entries.slice(known);
    const [first] = missing;
    // A leader's log only grows in its term (Raft, 5.3).
    if (first !== undefined && first.index <= this.verifiedIndex)
      throw new ProtocolError(`would replace its own entry ${first.index}`);
    return missing;
  }

  /**
   * The leader's `commit`: all entries up to this index are on the disks of a quorum once this node has them all. The last
   * of them is of the leader's term. While this node lacks it, nothing is committed by counting: what it has may be of
   * earlier terms (Raft, 5.4.2).
   */
  private completeQuorum(index: number): void {
    const { membership } = this.options.store;
    this.earlyCommitIndex = index;
    if (membership === 'voter' && this.heldIndex >= index) this.learnCommitIndex(index);
  }

  private learnCommitIndex(commitIndex: number): void {
    if (this.log.commitTo(Math.min(commitIndex, this.verifiedIndex))) this.options.onCommit();
  }

  private readmitted(from: string, message: ReadmitMessage): void {
    const { store, incarnation } = this.options;
    if (message.incarnation !== incarnation) return;
    if (store.membership === 'voter' || this.heldIndex < message.index) return;
    if (store.identity !== null && store.identity !== message.identity)
      throw new ProtocolError('it would readmit this node to another cluster');
    // The vote of this term may have been given before the disk was lost: it is the leader's for good.
    store.saveHardState({ term: this.term, votedFor: from });
    store.setIdentity(message.identity);
    store.setMembership('voter');
    this.answer(from, true, this.heldIndex);
  }

  /** Nothing may be under way when the disk fills up, or has room again. */
  private tellRoom(): void {
    const { agreedLeader } = this;
    if (agreedLeader !== null && this.toldRoom !== null && this.toldRoom !== this.log.room)
      this.answer(agreedLeader, true, this.heldIndex);
  }

  private answer(
    leader: string,
    success: boolean,
    matchIndex: number,
    divergedAt: number | null = null,
  ): void {
    const { room } = this.log;
    this.options.outbox.send(leader, {
      type: 'appended',
      term: this.term,
      incarnation: this.options.incarnation,
      epoch: this.lastEpoch,
      success,
      matchIndex,
      divergedAt,
      commitIndex: this.log.commitIndex,
      voter: this.options.store.membership === 'voter',
      room,
    });
    this.toldRoom = room;
  }
}
