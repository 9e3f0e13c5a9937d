import * as limits from '../../../src/limits';

/** Limits that a schedule makes small, so that what they guard happens within seconds. */
export type LimitsOverride = Partial<Record<keyof typeof limits, number>>;

/** Sets limits of the product for one schedule; returns what puts its own back. */
export function overrideLimits(override: LimitsOverride): () => void {
  const own = { ...limits };
  Object.assign(limits, override);
  return () => {
    Object.assign(limits, own);
  };
}
