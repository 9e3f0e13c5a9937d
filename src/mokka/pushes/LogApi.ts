import { RequestError, toError } from '../../errors';
import {
  PUSH_CHECK_MS,
  PUSH_CHECK_STEP,
  PUSH_DEADLINE_MS,
  PUSH_RETRY_MS,
  PUSHES_WAITING_BYTES_MAX,
} from '../../limits';
import type { LogLimits } from '../log/LogLimits';
import {
  entryHasPayload,
  entryHashHex,
  entryPushId,
  payloadBytes,
  type Entry,
  type LogEntry,
  type PushId,
} from '../../entry/Entry';
import type { PushApi, PushMarks, PushOptions } from '../../api';
import { Deque } from '../log/Deque';
import { isFailedCondition, type FailedCondition } from '../log/Replication';
import type { AnswersMessage } from '../messages/LogMessage';
import type { Refusal } from '../messages/pushes';
import { checkPush } from './checkPush';
import type { LogApiParts } from './LogApiParts';
import { PendingPush, type PushAnswers } from './PendingPush';
import { PendingPushes } from './PendingPushes';
import {
  clusterUnknown,
  conditionFailed,
  foreignSince,
  forgottenPush,
  keyForgotten,
  neverAnswered,
  neverSent,
  perhapsUnderWay,
  refusalError,
  storeFull,
  staleSince,
  stoppedBefore,
  tooManyWait,
} from './pushErrors';
import type { PushSource } from './PushIntake';
import { formatSince, parseSince, type Since } from './since';
import { UnsentPushes } from './UnsentPushes';

type FailedPush = FailedCondition & { readonly push: PendingPush };

/**
 * `logApi` of the tutorial: pushes on any node, each once, to the leader, until committed. A push is known by
 * (session, nonce), so that it can be sent again after any loss (Raft dissertation, 6.3).
 *
 * The pusher's half. The leader's half is PushIntake, and ForwardedAnswers for those of other nodes. Whatever is pushed
 * at once, all goes on in steps: what is accepted waits here, up to a limit, until it is sent. On the leader as on a
 * follower, a push is answered when its entry is found among what the own log has committed.
 */
export class LogApi implements PushApi, PushMarks, PushSource {
  private readonly limits: LogLimits;
  private readonly pending: PendingPushes;
  private readonly unsent: UnsentPushes;
  private waiting = 0;
  private waitingBytes = 0;
  private lastNonce = 0;
  private checkAt = 0;
  /** When some push had its answer, as the ticks saw it, and when the latest of those that have theirs was sent. */
  private answeredAt = -Infinity;
  private lastAnsweredSentAt = -Infinity;
  private wasAnswered = false;
  /** On the leader, in the order of their `judgedAt`. */
  private failedConditions = new Deque<FailedPush>();
  /** One for all that are refused until some have their answer: thousands of stack traces would take seconds. */
  private busy: { readonly error: RequestError; readonly answer: Promise<never> } | null = null;

  /** Index up to which pushes of this node were looked for among what its log has committed. Set by this class alone. */
  searchedTo: number;

  /** @param session this node's: 16 hex digits, random at each start. */
  constructor(
    private readonly session: string,
    private readonly parts: LogApiParts,
  ) {
    this.limits = parts.limits;
    this.pending = new PendingPushes(session);
    this.unsent = new UnsentPushes(parts.limits);
    this.searchedTo = parts.log.log.commitIndex;
  }

  push(key: string, value: { value: string; nonce?: number }, options: PushOptions = {}): Promise<LogEntry> {
    // Before all else: a program that pushes without end is to have its answer at next to no cost.
    // Of a promise that is rejected at once, Node keeps a record until it has a handler, which costs more than it does.
    if (this.waiting >= this.limits.PUSHES_WAITING_MAX) {
      const { error, answer } = this.refuseMore();
      this.parts.counts.refused(error);
      return answer.then();
    }
    return new Promise((resolve, reject) => {
      try {
        checkPush(key, value, options);
        this.accept(key, value, options, { resolve, reject });
      } catch (thrown) {
        const error = toError(thrown);
        this.parts.counts.refused(error);
        reject(error);
      }
    });
  }

