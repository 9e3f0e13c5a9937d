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
  entryHash,
  toLogEntry,
  type Entry,
  type LogEntry,
  type PushId,
} from '../storage/Entry';
import type { LogApiFace, PushOptions } from './api';
import type { AnswersMessage, ForwardedPush, LogMessage, PushAnswer, Refusal } from './messages/LogMessage';
import type { Proposal, ProposalOrigin } from './ReplicatedLog';

export interface LogApiOptions {
  /** This node's session: 16 hex digits, random at each start. */
  readonly session: string;
  /** The public key of the leader, null when none is known; own key: this node leads. */
  readonly leader: () => string | null;
  readonly self: string;
  /** Takes a push on the leader; false on any other node. */
  readonly propose: (proposal: Proposal) => boolean;
  readonly send: (peer: string, message: LogMessage) => void;
  /** Position of the cluster's commitIndex as far as this node knows. */
  readonly knownCommitIndex: () => number;
  /** Asks for {@link LogApi.flush} to be called soon, once for many. */
  readonly wantFlush: () => void;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Time for nonces that the caller left out, ms since 1970. */
  readonly wallClock: () => number;
}

/** A push of this node's users that is not answered yet. */
interface PendingPush extends Proposal {
  readonly key: string;
  readonly value: string;
  readonly named: boolean;
  readonly deadlineAt: number;
  readonly answers: { resolve: (entry: LogEntry) => void; reject: (error: Error) => void }[];
  since: number | null;
  /** To how many leaders, or how often, it went without a definite answer. */
  attempts: number;
  sentAt: number;
  underWay: boolean;
}

/**
 * `logApi` of the tutorial: pushes on any node, each once, to the leader, until committed. A push is known by
 * (session, nonce), so that it can be sent again after any loss (Raft dissertation, 6.3).
 *
 * The pusher's half. The leader's half for pushes of other nodes is {@link ForwardedPushes}.
 */
export class LogApi implements LogApiFace, ProposalOrigin {
  private readonly pending = new Map<string, PendingPush>();
  private unsent: PendingPush[] = [];
  private waitingBytes = 0;
  private bytesUnderWay = 0;
  private lastNonce = 0;
  private checkAt = 0;

  constructor(private readonly options: LogApiOptions) {}

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

  /** The leader is another, or in another term: what is under way may be lost, so all is sent again, in order. */
  leaderChanged(): void {
    this.unsent = [...this.pending.values()];
    for (const push of this.unsent) push.underWay = false;
    this.bytesUnderWay = 0;
    this.options.wantFlush();
  }

  /** The leader answered pushes of this node. */
  answered(message: AnswersMessage): void {
    for (const answer of message.answers) {
      const push = this.pending.get(pushKey(answer));
      if (push === undefined) continue;
      if (!('refused' in answer)) this.settle(push, committedLog(push, answer.committed));
      else if (answer.since === push.since) this.refuse(push, answer.refused, message.commitIndex);
    }
    if (this.unsent.length > 0) this.options.wantFlush();
  }

  /** The own log committed an own push. */
  committed(proposal: Proposal, entry: Entry): void {
    const push = this.pending.get(pushKey(proposal.id));
    if (push !== undefined) this.settle(push, toLogEntry(entry));
  }

  /** The own log refused an own push. */
  refused(proposal: Proposal, refusal: Refusal): void {
    const push = this.pending.get(pushKey(proposal.id));
    if (push !== undefined) this.refuse(push, refusal, this.options.knownCommitIndex());
  }

  /** Called every few ms: deadlines, and pushes whose answer is overdue. */
  tick(now: number): void {
    if (now < this.checkAt) return;
    this.checkAt = now + PUSH_CHECK_MS;
    for (const push of this.pending.values()) {
      if (now >= push.deadlineAt) this.expire(push);
      else if (push.underWay && now - push.sentAt >= PUSH_RETRY_MS) this.sendAgain(push);
    }
    if (this.unsent.length > 0) this.options.wantFlush();
  }

  /** Whether every push is answered. */
  get idle(): boolean {
    return this.pending.size === 0;
  }

  /** Ends all pushes: the node stops. */
  close(): void {
    for (const push of this.pending.values()) this.expire(push);
  }

