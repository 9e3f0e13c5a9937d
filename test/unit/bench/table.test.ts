import type { Row } from '../../../scripts/bench/Run';
import { formatTables } from '../../../scripts/bench/report/table';

test('rows of one measure are one table: words on the left, numbers on the right', () => {
  const rows: Row[] = [
    { measure: 'add', system: 'ours', inflight: 1, rate: 12_345.6, p50_ms: 0.5 },
    { measure: 'add', system: 'etcd', inflight: 256, rate: 7, p50_ms: null },
    { measure: 'failover', kills: 2, all_ms: [1.5, 2000] },
  ];
  expect(formatTables(rows)).toBe(
    [
      'measure  system  inflight      rate  p50 ms',
      'add      ours           1  12,345.6     0.5',
      'add      etcd         256         7       -',
      '',
      'measure   kills     all ms',
      'failover      2  1.5 2,000',
      '',
    ].join('\n'),
  );
});
