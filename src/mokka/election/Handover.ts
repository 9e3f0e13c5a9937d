/** What a leader that hands over knows of the others. */
export interface HandoverView {
  /** Whether this node still leads. */
  leads(): boolean;
  /** Whether another leads, and has answered what this node's users had under way. */
  done(): boolean;
  /** A voter that holds this leader's whole log and was heard of last; null while there is none. */
  successor(): string | null;
  /** Asks a follower to begin an election at once. */
  ask(publicKey: string): void;
}

/**
 * A leader's planned end (Raft dissertation, 3.10). It takes no more pushes; as soon as a follower holds all that it
 * has, it asks that follower to take over, and waits until it leads or the time is over. So no election timeout
 * passes without a leader, and who had pushes under way sends them to the next one.
 *
 * A plain state machine: times are monotonic, in ms.
 */
export class Handover {
  /** Resolves when it is done, the time is over, or {@link end} was called. Never rejects. */
  readonly ended: Promise<void>;
  /** Ends it, done or not. */
  end: () => void = () => undefined;
  private askAt = -Infinity;

  /** `askAgainMs`: a request that nothing came of is made again after this time. */
  constructor(
    private readonly view: HandoverView,
    private readonly deadlineAt: number,
    private readonly askAgainMs: number,
  ) {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /** Called at each change, and every few ms. */
  step(now: number): void {
    if (this.view.done() || now >= this.deadlineAt) {
      this.end();
      return;
    }
    if (!this.view.leads() || now < this.askAt) return;
    const successor = this.view.successor();
    if (successor === null) return;
    this.askAt = now + this.askAgainMs;
    this.view.ask(successor);
  }
}
