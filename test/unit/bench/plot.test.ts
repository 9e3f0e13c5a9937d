import { axisOf, panelsOf, plotSvg, shortNumber, tickStep } from '../../../scripts/bench/report/plot';
import type { Row } from '../../../scripts/bench/Run';

function add(system: string, inflight: number, rate: number): Row {
  return { measure: 'add', system, inflight, rate, p50_ms: 1, p99_ms: null };
}

describe('axes', () => {
  test('have round steps', () => {
    expect([0.9, 4, 7, 41, 330, 1e6].map((max) => tickStep(max))).toEqual([0.5, 1, 2, 20, 100, 500_000]);
    expect(tickStep(0)).toBe(1);
  });

  test('are linear from 0 up to above the largest value', () => {
    const { ticks, share } = axisOf([10, 95]);
    expect(ticks).toEqual([0, 50, 100]);
    expect([0, 50, 100].map(share)).toEqual([0, 0.5, 1]);
  });

  test('are powers of ten where values differ much', () => {
    const { ticks, share } = axisOf([12, 9000]);
    expect(ticks).toEqual([10, 100, 1000, 10_000]);
    expect(share(10)).toBe(0);
    expect(share(10_000)).toBe(1);
  });

  test('are linear where a value is 0, and of nothing', () => {
    expect(axisOf([0, 9000]).ticks[0]).toBe(0);
    expect(axisOf([]).ticks).toEqual([0, 1]);
  });

  test('show short numbers', () => {
    expect([0, 0.5, 64, 1000, 10_240, 1_500_000].map(shortNumber)).toEqual([
      '0',
      '0.5',
      '64',
      '1k',
      '10.2k',
      '1.5M',
    ]);
  });
});

describe('panelsOf', () => {
  test('has a line for each system, of the mean of its rounds', () => {
    const [rates] = panelsOf([add('a', 64, 10), add('a', 1, 4), add('a', 1, 6), add('b', 1, 7)]);
    expect(rates?.series).toEqual([
      {
        name: 'a',
        points: [
          { x: 1, y: 5 },
          { x: 64, y: 10 },
        ],
      },
      { name: 'b', points: [{ x: 1, y: 7 }] },
    ]);
  });

  test('shows what grows by its own axis', () => {
    const grow: Row = { measure: 'grow', growing: 'value', size: 3, value_bytes: 1024, rate: 9, rss_mb: 80 };
    const panels = panelsOf([grow]);
    expect(panels.map(({ xLabel }) => xLabel)).toEqual(['bytes of a value', 'bytes of a value']);
    expect(panels[0]?.series[0]?.points).toEqual([{ x: 1024, y: 9 }]);
  });

  test('leaves out rows of which there is no picture', () => {
    expect(panelsOf([{ measure: 'failover', median_ms: 3 }])).toEqual([]);
  });
});

describe('plotSvg', () => {
  const svg = plotSvg(panelsOf([add('a', 1, 5), add('a & <b>', 64, 10)]));

  test('has axes, labels and a line a series, all within the image', () => {
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 920 600"/);
    expect(svg).toContain('>adds per second</text>');
    expect(svg).toContain('>requests in flight</text>');
    expect(svg.match(/<polyline/g)).toHaveLength(6);
    for (const [, x, y] of svg.matchAll(/cx="([^"]*)" cy="([^"]*)"/g)) {
      expect(Number(x)).toBeGreaterThan(0);
      expect(Number(x)).toBeLessThan(460);
      expect(Number(y)).toBeGreaterThan(0);
      expect(Number(y)).toBeLessThan(300);
    }
  });

  test('draws a larger value higher', () => {
    const heights = [...svg.matchAll(/cy="([^"]*)"/g)].map(([, y]) => Number(y));
    expect(heights[0]).toBeGreaterThan(Number(heights[1]));
  });

  test('escapes names', () => {
    expect(svg).toContain('>a &#38; &#60;b&#62;</text>');
  });

  test('of no panels is an image still', () => {
    expect(plotSvg([])).toMatch(/^<svg [^>]*>\n<\/svg>\n$/);
  });
});
