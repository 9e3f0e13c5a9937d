import { REFUSAL_LOG_MS } from '../../../src/limits';
import { RefusalLog } from '../../../src/transport/RefusalLog';

function setUp(): { log: RefusalLog; lines: string[]; pass: (ms: number) => void } {
  const lines: string[] = [];
  let now = 0;
  const log = new RefusalLog(
    (line) => lines.push(line),
    () => now,
  );
  return { log, lines, pass: (ms) => (now += ms) };
}

test('each member is told of once a minute, with the number of tries between', () => {
  const { log, lines, pass } = setUp();
  for (let i = 0; i < 200; i++) {
    log.member('a', 'a refused');
    log.member('b', 'b refused');
    pass(REFUSAL_LOG_MS / 100);
  }
  expect(lines).toEqual([
    'a refused',
    'b refused',
    'a refused (and 99 times since the last line)',
    'b refused (and 99 times since the last line)',
  ]);
});

test('all strangers together are told of once a minute', () => {
  const { log, lines, pass } = setUp();
  for (let i = 0; i < 1000; i++) log.stranger(`stranger ${i} refused`);
  pass(REFUSAL_LOG_MS);
  log.stranger('one more refused');
  expect(lines).toEqual(['stranger 0 refused', 'one more refused (and 999 times since the last line)']);
});
