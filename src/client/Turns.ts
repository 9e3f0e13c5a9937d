import { RequestError } from './clientErrors';
import { CLIENT_WAITING_MAX, TIMER_MS_MAX } from './clientLimits';

/** Lets so many be under way at once; the others wait, first come, first served. */
export class Turns {
  private underWay = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly max: number) {}

  /**
   * Resolves when it is the caller's turn; it must call {@link end} then.
   *
   * @throws RequestError BUSY when too many wait, or none ended within `ms`; the signal's reason.
   */
  async take(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.underWay < this.max) {
      this.underWay++;
      return;
    }
    if (this.waiting.size >= CLIENT_WAITING_MAX)
      throw new RequestError(
        'BUSY',
        `${CLIENT_WAITING_MAX} calls wait for their turn; nothing was sent: await what was asked for before`,
      );
    await this.wait(ms, signal);
  }

  /** The next one's turn. */
  end(): void {
    const [next] = this.waiting;
    if (next === undefined) this.underWay--;
    else next();
  }

  private wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.delete(go);
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const go = (): void => {
        leave();
        resolve();
      };
      const abort = (): void => {
        leave();
        // The caller's own reason, whatever it is.
        reject(signal?.reason as Error);
      };
      const late = (): void => {
        leave();
        reject(new RequestError('BUSY', `no request under way ended within ${ms} ms; nothing was sent`));
      };
      const timer = ms <= TIMER_MS_MAX ? setTimeout(late, ms) : undefined;
      this.waiting.add(go);
      signal?.addEventListener('abort', abort);
    });
  }
}