  /** Sends what is unsent to the leader, as much as may be under way, if this node follows one. */
  forward(): void {
    const { log, outbox, clock } = this.parts;
    const { agreedLeader } = log;
    if (agreedLeader === null) return;
    const now = clock.now();
    for (;;) {
      const pushes = this.unsent.nextForwarded(now);
      if (pushes.length === 0) return;
      outbox.send(agreedLeader, { type: 'forward', pushes });
    }
  }

  /** On the leader: proposes the next push to its log. See {@link PushSource}. */
  proposeNext(): boolean {
    const now = this.parts.clock.now();
    const push = this.unsent.first(now);
    const { log } = this.parts;
    if (push === undefined || !log.canPropose(push)) return false;
    this.unsent.sent(push, now);
    const result = log.propose(push, null);
    if (typeof result === 'string') this.refuse(push, result, log.clusterCommitIndex);
    else if (isFailedCondition(result)) this.failed({ push, ...result });
    else if (result.index <= log.log.commitIndex) this.committedAs(push, result, now);
    return true;
  }

  /** The leader is another, or in another term: what is under way may be lost, so all is sent again, each session's in order. */
  leaderChanged(): void {
    this.failedConditions = new Deque();
    this.unsent.sendAnew(this.pending.list());
    this.parts.flushes.want();
  }

  /** The leader answered pushes of this node that are not for its own log to answer. */
  answered(message: AnswersMessage): void {
    const now = this.parts.clock.now();
    for (const answer of message.committed) {
      const push = this.pending.find(answer);
      if (push === undefined) continue;
      const { logNumber, term, createdAt, hash } = answer.committed;
      this.settle(push, { index: logNumber, term, createdAt, hash: hash.toString('hex') }, now);
    }
    for (const answer of message.refused) {
      const push = this.pending.find(answer);
      if (push?.since !== answer.since) continue;
      const { refused, lastLogNumber } = answer;
      if (lastLogNumber !== null) this.conditionFailed(push, lastLogNumber, refused === 'TRIMMED');
      else this.refuse(push, refused, message.commitIndex);
    }
  }

  /**
   * Looks for this node's pushes among what its log has committed since the last look, in steps: the answer to a push is
   * the entry that it made. Called when commitIndex rose, and at each flush.
   */
  findCommitted(): void {
    const { log, flushes, clock } = this.parts;
    if (!log.agreesWithLeader) return;
    const { commitIndex } = log.log;
    for (;;) {
      const failed = this.failedConditions.at(0);
      if (failed === undefined || failed.judgedAt > commitIndex) break;
      this.failedConditions.shift();
      this.conditionFailed(failed.push, failed.lastLogNumber, failed.isForgotten === true);
    }
    // What is forgotten already came as a leader's floor, to a log that was far behind.
    this.searchedTo = this.pending.count === 0 ? commitIndex : Math.max(this.searchedTo, log.log.floor.index);
    // What a leader commits is in memory, and never more than this once it has led for a while.
    const stepMax = log.leads ? this.limits.UNCOMMITTED_ENTRIES_MAX : this.limits.ANSWER_STEP_ENTRIES;
    const to = Math.min(commitIndex, this.searchedTo + stepMax);
    const now = clock.now();
    while (this.searchedTo < to) {
      const entry = log.log.entryAt(++this.searchedTo);
      const id = entry && entryPushId(entry);
      const push = id === null ? undefined : this.pending.find(id);
      if (entry !== null && push !== undefined) this.committedAs(push, entry, now);
    }
    if (to < commitIndex) flushes.want();
  }

  /** Called every few ms: deadlines, and pushes whose answer is overdue. */
  tick(now: number): void {
    if (now < this.checkAt) return;
    if (this.wasAnswered) this.answeredAt = now;
    this.wasAnswered = false;
    const due = this.pending.pick(
      (push) => now >= push.deadlineAt || (push.underWay && this.isOverdue(push, now)),
      PUSH_CHECK_STEP,
    );
    if (due.length < PUSH_CHECK_STEP) this.checkAt = now + PUSH_CHECK_MS;
    const sent = once(neverAnswered);
    const { log, flushes } = this.parts;
    const unsent = once(() => neverSent(log.takesPushes || log.agreedLeader !== null));
    for (const push of due) {
      if (now < push.deadlineAt) this.sendAgain(push);
      else this.reject(push, push.attempts === 0 ? unsent() : sent());
    }
    // Without a leader nobody takes those out that have ended.
    if (this.unsent.held > 2 * this.limits.PUSHES_WAITING_MAX) this.unsent.keepOnly(this.pending.list());
    if (this.hasUnsent) flushes.want();
  }

