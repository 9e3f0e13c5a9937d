import { renderList, renderStatus } from '../../../../src/cli/render/renderTables';
import type { MemberStatus } from '../../../../src/api';
import type { LogEntry } from '../../../../src/entry/Entry';

const CREATED_AT = new Date(2026, 10, 5, 4, 3, 2, 7).getTime();
const style = (columns: number): { columns: number; color: boolean } => ({ columns, color: false });

const log = (index: number, value: string): LogEntry => ({
  ...{ index, term: 1, hash: 'ab'.repeat(32), createdAt: CREATED_AT },
  log: { key: 'super', value: { value, nonce: 1 } },
});

test('logs, a line each, aligned; controls are shown, not sent', () => {
  const text = renderList({ logs: [log(9, 'two\x1b[2J words'), log(10, 'b')], next: 11 }, style(80));
  expect(text).toBe(
    ' 9  2026-11-05 04:03:02.007  super  two\\x1b[2J words\n10  2026-11-05 04:03:02.007  super  b',
  );
});

test.each([40, 80])('a log fits its line of %d columns, however long it is', (columns) => {
  for (const value of ['v'.repeat(1_000_000), '🦊'.repeat(500), '\x1b'.repeat(500)]) {
    const text = renderList({ logs: [log(1, value)], next: 2 }, style(columns));
    expect(text.length).toBeLessThanOrEqual(columns);
    expect(text.endsWith('…')).toBe(true);
  }
});

test('an empty list says so', () => {
  expect(renderList({ logs: [], next: 7 }, style(80))).toBe('no log 7 yet');
});

const member: MemberStatus = {
  ...{ node: 0, address: `tcp://127.0.0.1:2000/${'ab'.repeat(65)}`, role: 'leader' },
  ...{ reachable: true, behind: 0, clockOffset: 0 },
};

test('status has a line a member: role, reachable, how far behind, clock', () => {
  const text = renderStatus(
    [
      member,
      { ...member, node: 1, role: 'follower', behind: 12, clockOffset: -3 },
      {
        ...member,
        node: 2,
        role: 'unknown',
        reachable: false,
        reason: 'refused',
        behind: null,
        clockOffset: null,
      },
    ],
    style(120),
  );
  expect(text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'node 0 | leader | reachable | up to date | clock +0 ms | 127.0.0.1:2000',
    'node 1 | follower | reachable | 12 behind | clock -3 ms | 127.0.0.1:2000',
    'node 2 | unknown | unreachable | lag unknown | clock unknown | 127.0.0.1:2000 | refused',
  ]);
});

test('why a member is unreachable stands whole, below its line where that has no room', () => {
  const reason = 'its certificate is of another key than cluster.json has, or a proxy stands between the two';
  const members = [member, { ...member, node: 1, role: 'unknown' as const, reachable: false, reason }];
  const [first = '', second = '', ...below] = renderStatus(members, style(80)).split('\n');
  expect([first, second].map((line) => line.includes('…'))).toEqual([false, false]);
  expect(below.every((line) => line.length <= 80 && line.startsWith('  '))).toBe(true);
  expect(below.map((line) => line.trim()).join(' ')).toBe(reason);
  expect(renderStatus(members, style(200)).split('\n')).toHaveLength(2);
});
