import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { FOLLOWERS_MAX, PUSHES_WAITING_MAX } from '../../../src/limits';
import { NodeMetrics } from '../../../src/metrics/NodeMetrics';
import { LoneNode } from '../mokka/LoneNode';
import { type Exposed, parseExposition } from './exposition';

const PAGE = readFileSync(join(__dirname, '../../../src/metrics/README.md'), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
}

let metrics: Map<string, Exposed>;

beforeAll(async () => {
  const node = new LoneNode();
  const measured = new NodeMetrics(node, { dataDirectory: '.' });
  metrics = parseExposition(await measured.text());
  measured.close();
  await node.disconnect();
});

test('the table has each metric with its type', () => {
  const rows = [...PAGE.matchAll(/^\| `(\w+)(?:\{.*\})?` +\| (\w+)/gm)];
  const listed = rows.map(([, name = '', type]) => [name, type]);
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries([...metrics].map(([name, { type }]) => [name, type])),
  );
});

test('the numbers are those of the limits', () => {
  expect(PAGE).toContain(`over ${PUSHES_WAITING_MAX.toLocaleString('en')} they are BUSY`);
  expect(PAGE).toContain(`follow the log of this node, at most ${FOLLOWERS_MAX} `);
});

test('alerts are of metrics that there are', () => {
  const [, block = ''] = /## Alerts[^]*?```yaml\n([^]*?)```/.exec(PAGE) ?? [];
  const { groups } = parse(block) as { groups: readonly { readonly rules: readonly Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.map(({ alert }) => alert)).toEqual(expect.arrayContaining(['MokkaNoLeader', 'MokkaProblem']));
  for (const { expr } of rules) {
    const named = expr.match(/mokka_\w+|\bup\b/g) ?? [];
    expect(named).not.toEqual([]);
    for (const name of named) expect([...metrics.keys(), 'up']).toContain(name.replace(/_bucket$/, ''));
  }
});
