/** One metric of a text in Prometheus' format. */
export interface Exposed {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ExposedSample[];
}

export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const HELP = /^# HELP ([a-z_:][a-z0-9_:]*) (\S.*)$/;
const TYPE = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/;
const SAMPLE = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;
const SUFFIXES: Record<string, readonly string[]> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/**
 * Reads a text as Prometheus does, by the rules that `promtool check metrics` has: each metric has its HELP, its TYPE and
 * then its lines, all together.
 *
 * @throws Error with the line that breaks a rule.
 */
export function parseExposition(text: string): Map<string, Exposed> {
  const metrics = new Map<string, Exposed>();
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.split('\n').filter((line) => line !== '');
  let at = 0;
  while (at < lines.length) {
    const [, name = '', help = ''] = match(HELP, lines[at++]);
    const [, typed = '', type = ''] = match(TYPE, lines[at++]);
    if (typed !== name || metrics.has(name)) throw new Error(`${name} is told twice, or without its type`);
    const samples: ExposedSample[] = [];
    for (; at < lines.length && lines[at]?.startsWith('#') === false; at++) {
      const sample = parseSample(lines[at]);
      if (!(SUFFIXES[type] ?? ['']).some((suffix) => sample.name === name + suffix))
        throw new Error(`${sample.name} is not of the ${type} ${name}`);
      samples.push(sample);
    }
    const told = new Set(samples.map((sample) => JSON.stringify([sample.name, sample.labels])));
    if (told.size !== samples.length) throw new Error(`${name} has one line twice`);
    metrics.set(name, { type, help, samples });
  }
  return metrics;
}

function parseSample(line: string | undefined): ExposedSample {
  const [, name = '', list = '', number = ''] = match(SAMPLE, line);
  const value = number === '+Inf' ? Infinity : Number(number);
  if (Number.isNaN(value) && number !== 'NaN') throw new Error(`no number: ${line}`);
  const labels = [...list.matchAll(LABEL)];
  if (labels.map(([whole]) => whole).join('') !== list) throw new Error(`no labels: ${line}`);
  return {
    name,
    labels: Object.fromEntries(labels.map(([, label = '', text = '']) => [label, text])),
    value,
  };
}

function match(pattern: RegExp, line = ''): RegExpExecArray {
  const found = pattern.exec(line);
  if (found === null) throw new Error(`${line} is not ${pattern}`);
  return found;
}
