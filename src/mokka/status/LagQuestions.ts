import { randomBytes } from 'node:crypto';
import { LAGS_DEADLINE_MS, LAGS_WAITING_MAX } from '../../limits';
import type { Clock } from '../log/Clock';
import type { Outbox } from '../messages/Outbox';

/** How many entries of the leader's log each member does not hold, by the order of the members' public keys. */
export type Lags = readonly number[];

interface Question {
  readonly leader: string;
  readonly deadlineAt: number;
  readonly resolve: (lags: Lags | null) => void;
}

/** What a follower asks its leader for `status`: only the leader knows how far behind the members are. */
export class LagQuestions {
  private readonly waiting = new Map<number, Question>();
  /** Begins at random: what an earlier process of this node asked for is no answer to this one. */
  private lastId = randomBytes(6).readUIntBE(0, 6);

  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** What the leader knows; null when it does not answer within LAGS_DEADLINE_MS, or too many wait. Never rejects. */
  ask(leader: string): Promise<Lags | null> {
    if (this.waiting.size >= LAGS_WAITING_MAX) return Promise.resolve(null);
    return new Promise((resolve) => {
      const id = ++this.lastId;
      this.waiting.set(id, { leader, deadlineAt: this.clock.now() + LAGS_DEADLINE_MS, resolve });
      this.outbox.send(leader, { type: 'askLags', id });
    });
  }

  answered(from: string, id: number, lags: Lags): void {
    const question = this.waiting.get(id);
    if (question?.leader === from) this.end(id, question, lags);
  }

  /** Ends all: the node stops. */
  close(): void {
    this.tick(Infinity);
  }

  /** Called every few ms. */
  tick(now: number): void {
    for (const [id, question] of this.waiting) if (now >= question.deadlineAt) this.end(id, question, null);
  }

  private end(id: number, { resolve }: Question, lags: Lags | null): void {
    this.waiting.delete(id);
    resolve(lags);
  }
}
