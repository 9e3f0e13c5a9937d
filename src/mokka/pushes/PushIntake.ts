import { FORWARD_BYTES_WAITING_MAX } from '../../limits';
import type { LogLimits } from '../log/LogLimits';
import { payloadId } from '../../entry/Entry';
import { Deque } from '../log/Deque';
import type { ReplicatedLog } from '../log/ReplicatedLog';
import type { Proposal } from '../log/Replication';
import type { ForwardedPush } from '../messages/pushes';
import type { ForwardedAnswers } from './ForwardedAnswers';

/** Pushes that wait for the leader's log: of its own users, or of one peer. */
export interface PushSource {
  /** Proposes the next one to the log; false when none waits, or it has to wait for what it asks of a key. */
  proposeNext(): boolean;
}

/**
 * The pushes that wait for the leader's log: those of its own users, and those that other nodes forwarded. Proposed in
 * steps, as many as the log has room for, and of each node one in turn: so a burst at one node holds up neither
 * heartbeats nor the pushes of the others.
 */
export class PushIntake {
  private readonly forwarded = new Map<string, ForwardedQueue>();
  /** The own pushes first, then those of each peer. */
  private readonly sources: PushSource[];
  private turn = 0;

  constructor(
    private readonly log: Pick<ReplicatedLog, 'hasRoom' | 'canPropose' | 'foresee' | 'propose'>,
    own: PushSource,
    private readonly answers: Pick<ForwardedAnswers, 'proposed'>,
    private readonly limits: LogLimits,
  ) {
    this.sources = [own];
  }

  /** Whether pushes of other nodes wait. */
  get holdsForwarded(): boolean {
    for (const { pushes } of this.forwarded.values()) if (pushes.length > 0) return true;
    return false;
  }

  /**
   * Takes a push of a peer, or drops it where too many wait already: the peer tries it again.
   *
   * @throws MalformedEntryError when its payload is none.
   */
  take(peer: string, { since, ifLast, ifKeyLast, payload }: ForwardedPush): void {
    const id = payloadId(payload);
    let queue = this.forwarded.get(peer);
    if (queue === undefined) {
      queue = new ForwardedQueue(peer, this.log, this.answers, this.limits);
      this.forwarded.set(peer, queue);
      this.sources.push(queue);
    }
    queue.add({ id, since, ifLast, ifKeyLast, payload });
  }

  /** Proposes what the log has room for. */
  step(): void {
    const { sources, log } = this;
    for (let empty = 0; empty < sources.length && log.hasRoom; this.turn++)
      empty = sources[this.turn % sources.length]?.proposeNext() === true ? 0 : empty + 1;
  }

  /** Forgets the pushes of other nodes: this node leads no more, or in another term. */
  clear(): void {
    for (const queue of this.forwarded.values()) queue.clear();
  }
}

/** The pushes that one peer forwarded, in their order. */
class ForwardedQueue implements PushSource {
  pushes = new Deque<Proposal>();
  private bytes = 0;

  constructor(
    private readonly peer: string,
    private readonly log: Pick<ReplicatedLog, 'canPropose' | 'foresee' | 'propose'>,
    private readonly answers: Pick<ForwardedAnswers, 'proposed'>,
    private readonly limits: LogLimits,
  ) {}

  add(push: Proposal): void {
    const bytes = this.bytes + push.payload.length;
    if (this.pushes.length >= this.limits.FORWARDS_WAITING_MAX || bytes > FORWARD_BYTES_WAITING_MAX) return;
    this.bytes = bytes;
    this.pushes.push(push);
    this.log.foresee(push);
  }

  proposeNext(): boolean {
    const push = this.pushes.at(0);
    if (push === undefined || !this.log.canPropose(push)) return false;
    this.pushes.shift();
    this.bytes -= push.payload.length;
    this.answers.proposed(this.peer, push, this.log.propose(push, this.peer));
    return true;
  }

  clear(): void {
    this.pushes = new Deque();
    this.bytes = 0;
  }
}
