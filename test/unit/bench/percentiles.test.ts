import fc from 'fast-check';
import { Latencies, median, percentile } from '../../../scripts/bench/report/percentiles';

describe('percentile', () => {
  test('is the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
    expect([0, 0.01, 0.5, 0.99, 1].map((p) => percentile(hundred, p))).toEqual([1, 1, 50, 99, 100]);
    expect(percentile([1, 2, 3], 0.5)).toBe(2);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNull();
  });

  test('is exceeded by no more than its share of the values', () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9, 0.99, 1), (unsorted, p) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        const found = percentile(sorted, p);
        const above = sorted.filter((value) => value > Number(found)).length;
        expect(sorted).toContain(found);
        expect(above).toBeLessThanOrEqual((1 - p) * sorted.length + 1e-9);
      }),
    );
  });
});

test('the median is the middle, or between the two in the middle', () => {
  expect([[], [4], [9, 1, 5], [4, 1, 3, 2]].map(median)).toEqual([null, 4, 5, 2.5]);
});

describe('Latencies', () => {
  test('hold more than their first buffer', () => {
    const latencies = new Latencies();
    for (let ms = 10_000; ms > 0; ms--) latencies.add(ms);
    expect(latencies.length).toBe(10_000);
    expect(latencies.summary()).toEqual({ p50_ms: 5000, p99_ms: 9900, max_ms: 10_000 });
  });

  test('have no percentiles while there are none', () => {
    expect(new Latencies().summary()).toEqual({ p50_ms: null, p99_ms: null, max_ms: null });
  });
});
