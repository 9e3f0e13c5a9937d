import { RequestError, toError } from '../../errors';
import {
  FORWARD_BYTES_IN_FLIGHT_MAX,
  FORWARD_BYTES_MAX,
  FORWARD_PUSHES_MAX,
  FORWARDS_IN_FLIGHT_MAX,
  PUSH_CHECK_MS,
  PUSH_CHECK_STEP,
  PUSH_DEADLINE_MS,
  PUSH_RETRY_MS,
  PUSHES_WAITING_BYTES_MAX,
  PUSHES_WAITING_MAX,
} from '../../limits';
import {
  entryHasPayload,
  entryHashHex,
  entryPushId,
  payloadBytes,
  type Entry,
  type LogEntry,
  type PushId,
} from '../../entry/Entry';
import type { PushApi, PushOptions } from '../../api';
import { Deque } from '../log/Deque';
import type { AnswersMessage, LogMessage } from '../messages/LogMessage';
import type { ForwardedPush, Refusal } from '../messages/pushes';
import { checkPush } from './checkPush';
import { PendingPush, type PushAnswers, type PushOwner } from './PendingPush';
import { PendingPushes } from './PendingPushes';
import {
  forgottenPush,
  neverAnswered,
  neverSent,
  refusalError,
  stoppedBefore,
  tooManyWait,
} from './pushErrors';

export interface LogApiOptions {
  /** This node's session: 16 hex digits, random at each start. */
  readonly session: string;
  /** The public key of the leader, null when none is known; own key: this node leads. */
  readonly leader: () => string | null;
  readonly self: string;
  /** Why no request is taken now, or null. */
  readonly refusal: () => RequestError | null;
  readonly send: (peer: string, message: LogMessage) => void;
  /** Position of the cluster's commitIndex as far as this node knows. */
  readonly knownCommitIndex: () => number;
  /** A push is answered with the log of this index. */
  readonly onAnswered: (index: number) => void;
  /** Asks for {@link LogApi.forward} or {@link LogApi.nextOwn} to be called soon, once for many. */
  readonly wantFlush: () => void;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Time for nonces that the caller left out, ms since 1970. */
  readonly wallClock: () => number;
}

/**
 * `logApi` of the tutorial: pushes on any node, each once, to the leader, until committed. A push is known by
 * (session, nonce), so that it can be sent again after any loss (Raft dissertation, 6.3).
 *
 * The pusher's half. The leader's half is PushIntake, and ForwardedPushes for those of other nodes. Whatever is pushed
 * at once, all goes on in steps: what is accepted waits here, up to a limit, until it is sent.
 */
export class LogApi implements PushApi, PushOwner {
  private readonly pending: PendingPushes;
  /** May hold pushes that have ended, or that stand in it twice; the one that is not sent yet counts. */
  private unsent = new Deque<PendingPush>();
  private waiting = 0;
  private waitingBytes = 0;
  private underWay = 0;
  private bytesUnderWay = 0;
  private lastNonce = 0;
  private checkAt = 0;
  /** When some push had its answer, as the ticks saw it, and when the latest of those that have theirs was sent. */
  private answeredAt = -Infinity;
  private lastAnsweredSentAt = -Infinity;
  private wasAnswered = false;
  /** One for all that are refused until some have their answer: thousands of stack traces would take seconds. */
  private busy: { readonly error: RequestError; readonly answer: Promise<never> } | null = null;

  constructor(private readonly options: LogApiOptions) {
    this.pending = new PendingPushes(options.session);
  }

  push(key: string, value: { value: string; nonce?: number }, options: PushOptions = {}): Promise<LogEntry> {
    // Before all else: a program that pushes without end is to have its answer at next to no cost.
    // Of a promise that is rejected at once, Node keeps a record until it has a handler, which costs more than it does.
    if (this.waiting >= PUSHES_WAITING_MAX) return this.refuseMore().answer.then();
    return new Promise((resolve, reject) => {
      try {
        checkPush(key, value, options);
        this.accept(key, value, options, { resolve, reject });
      } catch (thrown) {
        reject(toError(thrown));
      }
    });
  }

