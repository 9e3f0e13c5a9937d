import { LOG_LIMITS } from '../../../../src/mokka/log/LogLimits';
import { LogBus } from './LogBus';

let bus: LogBus;

beforeEach(() => {
  bus = new LogBus(['a', 'b', 'c']);
  bus.elect('a', 1, ['b', 'c']);
});

/** A push that is to be appended only behind a log. */
const proposeBehind = (ifLast: number, nonce: number, leader = 'a'): ReturnType<LogBus['propose']> =>
  bus.propose(leader, nonce, `value ${nonce}`, null, ifLast);

test('the first log goes behind none, and each further one behind the last, whether that is committed or not', () => {
  const outcomes = [proposeBehind(0, 1), proposeBehind(1, 2), proposeBehind(2, 3)];
  bus.settle('a');
  expect(outcomes.map(({ committed }) => committed[0]?.logNumber)).toEqual([1, 2, 3]);
});

test('behind another log nothing is appended; it is so once what it was judged by is committed', () => {
  bus.propose('a', 1);
  bus.settle('a');
  const { lastIndex } = bus.log('a').log;
  expect(proposeBehind(0, 2)).toMatchObject({ failed: [{ lastLogNumber: 1, judgedAt: lastIndex }] });
  expect(bus.log('a').log.lastIndex).toBe(lastIndex);
  bus.propose('a', 3);
  expect(proposeBehind(1, 4)).toMatchObject({ failed: [{ lastLogNumber: 2, judgedAt: lastIndex + 1 }] });
});

test('that the log is not as long yet is so once an entry from after it was judged is committed: this node led then', () => {
  bus.propose('a', 1);
  bus.settle('a');
  const { lastIndex } = bus.log('a').log;
  const first = proposeBehind(2, 2);
  expect(first.failed).toEqual([{ lastLogNumber: 1, judgedAt: lastIndex + 1 }]);
  // One entry shows it for all that were judged before it.
  expect(proposeBehind(3, 3).failed).toEqual([{ lastLogNumber: 1, judgedAt: lastIndex + 1 }]);
  bus.settle('a');
  expect(bus.log('a').log).toMatchObject({ commitIndex: lastIndex + 1, committedLogNumber: 1 });
  expect(proposeBehind(1, 4).failed).toEqual([]);
});

test('the retry of a push that was appended is a success, wherever the log ends now', () => {
  const first = proposeBehind(0, 1);
  expect(proposeBehind(0, 1)).toMatchObject({ failed: [], refused: [] });
  bus.settle('a');
  bus.propose('a', 2);
  bus.settle('a');
  const again = proposeBehind(0, 1);
  expect(again.committed).toEqual(first.committed);
});

describe('a push that names the last log of its key', () => {
  const propose = (
    nonce: number,
    key: string,
    ifKeyLast: number | null = null,
  ): ReturnType<LogBus['propose']> =>
    bus.propose('a', nonce, `value ${nonce}`, null, null, { key, ifKeyLast });

  test('goes behind that, whatever came of other keys, saved or not', () => {
    const outcomes = [propose(1, 'x', 0), propose(2, 'y', 0), propose(3, 'x', 1)];
    bus.settle('a');
    outcomes.push(propose(4, 'y', 2), propose(5, 'z', 0), propose(6, 'x', 3));
    bus.settle('a');
    expect(outcomes.map(({ committed }) => committed[0]?.logNumber)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('is refused where another is the last, and is told which', () => {
    propose(1, 'x');
    propose(2, 'y');
    propose(3, 'x');
    bus.settle('a');
    const { lastIndex: judgedAt } = bus.log('a').log;
    expect(propose(4, 'x', 0).failed).toEqual([{ lastLogNumber: 3, judgedAt }]);
    expect(propose(5, 'x', 1).failed).toEqual([{ lastLogNumber: 3, judgedAt }]);
    expect(propose(6, 'x', 3)).toMatchObject({ failed: [] });
    expect(propose(7, 'x', 3).failed).toEqual([{ lastLogNumber: 4, judgedAt: judgedAt + 1 }]);
  });

  test('that the key’s last log is an earlier one, or none, is so once an entry from after it was judged is committed', () => {
    propose(1, 'x');
    bus.settle('a');
    const { lastIndex } = bus.log('a').log;
    expect(propose(2, 'x', 2).failed).toEqual([{ lastLogNumber: 1, judgedAt: lastIndex + 1 }]);
    expect(propose(3, 'y', 1).failed).toEqual([{ lastLogNumber: 0, judgedAt: lastIndex + 1 }]);
    bus.settle('a');
    expect(bus.log('a').log).toMatchObject({ commitIndex: lastIndex + 1, committedLogNumber: 1 });
  });

  test('that no log of the key is left of a trimmed log is so once an entry from after it was judged is committed', () => {
    for (const nonce of [1, 2, 3]) propose(nonce, 'x');
    bus.settle('a');
    const { log } = bus.log('a');
    bus.log('a').proposeTrim(log.indexOfCommitted(2));
    bus.settle('a');
    log.trim(log.lastIndex);
    const { lastIndex } = log;
    const forgotten = { lastLogNumber: 2, isForgotten: true, judgedAt: lastIndex + 1 };
    for (const ifKeyLast of [0, 1, 3]) expect(propose(4, 'y', ifKeyLast).failed).toEqual([forgotten]);
    expect(propose(4, 'x', 2).failed).toMatchObject([{ lastLogNumber: 3 }]);
    expect(log).toMatchObject({ commitIndex: lastIndex, lastIndex: lastIndex + 1 });
    expect(propose(5, 'y', 2)).toMatchObject({ failed: [], refused: [] });
    expect(propose(6, 'y', 2).failed).toMatchObject([{ lastLogNumber: 4 }]);
  });

  test('the retry of a success is one', () => {
    const first = propose(1, 'x', 0);
    bus.settle('a');
    propose(2, 'x');
    bus.settle('a');
    expect(propose(1, 'x', 0).committed).toEqual(first.committed);
  });

  test('a leader that lost its lead forgets what it knew: the next time it leads, the log may be another', () => {
    propose(1, 'x');
    bus.settle('a');
    propose(2, 'x', 1);
    bus.elect('b', 2);
    bus.settle('b');
    bus.elect('a', 3);
    bus.settle('a');
    expect(propose(3, 'x', 1)).toMatchObject({ failed: [] });
  });
});

describe('a log that remembers eight entries, of twelve pushes', () => {
  beforeEach(() => {
    bus = new LogBus(['a'], { ...LOG_LIMITS, REMEMBERED_PUSHES_MAX: 8 });
    bus.elect('a', 1);
    for (let nonce = 1; nonce <= 12; nonce++) bus.propose('a', nonce);
    bus.settle('a');
  });

  test('knows the oldest of these again, though none before it', () => {
    expect(proposeBehind(0, 5)).toMatchObject({ failed: [], refused: [], committed: [{ logNumber: 5 }] });
  });

  test('does not judge the condition of a push that may be in what it forgot', () => {
    expect(proposeBehind(0, 4)).toMatchObject({ failed: [], refused: ['STALE_NONCE'] });
  });

  test('has it tried again while it reads back what it had before a start', () => {
    bus.start('a', bus.store('a'), '2'.repeat(16));
    bus.log('a').lead(2, []);
    expect(proposeBehind(0, 12).refused).toEqual(['NO_LEADER']);
    bus.log('a').tick(bus.now);
    expect(proposeBehind(0, 12)).toMatchObject({ failed: [], refused: [] });
    expect(proposeBehind(0, 4).refused).toEqual(['STALE_NONCE']);
  });
});
