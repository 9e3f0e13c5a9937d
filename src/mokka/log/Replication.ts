import { invariant, ProtocolError } from '../../errors';
import { APPEND_BYTES_MAX, APPEND_RESEND_MS, FLUSH_BYTES_MAX } from '../../limits';
import { entryHash, entryHasPayload, type Entry, type PushId } from '../../entry/Entry';
import type { AppendedMessage } from '../messages/LogMessage';
import type { Outbox } from '../messages/Outbox';
import type { Refusal } from '../messages/pushes';
import type { Clock } from './Clock';
import type { LocalLog } from './LocalLog';
import { Progress } from './Progress';
import { quorumIndex, quorumOf } from './quorum';

/** A push that is to become an entry. */
export interface Proposal {
  readonly id: PushId;
  /** See ForwardedPush. */
  readonly since: number | null;
  /** See ForwardedPush. */
  readonly ifLast: number | null;
  /** See ForwardedPush. */
  readonly ifKeyLast: number | null;
  readonly payload: Buffer;
}

/**
 * The log, or the key's, does not end where the push wants it to. That is so for the cluster once the entry at `judgedAt` is committed:
 * before, a leader that is replaced may have judged by what nobody keeps.
 */
export interface FailedCondition {
  /** The number of the last log, of all or of the push's key, as its condition is; 0 for none, the floor's where forgotten. */
  readonly lastLogNumber: number;
  /** What the last log of the push's key was is forgotten: none of that key stands behind the floor. */
  readonly isForgotten?: true;
  readonly judgedAt: number;
}

/** What becomes of a push: its entry, or why it is none. */
export type ProposalResult = Entry | Refusal | FailedCondition;

/** Whether it is that. */
export function isFailedCondition(result: Entry | FailedCondition): result is FailedCondition {
  return 'judgedAt' in result;
}

/**
 * The leader's half of Raft's log replication, for one term (Raft, 5.3 and 5.4.2): a plain state machine.
 *
 * Proposals are staged; {@link flush} sends what is staged to the followers first and puts it on the own disk then,
 * so that the followers' disks work at the same time. The leader counts itself only for what it has on disk.
 *
 * The next quorum. A commit takes a quorum, not every follower. So the leader sends a few entries at once only to as many
 * followers as make a quorum with it: first to those whose users wait for an entry, then to those with the highest
 * matchIndex. The others get these entries with the next tick, many in one append. Example: five nodes, a user at B
 * waits. B and the follower with the highest matchIndex get each entry at once, the other two a few ms later. A follower
 * that does not answer falls behind in matchIndex, and another takes its place.
 *
 * Early commits. An entry is committed when a quorum has it on disk. Where a follower's copy is the last that a quorum
 * lacks, that follower knows of the commit first: when its own write is done. So the leader sends it the commitIndex
 * ahead, in a `commit` message: committed as soon as you have it. Example: three nodes, the entry is on the leader's disk
 * and under way to B, where a user waits. B answers its user when its own disk has the entry. Without this B would answer
 * the leader first, and wait for the leader's next message. The leader's readIndex counts such an entry from then on.
 *
 * The floor. What this log has forgotten is never sent again. A follower that lacks it gets the entries behind the floor,
 * and what the floor is with them: its log begins there then.
 *
 * Room. Followers say with their answers what their disks have room for. Where no quorum of those that answer has room,
 * pushes are refused, and nothing is stored of them; elections, reads and trims go on. A follower whose last room is gone
 * is sent no entries until it says that it has some, or the leader's floor lets it drop what it holds.
 *
 * Readmission. A follower that lost its disk is no voter until two things hold. It has the leader's log up to a fence, an
 * empty entry that the leader appended after it learned of the loss. And a majority without that follower has committed
 * the fence. Then every quorum that counted the follower before the loss shares another node with that majority. And no
 * candidate that the follower voted for before can still win, since its log lacks the fence.
 */
