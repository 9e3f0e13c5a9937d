/** Latencies of one kind of request, ms: as many as come, 8 bytes each. */
export class Latencies {
  #values = new Float64Array(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(ms: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = ms;
  }

  /** Their percentiles as rows show them; null for each where there are none. */
  summary(): LatencySummary {
    const sorted = this.#values.slice(0, this.#length).sort();
    return {
      p50_ms: roundedPercentile(sorted, 0.5),
      p99_ms: roundedPercentile(sorted, 0.99),
      max_ms: roundedPercentile(sorted, 1),
    };
  }
}

/** Half, 99 of 100, and all requests took at most so many ms. */
export interface LatencySummary {
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
}

/**
 * The smallest of the values, sorted ascending, that at least the share `p` (0 to 1) of them does not exceed (the
 * nearest-rank definition); null of none.
 */
export function percentile(sorted: ArrayLike<number>, p: number): number | null {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? null;
}

/** The middle value, or the mean of the two in the middle, as {@link rounded}; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  if (upper === undefined) return null;
  const lower = sorted.length % 2 === 1 ? upper : (sorted[(sorted.length >> 1) - 1] ?? upper);
  return rounded((lower + upper) / 2);
}

/** A number with so many digits after the point as its reader can use. */
export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}

function roundedPercentile(sorted: ArrayLike<number>, p: number): number | null {
  const value = percentile(sorted, p);
  return value === null ? null : rounded(value);
}