  /** Sends what is unsent to the leader, as much as may be under way, if another node is known to lead. */
  forward(): void {
    const leader = this.options.leader();
    if (leader === null || leader === this.options.self) return;
    const now = this.options.now();
    while (this.mayForward) {
      const pushes = this.nextForwarded(now);
      if (pushes.length > 0) this.options.send(leader, { type: 'forward', pushes });
    }
  }

  /** On the leader: the next push for its log, if one waits. */
  readonly nextOwn = (): PendingPush | undefined => {
    const now = this.options.now();
    const push = this.firstUnsent(now);
    if (push === undefined) return undefined;
    this.unsent.shift();
    this.markSent(push, now);
    return push;
  };

  /** The leader is another, or in another term: what is under way may be lost, so all is sent again, each session's in order. */
  leaderChanged(): void {
    for (const push of this.pending.list()) push.underWay = false;
    this.underWay = 0;
    this.bytesUnderWay = 0;
    this.listUnsent();
    this.options.wantFlush();
  }

  /** The leader answered pushes of this node that are not for its own log to answer. */
  answered(message: AnswersMessage): void {
    for (const answer of message.committed) {
      const push = this.pending.find(answer);
      if (push === undefined) continue;
      const { committed } = answer;
      this.settle(push, committedLog(push, committed, committed.hash.toString('hex')));
    }
    for (const answer of message.refused) {
      const push = this.pending.find(answer);
      if (push?.since === answer.since) this.refuse(push, answer.refused, message.commitIndex);
    }
  }

  /**
   * The log of this node, which follows another, committed an entry. If a push of this node made it, that is the
   * push's answer: the leader sends none for what it knows to be in this log.
   */
  followed(entry: Entry): void {
    const id = entryPushId(entry);
    const push = id === null ? undefined : this.pending.find(id);
    if (push === undefined) return;
    if (entryHasPayload(entry, push.payload)) push.committed(entry);
    else push.refused('NONCE_REUSED');
  }

  /** The own log committed an own push. */
  committed(push: PendingPush, entry: Entry): void {
    this.settle(push, committedLog(push, entry, entryHashHex(entry)));
  }

  /** The own log refused an own push. */
  refused(push: PendingPush, refusal: Refusal): void {
    this.refuse(push, refusal, this.options.knownCommitIndex());
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
    const unsent = once(() => neverSent(this.options.leader() !== null));
    for (const push of due) {
      if (now < push.deadlineAt) this.sendAgain(push);
      else this.reject(push, push.attempts === 0 ? unsent() : sent());
    }
    // Without a leader nobody takes those out that have ended.
    if (this.unsent.length > 2 * PUSHES_WAITING_MAX) this.listUnsent();
    if (this.hasUnsent) this.options.wantFlush();
  }

  /** Whether every push is answered. */
  get idle(): boolean {
    return this.pending.isEmpty;
  }

  /** Ends all pushes: the node stops. */
  close(): void {
    const sent = once(() => stoppedBefore(true));
    const unsent = once(() => stoppedBefore(false));
    for (const push of this.pending.list()) this.reject(push, push.attempts === 0 ? unsent() : sent());
  }

  /** Whether some push waits to be sent. */
  get hasUnsent(): boolean {
    return this.firstUnsent(this.options.now()) !== undefined;
  }

  private accept(
    key: string,
    { value, nonce }: { value: string; nonce?: number },
    { session, deadline = PUSH_DEADLINE_MS }: PushOptions,
    answer: PushAnswers,
  ): void {
    const id: PushId = { session: session ?? this.options.session, nonce: nonce ?? this.nextNonce() };
    const bytes = payloadBytes(id, key, value);
    if (nonce !== undefined && session === undefined) this.lastNonce = Math.max(this.lastNonce, nonce);
    const refusal = this.options.refusal();
    if (refusal !== null) throw refusal;
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
    const push = new PendingPush(
      { id, key, value, bytes, named: session !== undefined },
      this.options.now() + deadline,
      session === undefined ? this.options.knownCommitIndex() : null,
      this,
    );
    push.answers.push(answer);
    this.pending.add(push);
    this.unsent.push(push);
    this.options.wantFlush();
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
    this.lastNonce = Math.max(this.options.wallClock(), this.lastNonce + 1);
    return this.lastNonce;
  }

