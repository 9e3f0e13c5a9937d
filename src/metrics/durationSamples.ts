import { DURATION_BOUNDS_MS, type DurationCounts } from '../counts/DurationCounts';
import type { Sample } from './ReadMetric';

const MS_PER_S = 1000;

/** What a histogram is made of. */
export type CountedDurations = Pick<DurationCounts, 'cumulative' | 'totalMs'>;

/** The lines of a histogram, in seconds. */
export function durationSamples({ cumulative, totalMs }: CountedDurations): Sample[] {
  const bounds = [...DURATION_BOUNDS_MS.map((ms) => String(ms / MS_PER_S)), '+Inf'];
  return [
    ...bounds.map((le, at) => ({ suffix: '_bucket' as const, labels: { le }, value: cumulative[at] ?? 0 })),
    { suffix: '_sum', labels: {}, value: totalMs / MS_PER_S },
    { suffix: '_count', labels: {}, value: cumulative.at(-1) ?? 0 },
  ];
}