  get since(): string | null {
    const { clusterCommitIndex: index, log } = this.parts.log;
    return log.identity === null ? null : formatSince({ identity: log.identity, index });
  }

  /** Whether every push is answered. */
  get idle(): boolean {
    return this.pending.count === 0;
  }

  /** How many callers wait for their answers. */
  get waitingCount(): number {
    return this.waiting;
  }

  /** Ends all pushes: the node stops. */
  close(): void {
    const sent = once(() => stoppedBefore(true));
    const unsent = once(() => stoppedBefore(false));
    for (const push of this.pending.list()) this.reject(push, push.attempts === 0 ? unsent() : sent());
  }

  /** Whether some push waits to be sent. */
  get hasUnsent(): boolean {
    return this.unsent.first(this.parts.clock.now()) !== undefined;
  }

  private accept(
    key: string,
    { value, nonce }: { value: string; nonce?: number },
    { session, deadline = PUSH_DEADLINE_MS, since, ifLast, ifKeyLast }: PushOptions,
    answer: PushAnswers,
  ): void {
    const id: PushId = { session: session ?? this.session, nonce: nonce ?? this.nextNonce() };
    const bytes = payloadBytes(id, key, value);
    if (nonce !== undefined && session === undefined) this.lastNonce = Math.max(this.lastNonce, nonce);
    const refusal = this.parts.gate.refusal();
    if (refusal !== null) throw refusal;
    const sinceIndex = since === undefined ? null : this.indexOfSince(parseSince(since));
    const same = this.pending.find(id);
    if (same !== undefined && (same.content.key !== key || same.content.value !== value))
      throw refusalError('NONCE_REUSED');
    const bytesMore = same === undefined ? bytes : 0;
    if (this.waitingBytes + bytesMore > PUSHES_WAITING_BYTES_MAX) throw this.refuseMore().error;
    this.waiting++;
    this.waitingBytes += bytesMore;
    if (same !== undefined) {
      same.answers.push(answer);
      return;
    }
    const now = this.parts.clock.now();
    const push = new PendingPush(
      {
        id,
        key,
        value,
        bytes,
        named: session !== undefined,
        ifLast: ifLast ?? null,
        ifKeyLast: ifKeyLast ?? null,
        acceptedAt: now,
      },
      now + deadline,
      session === undefined ? this.parts.log.clusterCommitIndex : sinceIndex,
    );
    push.answers.push(answer);
    this.pending.add(push);
    this.unsent.add(push);
    if (push.ifKeyLast !== null) this.parts.log.foresee(push);
    this.parts.flushes.want();
  }

  private indexOfSince({ identity, index }: Since): number {
    const known = this.parts.log.log.identity;
    if (known === null) throw clusterUnknown();
    if (identity !== known) throw foreignSince();
    return index;
  }

  private refuseMore(): NonNullable<typeof this.busy> {
    if (this.busy !== null) return this.busy;
    const error = tooManyWait();
    const answer = Promise.reject(error);
    answer.catch(() => undefined);
    return (this.busy = { error, answer });
  }

  /**
   * Answers come in about the order in which the pushes were sent. So one is taken for lost when a later one has its
   * answer, or when none had one for long; while the leader works off what was sent before it, to send it again would
   * only be more work.
   */
  private isOverdue({ sentAt }: PendingPush, now: number): boolean {
    if (now - sentAt < PUSH_RETRY_MS) return false;
    return sentAt < this.lastAnsweredSentAt || now - this.answeredAt >= PUSH_RETRY_MS;
  }

  private nextNonce(): number {
    this.lastNonce = Math.max(this.parts.wallClock.now(), this.lastNonce + 1);
    return this.lastNonce;
  }

  private sendAgain(push: PendingPush): void {
    this.unsent.landed(push);
    this.unsent.add(push);
  }

