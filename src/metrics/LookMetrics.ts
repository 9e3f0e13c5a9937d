import Counter from 'prom-client/lib/counter';
import Gauge from 'prom-client/lib/gauge';
import Registry from 'prom-client/lib/registry';
import { type CountedDurations, durationSamples } from './durationSamples';
import { ReadMetric, type Sample } from './ReadMetric';

/** A value and its labels. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What all metrics of one have in common: how they are called, and what they are. */
interface Named {
  readonly name: string;
  readonly help: string;
}

interface NamedWithLabels extends Named {
  readonly labelNames: readonly string[];
}

/**
 * Metrics that are all read off one look at what they are of, a `Look`, when they are asked for: so they cost nothing
 * between, and all are of one moment.
 */
export class LookMetrics<Look> {
  private readonly registry = new Registry();
  private look: Look | null = null;

  /** Of the text. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics, in Prometheus' text format. */
  text(look: Look): Promise<string> {
    // They are all read before this returns.
    this.look = look;
    return this.registry.metrics();
  }

  /** Forgets all. */
  clear(): void {
    this.registry.clear();
  }

  /** `read` gives null for what is not known now: then there is no line of it. */
  gauge(named: Named, read: (look: Look) => number | boolean | null): void {
    this.gauges({ ...named, labelNames: [] }, (look) => {
      const value = read(look);
      return value === null ? [] : [{ labels: {}, value: Number(value) }];
    });
  }

  gauges(named: NamedWithLabels, read: (look: Look) => readonly Labelled[]): void {
    const values = (): readonly Labelled[] => this.read(read);
    new Gauge({
      ...named,
      registers: [this.registry],
      collect() {
        this.reset();
        const told = values();
        // Without labels a reset makes it 0.
        if (told.length === 0 && named.labelNames.length === 0) this.remove();
        for (const { labels, value } of told) this.set(labels, value);
      },
    });
  }

  counters(named: NamedWithLabels, read: (look: Look) => readonly Labelled[]): void {
    const values = (): readonly Labelled[] => this.read(read);
    new Counter({
      ...named,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { labels, value } of values()) this.inc(labels, value);
      },
    });
  }

  durations(named: Named, read: (look: Look) => CountedDurations): void {
    const samples = (): readonly Sample[] => this.read((look) => durationSamples(read(look)));
    new ReadMetric({ ...named, type: 'histogram', registry: this.registry }, samples);
  }

  summary(named: Named, read: () => readonly Sample[]): void {
    new ReadMetric({ ...named, type: 'summary', registry: this.registry }, read);
  }

  private read<T>(read: (look: Look) => readonly T[]): readonly T[] {
    return this.look === null ? [] : read(this.look);
  }
}
