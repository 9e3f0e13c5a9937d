import { encodePayload, type LogEntry, type PushId } from '../../entry/Entry';
import type { Proposal } from '../log/Replication';

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
  /** See ForwardedPush. */
  readonly ifLast: number | null;
  /** See ForwardedPush. */
  readonly ifKeyLast: number | null;
  /** Monotonic ms. */
  readonly acceptedAt: number;
}

/** A push of this node's users that is not answered yet. On the leader it is a proposal to the log too. */
export class PendingPush implements Proposal {
  readonly id: PushId;
  readonly ifLast: number | null;
  readonly ifKeyLast: number | null;
  readonly answers: PushAnswers[] = [];
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
  ) {
    this.id = content.id;
    this.ifLast = content.ifLast;
    this.ifKeyLast = content.ifKeyLast;
  }

  /** Encoded only when it is first sent: a program may push thousands in one step. */
  get payload(): Buffer {
    const { id, key, value } = this.content;
    return (this.encoded ??= encodePayload(id, key, value));
  }
}
