import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { RequestError } from '../../errors';
import {
  GLANCE_PAUSE_MS,
  GLANCES_MAX,
  HTTP_BYTES_MAX,
  HTTP_BYTES_OWN,
  HTTP_ROOM_MS_MAX,
} from '../../httpLimits';

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
  private lastGlance = Promise.resolve();
  /** Of what was read last. */
  private lastWasLarge = false;
  /** Reads under way whose size is not known yet. */
  private glances = 0;

  /** `max`: what a test makes small. */
  constructor(private readonly max = HTTP_BYTES_MAX) {}

  /**
   * To be awaited before something is read whose size is not known; what it resolves with is called when it is. While there
   * is little room, or what is read is large, one is read at a time, and after a large one, which may have to be forgotten
   * again, there is a pause: so what is forgotten does not pile up.
   */
  async glance(): Promise<() => void> {
    let tellSeen: () => void = () => undefined;
    if (
      this.waiting.size > 0 ||
      this.held >= this.max / 2 ||
      (this.lastWasLarge && this.glances >= GLANCES_MAX)
    ) {
      const turn = this.lastGlance.then(() => (this.lastWasLarge ? pause(GLANCE_PAUSE_MS) : nextTurn()));
      const seen = new Promise<void>((resolve) => (tellSeen = resolve));
      // The next one knows then whether this one was large, unless it takes long.
      this.lastGlance = turn.then(() => Promise.race([seen, pause(GLANCE_PAUSE_MS)]));
      await turn;
      this.lastWasLarge = false;
    }
    this.glances++;
    let looks = true;
    return () => {
      if (looks) this.glances--;
      looks = false;
      tellSeen();
    };
  }

  /** Takes room for so many bytes if there is some now; null where there is none. */
  tryTake(bytes: number): Release | null {
    this.lastWasLarge = bytes > HTTP_BYTES_OWN;
    if (!this.lastWasLarge) return () => undefined;
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
