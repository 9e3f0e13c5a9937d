import { RequestError } from './clientErrors';
import { CLIENT_PAUSE_MS, CLIENT_PAUSE_MS_MAX } from './clientLimits';

/** The tries of one request: how many failed, and when they end. */
export class Retries {
  private faults = 0;
  private doubt: string | undefined;
  private endsAt: number;

  constructor(
    private readonly deadline: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.endsAt = performance.now() + deadline;
  }

  /** Time until the deadline, ms. */
  get left(): number {
    return Math.max(0, this.endsAt - performance.now());
  }

  /** Whether an earlier try may have been done. */
  get mayBeDoneBefore(): boolean {
    return this.doubt !== undefined;
  }

  /** The clock starts anew, where nothing has failed. */
  begin(): void {
    if (this.faults === 0) this.endsAt = performance.now() + this.deadline;
  }

  /** It works: what failed before is forgotten. */
  well(): void {
    this.faults = 0;
  }

  /**
   * Pauses before the next try: at random, so that those whom one fault met do not come back together.
   *
   * @param doubt where what was asked for may have been done, or may be yet: what to tell of that.
   * @throws RequestError when the deadline leaves no time for another; the signal's reason.
   */
  async pause(error: RequestError, doubt: string | undefined): Promise<void> {
    this.doubt ??= doubt;
    const longest = Math.min(CLIENT_PAUSE_MS_MAX, CLIENT_PAUSE_MS * 2 ** this.faults++);
    const ms = Math.random() * longest;
    if (ms >= this.left) {
      await this.wait(this.left);
      throw this.last(error);
    }
    await this.wait(ms);
  }

  /** What the caller is told when there is no time left. */
  last(error: RequestError): RequestError {
    const tried = `it was tried for ${this.deadline} ms`;
    if (this.doubt === undefined || error.code === 'UNKNOWN_OUTCOME')
      return new RequestError(error.code, `${error.message} (${tried})`, { cause: error });
    return new RequestError('UNKNOWN_OUTCOME', `${error.message} (${tried}); ${this.doubt}`, {
      cause: error,
    });
  }

  private async wait(ms: number): Promise<void> {
    const { signal } = this;
    signal?.throwIfAborted();
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
    await ended;
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    signal?.throwIfAborted();
  }
}