export class Replication {
  private readonly progress = new Map<string, Progress>();
  private readonly quorum: number;
  /** Only entries from here on are committed by counting: they are of the own term (Raft, 5.4.2). */
  private readonly firstIndex: number;
  /** Staged entries are sent by flush alone, which saves them at once: nothing is committed that is not on the own disk. */
  private sendableTo: number;
  /** The highest commitIndex that was sent ahead: that follower may know of the commit before this node does. */
  private highestEarlyCommit = 0;

  constructor(
    readonly term: number,
    peers: readonly string[],
    private readonly log: LocalLog,
    private readonly outbox: Outbox,
    private readonly wallClock: Clock,
    private readonly onCommit: () => void,
  ) {
    this.quorum = quorumOf(peers.length + 1);
    for (const peer of peers) this.progress.set(peer, new Progress(log.lastIndex, log.limits));
    this.sendableTo = log.lastIndex;
    this.firstIndex = this.log.stage(term, wallClock.now(), null).index;
  }

  /** Whether the leader has committed an entry of its term: only then it knows all that is committed (Raft, 8). */
  get knowsCommitted(): boolean {
    return this.log.commitIndex >= this.firstIndex;
  }

  /** commitIndex, or what a follower may know to be committed before this node does. */
  get readIndex(): number {
    return Math.max(this.log.commitIndex, this.highestEarlyCommit);
  }

  /** Index up to which a follower's log is known to match. */
  matchIndexOf(peer: string): number | null {
    return this.progress.get(peer)?.matchIndex ?? null;
  }

  /** Whether an entry is under way to a voter, or with it: what is sent to it now comes after that entry. */
  wasSent(peer: string, index: number): boolean {
    const progress = this.progress.get(peer);
    return progress !== undefined && isVoter(progress) && progress.nextIndex > index;
  }

  /** Whether a follower is to be sent more at once: of what is on disk, one append a step. */
  get owesEntries(): boolean {
    for (const progress of this.progress.values())
      if (this.owesTo(progress) && !this.canWait(progress)) return true;
    return false;
  }

  /** The followers whose committed entries are others than this log's, and from which index on. */
  get diverged(): { peer: string; index: number }[] {
    return [...this.progress].flatMap(([peer, { divergedAt }]) =>
      divergedAt === null ? [] : [{ peer, index: divergedAt }],
    );
  }

  /** Whether so many followers hold other entries for committed that the rest is no quorum. */
  get isBlocked(): boolean {
    let agreeing = 1;
    // Asked for each push: no list is made.
    for (const { divergedAt } of this.progress.values()) if (divergedAt === null) agreeing++;
    return agreeing < this.quorum;
  }

  /** The followers that count towards a commit, answer, and hold the whole log; where some of them have room, those alone. */
  get upToDateVoters(): string[] {
    const voters = [...this.progress].filter(
      ([, progress]) => isVoter(progress) && progress.matchIndex === this.log.lastIndex,
    );
    const roomy = voters.filter(([, { room }]) => room === 'some');
    return (roomy.length > 0 ? roomy : voters).map(([peer]) => peer);
  }

  /**
   * Where there is no room for more logs of users: on so many of those that answer that the rest is no quorum, or on the
   * leader's disk, as far as is known alone, so that another is to lead. null: there is room, or too few answer to tell.
   */
  get fullness(): 'leader' | 'quorum' | null {
    const isFull = this.log.room !== 'some';
    let answering = 1;
    let roomy = isFull ? 0 : 1;
    for (const progress of this.progress.values()) {
      if (!isVoter(progress)) continue;
      answering++;
      if (progress.room === 'some') roomy++;
    }
    if (roomy < this.quorum && answering >= this.quorum) return 'quorum';
    return isFull ? 'leader' : null;
  }

  /** The followers whose disks have no room for more logs. */
  get fullFollowers(): string[] {
    return [...this.progress].filter(([, { room }]) => room !== 'some').map(([peer]) => peer);
  }

