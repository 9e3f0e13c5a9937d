/** A clock, ms: `performance` where time must not go back, `Date` for what people read. */
export interface Clock {
  now(): number;
}