  private accept(
    key: string,
    { value, nonce }: { value: string; nonce?: number },
    session: string | undefined,
    deadline: number,
    answer: PendingPush['answers'][number],
  ): void {
    const id: PushId = { session: session ?? this.options.session, nonce: nonce ?? this.nextNonce() };
    if (nonce !== undefined && session === undefined) this.lastNonce = Math.max(this.lastNonce, nonce);
    const payload = encodePayload(id, key, value);
    const same = this.pending.get(pushKey(id));
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
    const now = this.options.now();
    const push: PendingPush = {
      id,
      payload,
      key,
      value,
      named: session !== undefined,
      since: session === undefined ? this.options.knownCommitIndex() : null,
      origin: this,
      deadlineAt: now + deadline,
      answers: [answer],
      attempts: 0,
      sentAt: now,
      underWay: false,
    };
    this.pending.set(pushKey(id), push);
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
      if (!this.isPending(push)) continue;
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
        if (push === undefined || !this.isPending(push)) continue;
        bytes += push.payload.length;
        if (bytes > FORWARD_BYTES_MAX && pushes.length > 0) break;
        this.markSent(push, now);
        pushes.push({ since: push.since, payload: push.payload });
      }
      if (pushes.length > 0) this.options.send(leader, { type: 'forward', pushes });
    }
    this.unsent = this.unsent.slice(at);
  }

  private isPending(push: PendingPush): boolean {
    return this.pending.get(pushKey(push.id)) === push && !push.underWay;
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
      // This node is far behind. The only leader that it went to did not take it, so it is in no log up to here.
      push.since = Math.max(push.since + 1, leaderCommitIndex);
      push.attempts = 0;
      this.sendAgain(push);
      return;
    }
    const stale = refusal === 'STALE_NONCE' && !push.named;
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
    this.pending.delete(pushKey(push.id));
    this.waitingBytes -= push.payload.length;
    if (push.underWay) this.bytesUnderWay -= push.payload.length;
  }
}

/** The leader's half for pushes of other nodes: proposes them and collects the answers, a message a node. */
export class ForwardedPushes {
  private readonly origins = new Map<string, ForwardOrigin>();

  constructor(private readonly wantFlush: () => void) {}

  originOf(peer: string): ProposalOrigin {
    let origin = this.origins.get(peer);
    if (origin === undefined) {
      origin = new ForwardOrigin(this.wantFlush);
      this.origins.set(peer, origin);
    }
    return origin;
  }

  /** The answers that came together since the last call, by node. */
  takeAnswers(): [peer: string, answers: PushAnswer[]][] {
    const taken: [string, PushAnswer[]][] = [];
    for (const [peer, origin] of this.origins) {
      const { answers } = origin;
      if (answers.length === 0) continue;
      origin.answers = [];
      for (let at = 0; at < answers.length; at += FORWARD_PUSHES_MAX)
        taken.push([peer, answers.slice(at, at + FORWARD_PUSHES_MAX)]);
    }
    return taken;
  }

  /** Forgets the answers: this node leads no more. */
  clear(): void {
    this.origins.clear();
  }
}

class ForwardOrigin implements ProposalOrigin {
  answers: PushAnswer[] = [];

  constructor(private readonly wantFlush: () => void) {}

  committed({ id }: Proposal, entry: Entry): void {
    const { index, term, createdAt } = entry;
    this.add({ ...id, committed: { index, term, createdAt, hash: entryHash(entry) } });
  }

  refused({ id, since }: Proposal, refusal: Refusal): void {
    this.add({ ...id, refused: refusal, since });
  }

  private add(answer: PushAnswer): void {
    this.answers.push(answer);
    this.wantFlush();
  }
}

function pushKey(id: PushId): string {
  return `${id.session}${id.nonce}`;
}

function committedLog(
  push: PendingPush,
  committed: { index: number; term: number; createdAt: number; hash: Buffer },
): LogEntry {
  const { index, term, createdAt, hash } = committed;
  const value = { value: push.value, nonce: push.id.nonce };
  return { index, term, hash: hash.toString('hex'), createdAt, log: { key: push.key, value } };
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
