import type { LogLimits } from '../log/LogLimits';
import type { PushId } from '../../entry/Entry';
import { Deque } from '../log/Deque';
import type { ReadableLog } from '../log/LocalLog';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import { isFailedCondition, type Proposal, type ProposalResult } from '../log/Replication';
import { committedPush, type CommittedAnswer, type PushAnswer, type RefusedAnswer } from '../messages/pushes';
import type { Outbox } from '../messages/Outbox';
import type { FlushRequests } from './FlushRequests';

/** A push of a peer that is answered once an entry is committed: its own, or the one by which its condition was judged. */
interface Uncommitted {
  readonly index: number;
  readonly peer: string;
  readonly id: PushId;
  /** Where the entry is not the push's: what is answered once it is committed. */
  readonly refusal: RefusedAnswer | null;
}

/**
 * The leader's answers to pushes that other nodes forwarded. Most pushes need none: the follower finds the entry in its
 * own log when it is committed there. The leader answers in three cases: it refuses the push; the entry was committed
 * before the push came, so the follower may be past it; or the entry is committed before it was sent to the follower,
 * which is behind and would find it late.
 */
export class ForwardedAnswers {
  /** In the order of the log. */
  private readonly uncommitted = new Deque<Uncommitted>();
  private readonly answers = new Map<string, PushAnswer[]>();

  constructor(
    private readonly log: Pick<ReplicatedLog, 'term' | 'wasSent'> & {
      readonly log: Pick<ReadableLog, 'commitIndex' | 'entryAt'>;
    },
    private readonly outbox: Outbox,
    private readonly flushes: FlushRequests,
    private readonly limits: LogLimits,
  ) {}

  /** A peer's push was proposed to the log, with this result. */
  proposed(peer: string, { id, since }: Proposal, result: ProposalResult): void {
    if (typeof result === 'string') this.answer(peer, { ...id, refused: result, since, lastLogNumber: null });
    else if (isFailedCondition(result)) {
      const { lastLogNumber, isForgotten, judgedAt } = result;
      const refused = isForgotten === true ? 'TRIMMED' : 'CONDITION_FAILED';
      const refusal = { ...id, refused, since, lastLogNumber } as const;
      if (judgedAt <= this.log.log.commitIndex) this.answer(peer, refusal);
      else this.wait({ index: judgedAt, peer, id, refusal });
    } else if (result.index <= this.log.log.commitIndex)
      this.answer(peer, { ...id, committed: committedPush(result) });
    else this.wait({ index: result.index, peer, id, refusal: null });
  }

  /** commitIndex rose. */
  committed(): void {
    const { log } = this.log;
    for (;;) {
      const first = this.uncommitted.at(0);
      if (first === undefined || first.index > log.commitIndex) return;
      this.uncommitted.shift();
      if (first.refusal !== null) {
        this.answer(first.peer, first.refusal);
        continue;
      }
      const entry = this.log.wasSent(first.peer, first.index) ? null : log.entryAt(first.index);
      if (entry !== null) this.answer(first.peer, { ...first.id, committed: committedPush(entry) });
    }
  }

  /** Sends the answers that came together since the last call. */
  send(): void {
    if (this.answers.size === 0) return;
    const { commitIndex } = this.log.log;
    for (const [peer, answers] of this.answers)
      for (let at = 0; at < answers.length; at += this.limits.FORWARD_PUSHES_MAX) {
        const { committed, refused } = sorted(answers.slice(at, at + this.limits.FORWARD_PUSHES_MAX));
        this.outbox.send(peer, { type: 'answers', term: this.log.term, commitIndex, committed, refused });
      }
    this.answers.clear();
  }

  /** Forgets the answers: this node leads no more, or in another term. */
  clear(): void {
    this.answers.clear();
    while (this.uncommitted.shift() !== undefined);
  }

  private wait(push: Uncommitted): void {
    // The entry of a push that is tried again may be an earlier one.
    let place = this.uncommitted.length;
    while ((this.uncommitted.at(place - 1)?.index ?? 0) > push.index) place--;
    this.uncommitted.insert(place, push);
  }

  private answer(peer: string, answer: PushAnswer): void {
    const answers = this.answers.get(peer);
    if (answers === undefined) this.answers.set(peer, [answer]);
    else answers.push(answer);
    this.flushes.want();
  }
}

function sorted(answers: readonly PushAnswer[]): {
  readonly committed: readonly CommittedAnswer[];
  readonly refused: readonly RefusedAnswer[];
} {
  const committed: CommittedAnswer[] = [];
  const refused: RefusedAnswer[] = [];
  for (const answer of answers)
    if ('refused' in answer) refused.push(answer);
    else committed.push(answer);
  return { committed, refused };
}
