import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sample } from './ReadMetric';

/** How often the event loop is looked at, ms: well below a heartbeat, and next to no work. */
export const EVENT_LOOP_LOOK_MS = 10;

/** What quantiles are of at least, ms, however often they are read. */
export const EVENT_LOOP_WINDOW_MS = 5000;

const QUANTILES = [0.5, 0.99, 1];
const NS_PER_S = 1e9;
const LOOK_S = EVENT_LOOP_LOOK_MS / 1000;

/**
 * How late the event loop comes to what is due: while it is late, no heartbeat is sent or heard. Quantiles are of the time
 * since they were read before, but of EVENT_LOOP_WINDOW_MS at least, so that two who read at about the same time see the
 * same. Sum and count are of all the time.
 */
export class EventLoopDelay {
  private readonly monitor: IntervalHistogram = monitorEventLoopDelay({ resolution: EVENT_LOOP_LOOK_MS });
  private windowSince = performance.now();
  /** Of the windows that are over. */
  private pastSum = 0;
  private pastCount = 0;

  constructor() {
    this.monitor.enable();
  }

  samples(): Sample[] {
    const { monitor } = this;
    const count = this.pastCount + monitor.count;
    const sum = this.pastSum + this.windowSum;
    const quantiles = QUANTILES.map((quantile) => ({
      suffix: '' as const,
      labels: { quantile: String(quantile) },
      value: monitor.count === 0 ? 0 : delayOf(monitor.percentile(quantile * 100)),
    }));
    const now = performance.now();
    if (now - this.windowSince >= EVENT_LOOP_WINDOW_MS) {
      [this.pastCount, this.pastSum, this.windowSince] = [count, sum, now];
      monitor.reset();
    }
    return [
      ...quantiles,
      { suffix: '_sum', labels: {}, value: sum },
      { suffix: '_count', labels: {}, value: count },
    ];
  }

  close(): void {
    this.monitor.disable();
  }

  /** All delays of the window together, s. */
  private get windowSum(): number {
    const { count, mean } = this.monitor;
    return count === 0 ? 0 : delayOf(mean) * count;
  }
}

/** Node measures from look to look, ns: what is more than was asked for is the delay. */
function delayOf(ns: number): number {
  return Math.max(0, ns / NS_PER_S - LOOK_S);
}
