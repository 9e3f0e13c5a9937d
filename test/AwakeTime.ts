const LOOK_EVERY_MS = 25;

/** Between two looks no more than this counts: a process that did not get to run for longer was held up, as others were. */
const COUNTED_MS_MAX = 2 * LOOK_EVERY_MS;

/**
 * Time since it was made, ms, as far as this process got to run. What the test itself, or others on its machine, took from
 * it is no time that a node left somebody waiting; so the slower the machine, the slower it goes.
 */
export class AwakeTime {
  private countedMs = 0;
  private lookedAt = performance.now();
  private readonly timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();

  get ms(): number {
    this.look();
    return this.countedMs;
  }

  /** The time until now; it goes on no more. */
  end(): number {
    clearInterval(this.timer);
    return this.ms;
  }

  private look(): void {
    const now = performance.now();
    this.countedMs += Math.min(now - this.lookedAt, COUNTED_MS_MAX);
    this.lookedAt = now;
  }
}
