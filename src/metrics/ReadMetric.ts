import Gauge from 'prom-client/lib/gauge';
import type Registry from 'prom-client/lib/registry';

/** One line of a metric: `suffix` is what follows the metric's name. */
export interface Sample {
  readonly suffix: '' | '_bucket' | '_sum' | '_count';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadMetricOptions {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram' | 'summary';
  readonly registry: Registry;
}

/**
 * A histogram or summary that was counted elsewhere and is read when it is asked for: prom-client's own are told each
 * value, which takes many times as long as to count it. Of its classes, Gauge is the one that adds nothing to what it has.
 */
export class ReadMetric extends Gauge {
  /** What prom-client writes after `# TYPE`. */
  readonly type: ReadMetricOptions['type'];

  constructor(
    private readonly options: ReadMetricOptions,
    private readonly read: () => readonly Sample[],
  ) {
    const { name, help, type, registry } = options;
    super({ name, help, registers: [registry] });
    this.type = type;
  }

  override async get(): ReturnType<Gauge['get']> {
    const values = this.read().map(({ suffix, labels, value }) => ({
      metricName: this.options.name + suffix,
      labels,
      value,
    }));
    return { ...(await super.get()), values };
  }
}