  /**
   * Takes a push: makes an entry of it, or finds the entry that it is in the log already, or refuses it. A push that is
   * found is not asked for its condition again: the retry of a success is a success. What a condition asks of a key is
   * known: see {@link LocalLog.watchKey}.
   *
   * @param pusher the follower whose user made it; null: a user of the leader.
   */
  propose(push: Proposal, pusher: string | null): ProposalResult {
    const { log } = this;
    if (push.ifKeyLast !== null) log.watchedKeys.judged(push.payload);
    const found = log.pushes.find(push.id);
    const refused = found === undefined ? this.refusalOf(push) : null;
    if (refused !== null) return refused;
    const entry = found === undefined ? log.stage(this.term, this.wallClock.now(), push) : log.entryAt(found);
    invariant(entry !== null, () => `a remembered push has no entry at ${String(found)}`);
    if (found !== undefined && !entryHasPayload(entry, push.payload)) return 'NONCE_REUSED';
    if (pusher !== null && entry.index > log.commitIndex)
      this.progress.get(pusher)?.usersWaitFor(entry.index);
    return entry;
  }

  /** Why a push that is not in the log does not become an entry; null: it does. */
  private refusalOf({ id, since, ifLast, ifKeyLast, payload }: Proposal): Refusal | FailedCondition | null {
    const { log } = this;
    // What is not read back from the store yet will be soon: then the pusher's next try is decided.
    if (!log.pushes.wouldKnow(id, since)) return log.remembersAll ? 'STALE_NONCE' : 'NO_LEADER';
    if (ifLast !== null && ifLast !== log.lastLogNumber)
      return this.failedCondition(ifLast, log.lastLogNumber);
    if (ifKeyLast !== null) {
      const last = log.watchedKeys.lastOf(payload);
      invariant(last !== null, () => 'a push is judged by a key whose last log is not known');
      if (last === 'forgotten') {
        // Who names the floor wants no log of the key behind it.
        const { logNumber } = log.floor;
        if (ifKeyLast !== logNumber) return this.forgottenCondition(logNumber);
      } else if (last !== ifKeyLast) return this.failedCondition(ifKeyLast, last);
    }
    const { fullness } = this;
    if (fullness === null) return null;
    return fullness === 'leader' ? 'NO_LEADER' : 'STORE_FULL';
  }

  /** Proposes to forget the log up to a committed index; null where that is done, or another trim is on its way. */
  proposeTrim(floorIndex: number): Entry | null {
    return this.log.stageTrim(this.term, this.wallClock.now(), floorIndex);
  }

  /** Sends staged entries, at most FLUSH_BYTES_MAX of them, then gives them to the store. */
  flush(now: number): void {
    this.sendableTo = this.log.stagedWithin(FLUSH_BYTES_MAX);
    for (const [peer, progress] of this.progress)
      if (!this.canWait(progress)) this.sendEntries(peer, progress, now);
    this.log.save(this.sendableTo);
    this.saved();
  }

  /** More of this node's own entries are on disk. */
  saved(): void {
    this.advanceCommit();
    this.sendEarlyCommits();
  }

  /** A follower answered a heartbeat of this term. */
  heard(peer: string, incarnation: string, now: number): void {
    const progress = this.progress.get(peer);
    if (progress === undefined) return;
    progress.metIncarnation(incarnation, now);
    if (progress.state !== 'waiting' || now < progress.probeAt) return;
    progress.beginProbe();
    this.probe(peer, progress, now);
  }

  /** The link to a follower is gone, and what was under way with it. */
  lost(peer: string): void {
    this.progress.get(peer)?.lost();
  }

