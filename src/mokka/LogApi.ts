import { RequestError, toError } from '../errors';
import {
  FORWARD_BYTES_IN_FLIGHT_MAX,
  FORWARD_BYTES_MAX,
  FORWARD_PUSHES_MAX,
  PUSH_CHECK_MS,
  PUSH_DEADLINE_MS,
  PUSH_RETRY_MS,
  PUSHES_WAITING_BYTES_MAX,
} from '../limits';
import {
  encodePayload,
  entryHasPayload,
  entryHashHex,
  entryPushId,
  type Entry,
  type LogEntry,
  type PushId,
} from '../storage/Entry';
import type { LogApiFace, PushOptions } from './api';
import type { AnswersMessage, LogMessage } from './messages/LogMessage';
import type { ForwardedPush, Refusal } from './messages/pushes';
import { PendingPush, type PushAnswers, type PushOwner } from './PendingPush';
import { PendingPushes } from './PendingPushes';
import type { Proposal } from './ReplicatedLog';

export interface LogApiOptions {
  /** This node's session: 16 hex digits, random at each start. */
  readonly session: string;
  /** The public key of the leader, null when none is known; own key: this node leads. */
  readonly leader: () => string | null;
  readonly self: string;
  /** Why no push is taken now, or null. */
  readonly refusal: () => RequestError | null;
  /** Takes a push on the leader; false on any other node. */
  readonly propose: (proposal: Proposal) => boolean;
  readonly send: (peer: string, message: LogMessage) => void;
  /** Position of the cluster's commitIndex as far as this node knows. */
  readonly knownCommitIndex: () => number;
  /** A push is answered with the log of this index. */
  readonly onAnswered: (index: number) => void;
  /** Asks for {@link LogApi.flush} to be called soon, once for many. */
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
 * The pusher's half. The leader's half for pushes of other nodes is ForwardedPushes.
 */
export class LogApi implements LogApiFace, PushOwner {
  private readonly pending: PendingPushes;
  private unsent: PendingPush[] = [];
  private waitingBytes = 0;
  private bytesUnderWay = 0;
  private lastNonce = 0;
  private checkAt = 0;

  constructor(private readonly options: LogApiOptions) {
    this.pending = new PendingPushes(options.session);
  }

  push(
    key: string,
    value: { value: string; nonce?: number },
    { session, deadline = PUSH_DEADLINE_MS }: PushOptions = {},
  ): Promise<LogEntry> {
    return new Promise((resolve, reject) => {
      try {
        this.accept(key, value, session, deadline, { resolve, reject });
      } catch (thrown) {
        reject(toError(thrown));
      }
    });
  }

  /** Sends what is unsent to the leader, if one is known. */
  flush(): void {
    const leader = this.options.leader();
    if (leader === null || this.unsent.length === 0) return;
    const now = this.options.now();
    if (leader === this.options.self) this.proposeAll(now);
    else this.forwardAll(leader, now);
  }

  /** The leader is another, or in another term: what is under way may be lost, so all is sent again, each session's in order. */
  leaderChanged(): void {
    this.unsent = this.pending.list();
    for (const push of this.unsent) push.underWay = false;
    this.bytesUnderWay = 0;
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
    if (this.unsent.length > 0) this.options.wantFlush();
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
    this.checkAt = now + PUSH_CHECK_MS;
    for (const push of this.pending.list()) {
      if (now >= push.deadlineAt) this.expire(push);
      else if (push.underWay && now - push.sentAt >= PUSH_RETRY_MS) this.sendAgain(push);
    }
    if (this.unsent.length > 0) this.options.wantFlush();
  }

  /** Whether every push is answered. */
  get idle(): boolean {
    return this.pending.isEmpty;
  }

  /** Ends all pushes: the node stops. */
  close(): void {
    for (const push of this.pending.list()) this.expire(push);
  }

