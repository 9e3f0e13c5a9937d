import { formatRecord } from '../../../src/cli/process/logging';
import { wrap } from '../../../src/cli/render/render';
import { SlowDiskLog } from '../../../src/watch/SlowDiskLog';
import { linesWithoutRecords, withoutNotices } from './notices';

let notice = '';
const log = new SlowDiskLog((_fields, message) => (notice = message));
log.wrote({ place: '/home/me/data/node-0', writeMs: 1234, heartbeat: 50, electionTimeout: 200 }, 0);

test.each([
  ['a node’s terminal', formatRecord({ time: new Date(0), level: 40, msg: notice })],
  ['the terminal of npm start', `node 2: ${notice}`],
])('%s is the same on a slow disk, however the notice is wrapped', (_name, told) => {
  for (const columns of [20, 80, 110, 1000]) {
    const screen = `before\n${wrap(told, columns)}\n${wrap(told, columns)}\nenter command >\nafter`;
    expect(withoutNotices(screen)).toBe('before\nenter command >\nafter');
    expect(withoutNotices(wrap(told, columns))).toBe('');
  }
});

test('other words of a node stay', () => {
  const screen = '10:00:00.000 warn: demo keys\nnode 1 leads, term 3\na write to nothing\n';
  expect(withoutNotices(screen)).toBe(screen);
  expect(linesWithoutRecords('one\n{"name":"mokka.logger","msg":"two"}\n{"command":"info"}\n')).toEqual([
    'one',
    '{"command":"info"}',
  ]);
});
