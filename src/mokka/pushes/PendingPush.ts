import { encodePayload, type Entry, type LogEntry, type PushId } from '../../entry/Entry';
import type { Refusal } from '../messages/pushes';
import type { Proposal } from '../log/ReplicatedLog';

/** Who made a push, and is told what the log of this node made of it while it is pending. */
export interface PushOwner {
  committed(push: PendingPush, entry: Entry): void;
  refused(push: PendingPush, refusal: Refusal): void;
}

/** How a caller of push learns what became of it. */
export interface PushAnswers {
  readonly resolve: (entry: LogEntry) => void;
  readonly reject: (error: Error) => void;
}

/** What a push brings, checked. */
export interface PushContent {
  readonly id: PushId;
  readonly key: string;
  readonly value: string;
  /** Length of the payload. */
  readonly bytes: number;
  /** Whether the caller named the session. */
  readonly named: boolean;
}

/**
 * A push of this node's users that is not answered yet: on the leader it is the log's proposal too, as often as it is
 * tried.
 */
export class PendingPush implements Proposal {
  readonly answers: PushAnswers[] = [];
  /** It is a proposal of the node that it was made on. */
  readonly pusher = null;
  /** To how many leaders, or how often, it went without a definite answer. */
  attempts = 0;
  /** Monotonic ms of the last try. */
  sentAt = 0;
  /** Whether an answer to the last try may still come. */
  underWay = false;
  /** Whether its callers have their answer. */
  ended = false;
  private encoded: Buffer | null = null;

  constructor(
    readonly content: PushContent,
    /** Monotonic ms. */
    readonly deadlineAt: number,
    /** See ForwardedPush. */
    public since: number | null,
    private readonly owner: PushOwner,
  ) {}

  get id(): PushId {
    return this.content.id;
  }

  /** Encoded only when it is first sent: a program may push thousands in one step. */
  get payload(): Buffer {
    const { id, key, value } = this.content;
    return (this.encoded ??= encodePayload(id, key, value));
  }

  /** Whether it is to be sent to the leader. */
  get isUnsent(): boolean {
    return !this.ended && !this.underWay;
  }

  found(entry: Entry): void {
    this.committed(entry);
  }

  committed(entry: Entry): void {
    if (!this.ended) this.owner.committed(this, entry);
  }

  refused(refusal: Refusal): void {
    if (!this.ended) this.owner.refused(this, refusal);
  }
}