  private accept(
    key: string,
    { value, nonce }: { value: string; nonce?: number },
    session: string | undefined,
    deadline: number,
    answer: PushAnswers,
  ): void {
    const id: PushId = { session: session ?? this.options.session, nonce: nonce ?? this.nextNonce() };
    if (nonce !== undefined && session === undefined) this.lastNonce = Math.max(this.lastNonce, nonce);
    const refusal = this.options.refusal();
    if (refusal !== null) throw refusal;
    const payload = encodePayload(id, key, value);
    const same = this.pending.find(id);
    if (same !== undefined) {
      if (!same.payload.equals(payload)) throw refusalError('NONCE_REUSED');
      same.answers.push(answer);
      return;
    }
    if (this.waitingBytes + payload.length > PUSHES_WAITING_BYTES_MAX)
      throw new RequestError(
        'NO_LEADER',
        'too many pushes wait for their answers: push again when some have theirs',
      );
    const push = new PendingPush(
      { id, payload, key, value, named: session !== undefined },
      this.options.now() + deadline,
      session === undefined ? this.options.knownCommitIndex() : null,
      this,
    );
    push.answers.push(answer);
    this.pending.add(push);
    this.waitingBytes += payload.length;
    this.unsent.push(push);
    this.options.wantFlush();
  }

  private nextNonce(): number {
    this.lastNonce = Math.max(this.options.wallClock(), this.lastNonce + 1);
    return this.lastNonce;
  }

  private proposeAll(now: number): void {
    const pushes = this.unsent;
    this.unsent = [];
    for (const push of pushes) {
      if (!push.isUnsent) continue;
      this.markSent(push, now);
      if (!this.options.propose(push)) this.sendAgain(push);
    }
  }

  private forwardAll(leader: string, now: number): void {
    let at = 0;
    while (at < this.unsent.length && this.bytesUnderWay < FORWARD_BYTES_IN_FLIGHT_MAX) {
      const pushes: ForwardedPush[] = [];
      for (let bytes = 0; at < this.unsent.length && pushes.length < FORWARD_PUSHES_MAX; at++) {
        const push = this.unsent[at];
        if (push?.isUnsent !== true) continue;
        bytes += push.payload.length;
        if (bytes > FORWARD_BYTES_MAX && pushes.length > 0) break;
        this.markSent(push, now);
        pushes.push({ since: push.since, payload: push.payload });
      }
      if (pushes.length > 0) this.options.send(leader, { type: 'forward', pushes });
    }
    this.unsent = this.unsent.slice(at);
  }

  private markSent(push: PendingPush, now: number): void {
    push.attempts++;
    push.sentAt = now;
    push.underWay = true;
    this.bytesUnderWay += push.payload.length;
  }

  private sendAgain(push: PendingPush): void {
    if (push.underWay) this.bytesUnderWay -= push.payload.length;
    push.underWay = false;
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
      return;
    }
    const stale = refusal === 'STALE_NONCE' && !push.content.named;
    this.end(push);
    const error = stale
      ? new RequestError(
          'UNKNOWN_OUTCOME',
          'too much was appended since this push was first sent to know its outcome',
        )
      : refusalError(refusal);
    for (const { reject } of push.answers) reject(error);
  }

  private settle(push: PendingPush, entry: LogEntry): void {
    this.end(push);
    this.options.onAnswered(entry.index);
    for (const { resolve } of push.answers) resolve(entry);
  }

  private expire(push: PendingPush): void {
    this.end(push);
    const error =
      push.attempts === 0
        ? new RequestError(
            'NO_LEADER',
            'no leader could be reached in time; nothing was committed, try again',
          )
        : new RequestError(
            'UNKNOWN_OUTCOME',
            'no answer came in time; it may or may not be committed: look with get_log before you try again',
          );
    for (const { reject } of push.answers) reject(error);
  }

  private end(push: PendingPush): void {
    push.ended = true;
    this.pending.delete(push);
    this.waitingBytes -= push.payload.length;
    if (push.underWay) this.bytesUnderWay -= push.payload.length;
  }
}

function committedLog(
  push: PendingPush,
  { index, term, createdAt }: Pick<Entry, 'index' | 'term' | 'createdAt'>,
  hash: string,
): LogEntry {
  const { id, key, value } = push.content;
  return { index, term, hash, createdAt, log: { key, value: { value, nonce: id.nonce } } };
}

function refusalError(refusal: Refusal): RequestError {
  if (refusal === 'NONCE_REUSED')
    return new RequestError(
      'NONCE_REUSED',
      'this session used this nonce for another log: give each log its own',
    );
  if (refusal === 'STALE_NONCE')
    return new RequestError(
      'STALE_NONCE',
      'this nonce is older than what is remembered of its session: it may be in the log; give a higher nonce for another log',
    );
  return new RequestError('NO_LEADER', 'no leader took the push; nothing was committed, try again');
}
