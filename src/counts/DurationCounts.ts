/** The first bucket's upper bound, ms, and how many there are, each twice as long as the one before: up to 8 s. */
const FIRST_MS = 0.25;
const BOUNDED = 16;

/** Upper bounds of the buckets, ms; what takes longer than the last is in one more. */
export const DURATION_BOUNDS_MS: readonly number[] = Array.from(
  { length: BOUNDED },
  (_, bucket) => FIRST_MS * 2 ** bucket,
);

/**
 * How long things took, counted in buckets. Told tens of thousands of times a second: so these are plain numbers, which
 * whoever shows them reads when he does.
 */
export class DurationCounts {
  /** All together, ms. */
  totalMs = 0;
  private readonly buckets = new Array<number>(BOUNDED + 1).fill(0);

  /** Something took so long, ms. */
  took(ms: number): void {
    this.totalMs += ms;
    const bucket = bucketOf(ms);
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }

  /** How many took at most as long as each bound, and, last, how many there were. */
  get cumulative(): number[] {
    let count = 0;
    return this.buckets.map((inBucket) => (count += inBucket));
  }
}

function bucketOf(ms: number): number {
  const firsts = Math.ceil(ms / FIRST_MS);
  if (firsts <= 1) return 0;
  // More than 32 bits would be cut to them.
  return firsts > 2 ** BOUNDED ? BOUNDED : 32 - Math.clz32(firsts - 1);
}
