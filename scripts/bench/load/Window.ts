import { Latencies, rounded, type LatencySummary } from '../report/percentiles';

/** How long a load runs: for a time after a warm-up, or for a number of requests. */
export type LoadLength =
  { readonly warmupMs: number; readonly measureMs: number } | { readonly requests: number };

/** What was counted of a load within its window. */
export interface WindowResult extends LatencySummary {
  readonly operations: number;
  readonly seconds: number;
  /** Answered requests per second. */
  readonly rate: number;
}

/** Counts the answers that come within the window of a load: between its warm-up and its end. */
export class Window {
  readonly #latencies = new Latencies();
  readonly #from: number;
  readonly #to: number;
  #requestsLeft: number;
  #lastAt: number;

  /** @param now when the load starts; this and all times are `performance.now()`'s ms. */
  constructor(length: LoadLength, now: number) {
    const timed = 'measureMs' in length;
    this.#from = timed ? now + length.warmupMs : now;
    this.#to = timed ? this.#from + length.measureMs : Infinity;
    this.#requestsLeft = timed ? Infinity : length.requests;
    this.#lastAt = now;
  }

  /** Counts an answer that came now, to a request that was sent then. */
  answered(now: number, sentAt: number): void {
    this.#lastAt = now;
    if (now >= this.#from && now < this.#to) this.#latencies.add(now - sentAt);
  }

  /** How many of `wanted` requests may be sent now; all that it says are taken as sent. */
  take(wanted: number, now: number): number {
    if (now >= this.#to) return 0;
    const taken = Math.min(wanted, this.#requestsLeft);
    this.#requestsLeft -= taken;
    return taken;
  }

  /** Answers counted up to now, and since the window began, ms: for a progress line. */
  get progress(): { readonly operations: number; readonly elapsedMs: number } {
    return { operations: this.#latencies.length, elapsedMs: Math.max(1, this.#lastAt - this.#from) };
  }

  result(): WindowResult {
    const to = this.#to === Infinity ? this.#lastAt : this.#to;
    const seconds = (to - this.#from) / 1000;
    const operations = this.#latencies.length;
    return {
      operations,
      seconds: rounded(seconds),
      rate: rounded(operations / seconds, 1),
      ...this.#latencies.summary(),
    };
  }
}
