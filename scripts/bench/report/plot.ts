import { init, type EChartsOption } from 'echarts';
import { OURS, type Row } from '../Run';

/** One coordinate system of the picture, with a line for each of its series. */
export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly Series[];
}

/** The points of one line, by ascending x. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const PANEL = { width: 460, height: 300, left: 62, right: 16, top: 64, bottom: 52 } as const;
const PANELS_A_ROW = 2;

/** Mid-tones, on no background of their own: readable on white and on dark pages. */
const INK = '#7a828c';
const GRID_OPACITY = 0.3;
const COLORS = ['#3b82f6', '#d9730d', '#2e9e5b', '#a855f7', '#db2777', '#0891b2', '#a16207'];

/** The largest value over the smallest, up to which both can be read off a linear axis; beyond, it has powers of ten. */
const LINEAR_SPAN_MAX = 50;

/** What of a cluster --grow grows, the column that says how far, and its name. */
const GROWING = [
  ['entries', 'entries', 'entries that are there'],
  ['value', 'value_bytes', 'bytes of a value'],
  ['size', 'size', 'nodes'],
] as const;

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** What rows show, as panels: those of loads by requests in flight, those of --grow by what grows. */
export function panelsOf(rows: readonly Row[]): Panel[] {
  return [...['add', 'get'].flatMap((measure) => loadPanels(rows, measure)), ...growPanels(rows)];
}

/** An SVG image of the panels, two beside each other. */
export function plotSvg(panels: readonly Panel[]): string {
  const columns = Math.min(PANELS_A_ROW, Math.max(1, panels.length));
  const width = columns * PANEL.width;
  const height = Math.max(1, Math.ceil(panels.length / columns)) * PANEL.height;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(optionOf(panels, columns));
  const svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  return `${svg}\n`;
}

function loadPanels(rows: readonly Row[], measure: string): Panel[] {
  const loads = rows.filter((row) => row.measure === measure);
  if (loads.length === 0) return [];
  const systems = [...new Set(loads.map((row) => String(row['system'])))];
  const bySystem = (y: string): Series[] =>
    systems.map((name) => {
      const own = loads.filter((row) => row['system'] === name);
      return { name, points: pointsOf(own, 'inflight', y) };
    });
  const xLabel = 'requests in flight';
  return [
    { title: `${measure}s per second`, xLabel, series: bySystem('rate') },
    { title: `latency of ${measure}s, median, ms`, xLabel, series: bySystem('p50_ms') },
    { title: `latency of ${measure}s, 99 of 100, ms`, xLabel, series: bySystem('p99_ms') },
  ];
}

function growPanels(rows: readonly Row[]): Panel[] {
  return GROWING.flatMap(([growing, x, xLabel]) => {
    const own = rows.filter((row) => row.measure === 'grow' && row['growing'] === growing);
    if (own.length === 0) return [];
    const line = (name: string, y: string): Series => ({ name, points: pointsOf(own, x, y) });
    const memory = [line('resident', 'rss_mb'), line('of it file pages', 'file_pages_mb')];
    return [
      { title: 'adds per second', xLabel, series: [line(OURS, 'rate')] },
      { title: 'memory of the largest node, MB', xLabel, series: memory },
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
    .map(([atX, values]) => [atX, values.reduce((sum, each) => sum + each, 0) / values.length] as const)
    .sort(([a], [b]) => a - b);
}

function optionOf(panels: readonly Panel[], columns: number): EChartsOption {
  const placed = panels.map((panel, at) => ({
    ...panel,
    left: (at % columns) * PANEL.width + PANEL.left,
    above: Math.floor(at / columns) * PANEL.height,
  }));
  const textStyle = { color: INK, fontSize: 12 };
  const axisLine = { show: true, onZero: false, lineStyle: { color: INK } };
  const axisLabel = { ...textStyle, formatter: (value: string | number) => short.format(Number(value)) };
  return {
    ...{ animation: false, textStyle, color: COLORS },
    title: placed.map(({ title, left, above }) => ({
      ...{ text: title, left, top: above + 8, padding: 0 },
      textStyle: { ...textStyle, fontWeight: 'bold' },
    })),
    legend: placed.map(({ series, left, above }) => ({
      ...{ data: series.map(({ name }) => name), left, top: above + 28, padding: 0, itemGap: 24, textStyle },
      selectedMode: false,
    })),
    grid: placed.map(({ left, above }) => ({
      ...{ left, top: above + PANEL.top, width: PANEL.width - PANEL.left - PANEL.right },
      height: PANEL.height - PANEL.top - PANEL.bottom,
    })),
    xAxis: placed.map(({ xLabel, series }, gridIndex) => ({
      ...{
        type: 'category',
        gridIndex,
        data: marksOf(series),
        axisTick: { show: false },
        axisLine,
        axisLabel,
      },
      ...{ name: xLabel, nameLocation: 'middle', nameGap: 28, nameTextStyle: textStyle },
    })),
    yAxis: placed.map(({ series }, gridIndex) => ({
      ...{ type: differMuch(series) ? 'log' : 'value', gridIndex, splitNumber: 4, axisLine, axisLabel },
      splitLine: { lineStyle: { color: INK, opacity: GRID_OPACITY } },
    })),
    series: placed.flatMap(({ series }, at) =>
      series.map(({ name, points }, nth) => ({
        ...{ type: 'line', name, xAxisIndex: at, yAxisIndex: at, silent: true, emphasis: { disabled: true } },
        ...{ color: COLORS[nth % COLORS.length] ?? INK, symbol: 'circle', symbolSize: 6 },
        data: points.map(([x, y]) => [String(x), y]),
      })),
    ),
  };
}

/** The x values that occur: evenly spaced, since they grow by factors. */
function marksOf(series: readonly Series[]): string[] {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  return [...new Set(xs)].sort((a, b) => a - b).map(String);
}

function differMuch(series: readonly Series[]): boolean {
  const ys = series.flatMap(({ points }) => points.map(([, y]) => y));
  return Math.min(...ys) > 0 && Math.max(...ys) > LINEAR_SPAN_MAX * Math.min(...ys);
}