  /**
   * A follower answered an append: the process of it that was met, or else the answer is void.
   *
   * @throws ProtocolError when the follower claims what cannot be.
   */
  appended(peer: string, message: AppendedMessage, now: number): void {
    const progress = this.progress.get(peer);
    if (progress === undefined || progress.state === 'waiting') return;
    if (message.epoch !== progress.epoch || message.incarnation !== progress.incarnation) return;
    if (message.matchIndex > this.log.writtenIndex) {
      progress.becomeWaiting();
      throw new ProtocolError(`a match at ${message.matchIndex}, beyond ${this.log.writtenIndex}`);
    }
    progress.claimed(message.voter);
    progress.room = message.room;
    if (message.divergedAt !== null) {
      if (message.divergedAt === 0 || message.divergedAt > this.log.writtenIndex)
        throw new ProtocolError(`a difference at ${message.divergedAt}, of ${this.log.writtenIndex} entries`);
      progress.diverged(message.divergedAt, now);
      return;
    }
    if (!message.success) {
      progress.becomeProbing(message.matchIndex);
      this.probe(peer, progress, now);
      return;
    }
    progress.matched(message.matchIndex, message.commitIndex, now);
    this.advanceCommit();
    if (!progress.voter) this.readmit(peer, progress);
    if (!this.canWait(progress)) this.sendEntries(peer, progress, now);
    this.sendEarlyCommits();
  }

  /**
   * Called every few ms: sends entries that waited, sends commitIndex where no append brings it, gives up on lost appends,
   * and readmits again.
   */
  tick(now: number): void {
    for (const [peer, progress] of this.progress) {
      if (progress.busy && now - progress.answeredAt > APPEND_RESEND_MS) progress.becomeWaiting();
      this.sendEntries(peer, progress, now);
      const mayKnow = Math.min(this.log.commitIndex, progress.matchIndex);
      const lacksCommitIndex = progress.sentCommitIndex < mayKnow;
      // Its answer brings a readmission that was lost, or that it could not take, and whether there is room again.
      const isLacking = !progress.voter || progress.room !== 'some';
      const isAsked = isLacking && now - progress.answeredAt > APPEND_RESEND_MS;
      if (progress.state === 'replicating' && !progress.busy && (lacksCommitIndex || isAsked))
        this.sendAppend(peer, progress, [], now);
    }
    this.sendEarlyCommits();
  }

  /**
   * Behind a later log nothing can come before it any more, so that a failed condition stays so. Where the log, or the
   * key's, is not as long yet as the push wants it, this leader may have been replaced, and the next have appended what is missing. An entry
   * that it commits after it judged shows that it was not.
   */
  private failedCondition(wanted: number, lastLogNumber: number): FailedCondition {
    const { log } = this;
    const isTooShort = lastLogNumber < wanted;
    return { lastLogNumber, judgedAt: isTooShort ? this.laterEntry() : log.lastIndex };
  }

  /** Nothing of the key stands behind the floor: so it is, too, once an entry from after it was judged is committed. */
  private forgottenCondition(lastLogNumber: number): FailedCondition {
    return { lastLogNumber, isForgotten: true, judgedAt: this.laterEntry() };
  }

  /** The index of an entry that is not committed yet: once it is, this node was the leader. */
  private laterEntry(): number {
    const { log } = this;
    if (log.lastIndex === log.commitIndex) log.stage(this.term, this.wallClock.now(), null);
    return log.lastIndex;
  }

  private owesTo(progress: Progress): boolean {
    return progress.canSend && progress.nextIndex <= this.sendableTo && this.mayTake(progress);
  }

  /** A follower without room takes what lets it forget: the entries behind a floor that it does not reach. */
  private mayTake({ room, matchIndex }: Progress): boolean {
    return room !== 'none' || matchIndex < this.log.floor.index;
  }

  /** Whether entries wait for the next tick: they are few, and the follower is not of the next quorum. */
  private canWait(progress: Progress): boolean {
    const { nextIndex } = progress;
    if (this.sendableTo - nextIndex >= this.log.limits.LATE_ENTRIES_MAX || this.isInNextQuorum(progress))
      return false;
    return this.log.areRecent(nextIndex, this.sendableTo, this.log.limits.LATE_BYTES_MAX);
  }

  private isInNextQuorum(progress: Progress): boolean {
    if (!isVoter(progress)) return true;
    const voters = [...this.progress.values()].filter(isVoter).sort(byNextQuorum);
    return voters.indexOf(progress) < this.quorum - 1;
  }