  private get mayForward(): boolean {
    return (
      this.underWay < FORWARDS_IN_FLIGHT_MAX &&
      this.bytesUnderWay < FORWARD_BYTES_IN_FLIGHT_MAX &&
      this.hasUnsent
    );
  }

  private nextForwarded(now: number): ForwardedPush[] {
    const pushes: ForwardedPush[] = [];
    let bytes = 0;
    const countMax = Math.min(FORWARD_PUSHES_MAX, FORWARDS_IN_FLIGHT_MAX - this.underWay);
    while (pushes.length < countMax) {
      const push = this.firstUnsent(now);
      if (push === undefined) break;
      bytes += push.content.bytes;
      if (bytes > FORWARD_BYTES_MAX && pushes.length > 0) break;
      this.unsent.shift();
      this.markSent(push, now);
      pushes.push({ since: push.since, payload: push.payload });
    }
    return pushes;
  }

  /** The first that is still to be sent, and not about to end; those before it are forgotten. */
  private firstUnsent(now: number): PendingPush | undefined {
    for (;;) {
      const push = this.unsent.at(0);
      if (push === undefined || (push.isUnsent && now < push.deadlineAt)) return push;
      this.unsent.shift();
    }
  }

  private listUnsent(): void {
    this.unsent = new Deque();
    for (const push of this.pending.list()) if (push.isUnsent) this.unsent.push(push);
  }

  private markSent(push: PendingPush, now: number): void {
    push.attempts++;
    push.sentAt = now;
    push.underWay = true;
    this.underWay++;
    this.bytesUnderWay += push.content.bytes;
  }

  private landed(push: PendingPush): void {
    if (!push.underWay) return;
    push.underWay = false;
    this.underWay--;
    this.bytesUnderWay -= push.content.bytes;
  }

  private sendAgain(push: PendingPush): void {
    this.landed(push);
    this.unsent.push(push);
  }

  private refuse(push: PendingPush, refusal: Refusal, leaderCommitIndex: number): void {
    if (refusal === 'NO_LEADER') return; // The retry of an overdue answer tries it again.
    if (refusal === 'STALE_NONCE' && push.since !== null && push.attempts === 1) {
      // This node is far behind. The only leader that it went to did not take it, so it is not in what that leader has
      // committed. What stands above that may still be cut, and the push then be appended below it.
      push.attempts = 0;
      if (leaderCommitIndex <= push.since) return; // As with NO_LEADER, until that leader has committed more.
      push.since = leaderCommitIndex;
      this.sendAgain(push);
      this.options.wantFlush();
      return;
    }
    const stale = refusal === 'STALE_NONCE' && !push.content.named;
    this.reject(push, stale ? forgottenPush() : refusalError(refusal));
  }

  private reject(push: PendingPush, error: RequestError): void {
    this.end(push);
    for (const { reject } of push.answers) reject(error);
  }

  private settle(push: PendingPush, entry: LogEntry): void {
    if (push.underWay) {
      this.wasAnswered = true;
      this.lastAnsweredSentAt = Math.max(this.lastAnsweredSentAt, push.sentAt);
    }
    this.end(push);
    this.options.onAnswered(entry.index);
    for (const { resolve } of push.answers) resolve(entry);
  }

  private end(push: PendingPush): void {
    this.landed(push);
    push.ended = true;
    this.pending.delete(push);
    this.waiting -= push.answers.length;
    this.waitingBytes -= push.content.bytes;
    this.busy = null;
    // What could not be forwarded because of it can be.
    if (this.unsent.length > 0) this.options.wantFlush();
  }
}

/** Makes a value at the first call, and gives the same one then. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function committedLog(
  push: PendingPush,
  { index, term, createdAt }: Pick<Entry, 'index' | 'term' | 'createdAt'>,
  hash: string,
): LogEntry {
  const { id, key, value } = push.content;
  return { index, term, hash, createdAt, log: { key, value: { value, nonce: id.nonce } } };
}