  private refuse(push: PendingPush, refusal: Refusal, leaderCommitIndex: number): void {
    const { named } = push.content;
    // The retry of an overdue answer tries it again.
    if (refusal === 'NO_LEADER' || refusal === 'CONDITION_FAILED' || refusal === 'TRIMMED') return;
    // A caller's own `since` never rises: the push may be a retry of one at another node.
    if (refusal === 'STALE_NONCE' && push.since !== null && !named && push.attempts === 1) {
      // STALE_NONCE: the leader has forgotten too much to know whether this push is in the log; `since` is too low for it.
      // But this was the first try, and that leader did not append it. So it is not among what that leader has committed,
      // and the next try may say so: `since` rises to the leader's commitIndex. Not higher: entries above it may still be
      // cut, and another leader may append the push in their place.
      push.attempts = 0;
      if (leaderCommitIndex <= push.since) return; // As with NO_LEADER, until that leader has committed more.
      push.since = leaderCommitIndex;
      this.sendAgain(push);
      this.parts.flushes.want();
      return;
    }
    if (refusal === 'STORE_FULL') this.reject(push, storeFull(push.attempts > 1));
    else if (refusal !== 'STALE_NONCE') this.reject(push, refusalError(refusal));
    else if (!named) this.reject(push, forgottenPush());
    else this.reject(push, push.since === null ? refusalError(refusal) : staleSince());
  }

  private failed(failed: FailedPush): void {
    if (failed.judgedAt > this.parts.log.log.commitIndex) this.failedConditions.push(failed);
    else this.conditionFailed(failed.push, failed.lastLogNumber, failed.isForgotten === true);
  }

  /** The cluster's log, or the key's, does not end where a push wants it to; or where that is forgotten, is not known. */
  private conditionFailed(push: PendingPush, lastLogNumber: number, isForgotten: boolean): void {
    const { ifLast, ifKeyLast } = push;
    const wanted = ifLast ?? ifKeyLast;
    if (push.ended || wanted === null) return;
    // An earlier try may be appended yet when the log has grown as long. A first one is the only one: links repeat no packet.
    const mayBeStored = push.attempts > 1 && lastLogNumber < wanted;
    if (isForgotten) {
      this.reject(push, keyForgotten(lastLogNumber, mayBeStored));
      return;
    }
    const failed = { wanted, lastLogNumber, ofKey: ifKeyLast !== null };
    this.reject(push, (mayBeStored ? perhapsUnderWay : conditionFailed)(failed));
  }

  private reject(push: PendingPush, error: RequestError): void {
    this.end(push);
    for (const { reject } of push.answers) {
      this.parts.counts.refused(error);
      reject(error);
    }
  }

  /** An entry of this push's id is committed. */
  private committedAs(push: PendingPush, entry: Entry, now: number): void {
    if (!entryHasPayload(entry, push.payload)) {
      this.reject(push, refusalError('NONCE_REUSED'));
      return;
    }
    const { logNumber, term, createdAt } = entry;
    this.settle(push, { index: logNumber, term, createdAt, hash: entryHashHex(entry) }, now);
  }

  private settle(push: PendingPush, entry: Omit<LogEntry, 'log'>, now: number): void {
    if (push.underWay) {
      this.wasAnswered = true;
      this.lastAnsweredSentAt = Math.max(this.lastAnsweredSentAt, push.sentAt);
    }
    this.end(push);
    this.parts.answered.answered(entry.index);
    const { index, term, hash, createdAt } = entry;
    const { id, key, value } = push.content;
    const answer = {
      index,
      term,
      hash,
      createdAt,
      log: { key, value: { value, nonce: id.nonce } },
    };
    const tookMs = now - push.content.acceptedAt;
    for (const { resolve } of push.answers) {
      this.parts.counts.committed.took(tookMs);
      resolve(answer);
    }
  }

  private end(push: PendingPush): void {
    this.unsent.landed(push);
    push.ended = true;
    this.pending.delete(push);
    this.waiting -= push.answers.length;
    this.waitingBytes -= push.content.bytes;
    this.busy = null;
    // What could not be forwarded because of it can be.
    if (this.unsent.held > 0) this.parts.flushes.want();
  }
}

/** Makes a value at the first call, and gives the same one then. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