  /** Asks where the logs match, by an append of what is next, or of nothing. */
  private probe(peer: string, progress: Progress, now: number): void {
    this.sendEntries(peer, progress, now);
    if (!progress.busy) this.sendAppend(peer, progress, [], now);
  }

  private sendEntries(peer: string, progress: Progress, now: number): void {
    progress.sendAbove(this.log.floor.index);
    while (this.owesTo(progress)) {
      const count = Math.min(this.log.limits.APPEND_ENTRIES_MAX, this.sendableTo - progress.nextIndex + 1);
      const fromDisk = !this.log.isRecent(progress.nextIndex);
      const entries = this.log.read(progress.nextIndex, APPEND_BYTES_MAX, count);
      this.sendAppend(peer, progress, entries, now);
      // The next one goes in another step: a long read would hold up heartbeats and commits.
      if (fromDisk) return;
    }
  }

  private sendAppend(peer: string, progress: Progress, entries: readonly Entry[], now: number): void {
    const { floor } = this.log;
    progress.sendAbove(floor.index);
    const previousIndex = progress.nextIndex - 1;
    const previous = this.log.pointAt(previousIndex);
    invariant(previous !== null, () => `no entry at ${previousIndex}`);
    let bytes = 0;
    for (const entry of entries) bytes += entry.bytes.length;
    progress.sent(previousIndex + entries.length, bytes, this.log.commitIndex, now);
    this.outbox.send(peer, {
      type: 'append',
      term: this.term,
      epoch: progress.epoch,
      previousIndex,
      previousTerm: previous.term,
      previousHash: entryHash(previous),
      floorLogNumber: previous === floor && previousIndex > 0 ? floor.logNumber : null,
      commitIndex: this.log.commitIndex,
      entries,
    });
  }

  /** Sends the commitIndex ahead to followers whose users wait, where their own copy is the last that a quorum lacks. */
  private sendEarlyCommits(): void {
    for (const [peer, progress] of this.progress) {
      const sent = Math.max(progress.earlyCommitIndex, progress.sentCommitIndex);
      if (sent >= progress.waitedForIndex) continue;
      const held = quorumIndex(this.matchIndexesWithout(progress), this.quorum - 1);
      const commitIndex = Math.min(held, progress.waitedForIndex);
      if (commitIndex < this.firstIndex || commitIndex <= sent) continue;
      if (!this.wasSent(peer, commitIndex)) continue;
      progress.committedEarly(commitIndex);
      this.highestEarlyCommit = Math.max(this.highestEarlyCommit, commitIndex);
      this.outbox.send(peer, { type: 'commit', term: this.term, commitIndex });
    }
  }

  /** What the voters hold on disk, of the followers all but one. */
  private matchIndexesWithout(left: Progress | null): number[] {
    const matchIndexes = [this.log.savedIndex];
    for (const progress of this.progress.values())
      if (progress.voter && progress !== left) matchIndexes.push(progress.matchIndex);
    return matchIndexes;
  }

  private advanceCommit(): void {
    const reached = quorumIndex(this.matchIndexesWithout(null), this.quorum);
    if (reached >= this.firstIndex && this.log.commitTo(reached)) this.onCommit();
  }

  private readmit(peer: string, progress: Progress): void {
    const { incarnation, matchIndex } = progress;
    const index = progress.fenceAt(() => this.log.stage(this.term, this.wallClock.now(), null).index);
    if (incarnation === null || this.log.commitIndex < index || matchIndex < index) return;
    const { identity } = this.log;
    // It is known as soon as the older entries are read back, where only a trim says it.
    if (identity === null) return;
    this.outbox.send(peer, { type: 'readmit', term: this.term, incarnation, index, identity });
  }
}

/** Those whose users wait come first: they know at once of the commit that they make. */
function byNextQuorum(a: Progress, b: Progress): number {
  return Number(b.isWaitedFor) - Number(a.isWaitedFor) || b.matchIndex - a.matchIndex;
}

function isVoter({ voter, state }: Progress): boolean {
  return voter && state === 'replicating';
}
