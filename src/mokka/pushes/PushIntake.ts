import { FORWARD_BYTES_WAITING_MAX, FORWARDS_WAITING_MAX } from '../../limits';
import { Deque } from '../log/Deque';
import type { Proposal } from '../log/ReplicatedLog';

/** What the intake needs of the leader's own pushes and log. */
export interface PushIntakeOptions {
  /** The next push of this node's own users, if one waits: it is proposed at once. */
  readonly nextOwn: () => Proposal | undefined;
  /** Whether the log takes another push now. */
  readonly hasRoom: () => boolean;
  readonly propose: (proposal: Proposal) => void;
}

/** Whose pushes wait. */
interface Source {
  next(): Proposal | undefined;
}

/**
 * The pushes that wait for the leader's log: those of its own users, and those that other nodes forwarded. Proposed in
 * steps, as many as the log has room for, and of each node one in turn: so a burst at one node holds up neither
 * heartbeats nor the pushes of the others.
 */
export class PushIntake {
  private readonly forwarded = new Map<string, ForwardedQueue>();
  /** The own pushes first, then those of each peer. */
  private readonly sources: Source[];
  private turn = 0;

  constructor(private readonly options: PushIntakeOptions) {
    this.sources = [{ next: options.nextOwn }];
  }

  /** Whether pushes of other nodes wait. */
  get holdsForwarded(): boolean {
    for (const queue of this.forwarded.values()) if (!queue.isEmpty) return true;
    return false;
  }

  /** Takes a push of a peer, or drops it where too many wait already: the peer tries it again. */
  take(peer: string, proposal: Proposal): void {
    let queue = this.forwarded.get(peer);
    if (queue === undefined) {
      queue = new ForwardedQueue();
      this.forwarded.set(peer, queue);
      this.sources.push(queue);
    }
    queue.add(proposal);
  }

  /** Proposes what the log has room for. */
  step(): void {
    const { sources, options } = this;
    for (let empty = 0; empty < sources.length && options.hasRoom(); this.turn++) {
      const proposal = sources[this.turn % sources.length]?.next();
      if (proposal === undefined) empty++;
      else {
        empty = 0;
        options.propose(proposal);
      }
    }
  }

  /** Forgets the pushes of other nodes: this node leads no more, or in another term. */
  clear(): void {
    for (const queue of this.forwarded.values()) queue.clear();
  }
}

/** The pushes that one peer forwarded, in their order. */
class ForwardedQueue implements Source {
  private pushes = new Deque<Proposal>();
  private bytes = 0;

  get isEmpty(): boolean {
    return this.pushes.length === 0;
  }

  add(proposal: Proposal): void {
    const bytes = this.bytes + proposal.payload.length;
    if (this.pushes.length >= FORWARDS_WAITING_MAX || bytes > FORWARD_BYTES_WAITING_MAX) return;
    this.bytes = bytes;
    this.pushes.push(proposal);
  }

  next(): Proposal | undefined {
    const proposal = this.pushes.shift();
    if (proposal !== undefined) this.bytes -= proposal.payload.length;
    return proposal;
  }

  clear(): void {
    this.pushes = new Deque();
    this.bytes = 0;
  }
}
