import { RequestError } from '../../errors';
import { HTTP_BYTES_MAX, HTTP_BYTES_OWN, HTTP_ROOM_MS_MAX } from '../../httpLimits';

/** Gives back what was taken. A second call does nothing. */
export type Release = () => void;

interface Waiting {
  readonly bytes: number;
  readonly resolve: (release: Release) => void;
}

/**
 * The memory that bodies and answers take over all connections together. Up to HTTP_BYTES_OWN each request holds without
 * asking; what is larger waits its turn for room.
 */
export class BytesUnderWay {
  private held = 0;
  private readonly waiting = new Set<Waiting>();

  /** `max`: what a test makes small. */
  constructor(private readonly max = HTTP_BYTES_MAX) {}

  /** Takes room for so many bytes if there is some now; null where there is none. */
  tryTake(bytes: number): Release | null {
    if (bytes <= HTTP_BYTES_OWN) return () => undefined;
    if (this.waiting.size > 0 || !this.fits(bytes)) return null;
    return this.hold(bytes);
  }

  /**
   * The same, as soon as there is room.
   *
   * @throws RequestError BUSY after HTTP_ROOM_MS_MAX.
   */
  take(bytes: number): Promise<Release> {
    const release = this.tryTake(bytes);
    if (release !== null) return Promise.resolve(release);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        resolve: (taken) => {
          clearTimeout(timer);
          resolve(taken);
        },
      };
      const timer = setTimeout(() => {
        this.waiting.delete(waiting);
        reject(
          new RequestError(
            'BUSY',
            'other requests hold all the memory that this node gives to HTTP; nothing was done: try again',
          ),
        );
        this.serveWaiting();
      }, HTTP_ROOM_MS_MAX);
      this.waiting.add(waiting);
    });
  }

  /** The same for what is not to fail: waits as long as `wants` says so. */
  async takeInTime(bytes: number, wants: () => boolean): Promise<Release> {
    while (wants()) {
      try {
        return await this.take(bytes);
      } catch (thrown) {
        if (!(thrown instanceof RequestError)) throw thrown;
      }
    }
    return () => undefined;
  }

  /** What is larger than all the room has it when it is alone. */
  private fits(bytes: number): boolean {
    return this.held === 0 || this.held + bytes <= this.max;
  }

  private hold(bytes: number): Release {
    this.held += bytes;
    let holds = true;
    return () => {
      if (!holds) return;
      holds = false;
      this.held -= bytes;
      this.serveWaiting();
    };
  }

  private serveWaiting(): void {
    for (const waiting of this.waiting) {
      if (!this.fits(waiting.bytes)) return;
      this.waiting.delete(waiting);
      waiting.resolve(this.hold(waiting.bytes));
    }
  }
}
