import { OURS, type Row } from '../Run';

/** One line of a panel. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/**
 * One coordinate system: the x values that occur, evenly spaced, and a y axis from 0, or, for values that differ by
 * more than {@link LINEAR_SPAN_MAX} times, of powers of ten.
 */
export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly Series[];
}

const PANEL = { width: 460, height: 300, left: 62, right: 16, top: 52, bottom: 44 } as const;
const PANELS_A_ROW = 2;

/** Mid-tones, on no background of their own: readable on white and on dark pages. */
const INK = '#7a828c';
const GRID_OPACITY = 0.3;
const COLORS = ['#3b82f6', '#d9730d', '#2e9e5b', '#a855f7', '#db2777', '#0891b2', '#a16207'];

const TICKS_WANTED = 4;

/** The largest value over the smallest, up to which both can be read off a linear axis. */
const LINEAR_SPAN_MAX = 50;

const DOT_RADIUS = 3;
const LEGEND_WIDTH = 110;

/** What rows show, as panels: those of loads by requests in flight, those of --grow by what grows. */
export function panelsOf(rows: readonly Row[]): Panel[] {
  return [...['add', 'get'].flatMap((measure) => loadPanels(rows, measure)), ...growPanels(rows)];
}

/** An SVG image of the panels, two beside each other. */
export function plotSvg(panels: readonly Panel[]): string {
  const columns = Math.min(PANELS_A_ROW, Math.max(1, panels.length));
  const width = columns * PANEL.width;
  const height = Math.max(1, Math.ceil(panels.length / columns)) * PANEL.height;
  const body = panels.map((panel, at) => {
    const x = (at % columns) * PANEL.width;
    const y = Math.floor(at / columns) * PANEL.height;
    return `<g transform="translate(${x} ${y})">\n${panelSvg(panel)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

/** The round step (1, 2 or 5 times a power of ten) that divides 0 to `max` into about so many parts. */
export function tickStep(max: number, parts = TICKS_WANTED): number {
  const rough = max > 0 ? max / parts : 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}

/** A number as an axis shows it: 1500000 as 1.5M. */
export function shortNumber(value: number): string {
  const [divisor, unit] = value >= 1e6 ? [1e6, 'M'] : value >= 1000 ? [1000, 'k'] : [1, ''];
  return `${Number((value / divisor).toPrecision(3))}${unit}`;
}

function loadPanels(rows: readonly Row[], measure: string): Panel[] {
  const loads = rows.filter((row) => row.measure === measure);
  if (loads.length === 0) return [];
  const systems = [...new Set(loads.map((row) => String(row['system'])))];
  const bySystem = (y: string): Series[] =>
    systems.map((name) => ({
      name,
      points: pointsOf(
        loads.filter((row) => row['system'] === name),
        'inflight',
        y,
      ),
    }));
  const xLabel = 'requests in flight';
  return [
    { title: `${measure}s per second`, xLabel, series: bySystem('rate') },
    { title: `latency of ${measure}s, median, ms`, xLabel, series: bySystem('p50_ms') },
    { title: `latency of ${measure}s, 99 of 100, ms`, xLabel, series: bySystem('p99_ms') },
  ];
}

function growPanels(rows: readonly Row[]): Panel[] {
  const ways = [
    { growing: 'entries', x: 'entries', xLabel: 'entries that are there' },
    { growing: 'value', x: 'value_bytes', xLabel: 'bytes of a value' },
    { growing: 'size', x: 'size', xLabel: 'nodes' },
  ];
  return ways.flatMap(({ growing, x, xLabel }) => {
    const own = rows.filter((row) => row.measure === 'grow' && row['growing'] === growing);
    if (own.length === 0) return [];
    return [
      { title: 'adds per second', xLabel, series: [{ name: OURS, points: pointsOf(own, x, 'rate') }] },
      {
        title: 'memory of the largest node, MB',
        xLabel,
        series: [
          { name: 'resident', points: pointsOf(own, x, 'rss_mb') },
          { name: 'of it file pages', points: pointsOf(own, x, 'file_pages_mb') },
        ],
      },
    ];
  });
}

/** The points of rows that have both numbers, ascending; of several with one x the mean. */
function pointsOf(rows: readonly Row[], x: string, y: string): Series['points'] {
  const valuesOfX = new Map<number, number[]>();
  for (const row of rows) {
    const [atX, atY] = [row[x], row[y]];
    if (typeof atX !== 'number' || typeof atY !== 'number') continue;
    valuesOfX.set(atX, [...(valuesOfX.get(atX) ?? []), atY]);
  }
  return [...valuesOfX]
    .map(([atX, values]) => ({ x: atX, y: values.reduce((sum, each) => sum + each, 0) / values.length }))
    .sort((a, b) => a.x - b.x);
}

/** The y axis: its marks, and where a value stands, from 0 (bottom) to 1 (top). */
interface Axis {
  readonly ticks: readonly number[];
  readonly share: (value: number) => number;
}

/** An axis for these values. */
export function axisOf(values: readonly number[]): Axis {
  const max = Math.max(0, ...values);
  const min = Math.min(max, ...values);
  return min > 0 && max > LINEAR_SPAN_MAX * min ? logarithmicAxis(min, max) : linearAxis(max);
}

function linearAxis(max: number): Axis {
  const step = tickStep(max);
  const parts = Math.max(1, Math.ceil(max / step));
  const ticks = Array.from({ length: parts + 1 }, (_, at) => at * step);
  return { ticks, share: (value) => value / (parts * step) };
}

function logarithmicAxis(min: number, max: number): Axis {
  const first = Math.floor(Math.log10(min));
  const decades = Math.ceil(Math.log10(max)) - first;
  const ticks = Array.from({ length: decades + 1 }, (_, at) => 10 ** (first + at));
  return { ticks, share: (value) => (Math.log10(value) - first) / decades };
}

function panelSvg({ title, xLabel, series }: Panel): string {
  const points = series.flatMap((each) => each.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const axis = axisOf(points.map(({ y }) => y));
  const right = PANEL.width - PANEL.right;
  const bottom = PANEL.height - PANEL.bottom;
  const xOf = (x: number): number =>
    round(PANEL.left + ((xs.indexOf(x) + 0.5) / Math.max(1, xs.length)) * (right - PANEL.left));
  const yOf = (y: number): number => round(bottom - axis.share(y) * (bottom - PANEL.top));
  const lines: string[] = [
    text(PANEL.left, 18, title, 'font-weight="bold"'),
    text((PANEL.left + right) / 2, PANEL.height - 10, xLabel, 'text-anchor="middle"'),
    `<path d="M${PANEL.left} ${PANEL.top}V${bottom}H${right}" fill="none" stroke="${INK}"/>`,
  ];
  for (const tick of axis.ticks) {
    const y = yOf(tick);
    lines.push(`<path d="M${PANEL.left} ${y}H${right}" stroke="${INK}" stroke-opacity="${GRID_OPACITY}"/>`);
    lines.push(text(PANEL.left - 6, y + 4, shortNumber(tick), 'text-anchor="end"'));
  }
  for (const x of xs) lines.push(text(xOf(x), bottom + 16, shortNumber(x), 'text-anchor="middle"'));
  for (const [at, each] of series.entries()) lines.push(seriesSvg(each, at, xOf, yOf));
  return lines.join('\n');
}

function seriesSvg(
  { name, points }: Series,
  at: number,
  xOf: (x: number) => number,
  yOf: (y: number) => number,
): string {
  const color = COLORS[at % COLORS.length] ?? INK;
  const path = points.map(({ x, y }) => `${xOf(x)},${yOf(y)}`).join(' ');
  const dots = points.map(({ x, y }) => `<circle cx="${xOf(x)}" cy="${yOf(y)}" r="${DOT_RADIUS}"/>`).join('');
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
    `<g fill="${color}">${dots}</g>`,
    text(PANEL.left + at * LEGEND_WIDTH, 38, name, `fill="${color}"`),
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
