import { panelsOf, plotSvg } from '../../../scripts/bench/report/plot';
import type { Row } from '../../../scripts/bench/Run';

function add(system: string, inflight: number, rate: number): Row {
  return { measure: 'add', system, inflight, rate, p50_ms: 1, p99_ms: null };
}

describe('panelsOf', () => {
  test('has a line for each system, of the mean of its rounds', () => {
    const [rates] = panelsOf([add('a', 64, 10), add('a', 1, 4), add('a', 1, 6), add('b', 1, 7)]);
    expect(rates?.series).toEqual([
      {
        name: 'a',
        points: [
          [1, 5],
          [64, 10],
        ],
      },
      { name: 'b', points: [[1, 7]] },
    ]);
  });

  test('shows what grows by its own axis', () => {
    const grow: Row = { measure: 'grow', growing: 'value', size: 3, value_bytes: 1024, rate: 9, rss_mb: 80 };
    const panels = panelsOf([grow]);
    expect(panels.map(({ xLabel }) => xLabel)).toEqual(['bytes of a value', 'bytes of a value']);
    expect(panels[0]?.series[0]?.points).toEqual([[1024, 9]]);
  });

  test('leaves out rows of which there is no picture', () => {
    expect(panelsOf([{ measure: 'failover', median_ms: 3 }])).toEqual([]);
  });
});

describe('plotSvg', () => {
  /** What stands in the picture, in its order. */
  const textsOf = (svg: string): string[] =>
    [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text ?? '');

  /** The points of its lines, in pixels from the left and from the top. */
  const linesOf = (svg: string): number[][][] =>
    [...svg.matchAll(/<path d="M([^"A]*)" fill="none" [^>]*stroke-width="2"/g)].map(([, path]) =>
      (path ?? '').split('L').map((point) => point.trim().split(/[ ,]/).map(Number)),
    );

  test('names its axes and its lines', () => {
    const svg = plotSvg(panelsOf([add('a', 1, 5), add('a & <b>', 64, 10)]));
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 920 600"/);
    for (const text of ['adds per second', 'requests in flight', 'a', 'a &amp; &lt;b&gt;'])
      expect(textsOf(svg)).toContain(text);
  });

  test('draws larger values higher and further to the right, within the panel', () => {
    const [line = []] = linesOf(plotSvg(panelsOf([add('a', 1, 5), add('a', 64, 10), add('a', 256, 40)])));
    expect(line).toHaveLength(3);
    const [xs, ys] = [0, 1].map((at) => line.map((point) => point[at] ?? NaN));
    expect(xs).toEqual(xs?.toSorted((a, b) => a - b));
    expect(ys).toEqual(ys?.toSorted((a, b) => b - a));
    for (const x of xs ?? []) expect(x > 0 && x < 460).toBe(true);
    for (const y of ys ?? []) expect(y > 0 && y < 300).toBe(true);
  });

  test('has an axis from 0, and of powers of ten where values differ much', () => {
    const marks = (small: number): string[] =>
      textsOf(plotSvg(panelsOf([add('a', 1, small), add('a', 64, 9000)]).slice(0, 1)));
    expect(marks(8000)).toEqual(expect.arrayContaining(['0', '10K']));
    expect(marks(12)).toEqual(expect.arrayContaining(['10', '100', '1K', '10K']));
    expect(marks(12)).not.toContain('0');
    expect(marks(0)).toContain('0');
  });

  test('stands still', () => {
    expect(plotSvg(panelsOf([add('a', 1, 5), add('a', 64, 10)]))).not.toMatch(/animat|keyframes/);
  });

  test('of no panels is an image still', () => {
    expect(plotSvg([])).toMatch(/^<svg [^]*<\/svg>\n$/);
  });
});
