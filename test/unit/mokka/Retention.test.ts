import { RETAIN_FULL_LOOK_MS, RETAIN_LOOK_MS, RETAIN_PARTS_A_LOOK } from '../../../src/limits';
import type { Retain } from '../../../src/api';
import { LOG_LIMITS } from '../../../src/mokka/log/LogLimits';
import { Retention } from '../../../src/mokka/Retention';
import type { LogPart } from '../../../src/storage/LogStore';
import { LogBus } from './log/LogBus';

const DAY_MS = 86_400_000;
/** When a test's first entry was made. */
const BEGIN_MS = 1_700_000_000_000;

/** A leader with 100 logs, whose store has files of ten entries each. */
class Retained {
  readonly bus = new LogBus(['a', 'b', 'c']);
  parts: LogPart[] = [];
  wallTime = BEGIN_MS;
  looks = 0;
  readonly wants = jest.fn();
  private readonly retention: Retention;
  private now = 0;

  constructor(retain: Retain, remembered = 20) {
    this.bus.elect('a', 1);
    for (let nonce = 1; nonce <= 100; nonce++) this.bus.propose('a', nonce);
    this.bus.settle('a');
    for (let last = 10; last <= 90; last += 10) this.parts.push({ last, bytes: 1000 });
    this.retention = new Retention(
      retain,
      this.bus.log('a'),
      {
        trimmable: () => {
          this.looks++;
          return this.parts;
        },
      },
      { want: this.wants },
      { now: () => this.wallTime },
      { ...LOG_LIMITS, REMEMBERED_PUSHES_MAX: remembered },
    );
  }

  /** Lets the leader look once, where that is due after so long; returns its floor then. */
  look(after = RETAIN_LOOK_MS): number {
    this.retention.tick((this.now += after));
    this.bus.settle('a');
    const { log } = this.bus.log('a');
    log.trim(log.commitIndex);
    this.parts = this.parts.filter(({ last }) => last > log.floor.index);
    return log.floor.index;
  }
}

test('by logs, whole files go that hold none of the last ones', () => {
  expect(new Retained({ logs: 45 }).look()).toBe(50);
  expect(new Retained({ logs: 52 }).look()).toBe(40);
  expect(new Retained({ logs: 100 }).look()).toBe(0);
});

test('by days, those go whose last entry is older', () => {
  const retained = new Retained({ days: 2 });
  retained.wallTime = BEGIN_MS + 2 * DAY_MS;
  expect(retained.look()).toBe(0);
  retained.wallTime += 1000;
  expect(retained.look()).toBe(80);
});

test('by logs and days what pushes are remembered of stays', () => {
  expect(new Retained({ logs: 1 }, 35).look()).toBe(60);
  const retained = new Retained({ days: 1 }, 35);
  retained.wallTime = BEGIN_MS + 9 * DAY_MS;
  expect(retained.look()).toBe(60);
});

test('by bytes it does not, and no more goes than is too much', () => {
  const retained = new Retained({ bytes: 4500 }, 1000);
  expect(retained.look()).toBe(50);
  expect(retained.look()).toBe(50);
});

test('of several settings each counts', () => {
  expect(new Retained({ logs: 45, bytes: 2500 }).look()).toBe(70);
  expect(new Retained({ logs: 45, bytes: 1_000_000 }).look()).toBe(50);
});

test('what is exactly enough stays: of logs, of bytes, of what is remembered', () => {
  expect(new Retained({ logs: 41 }).look()).toBe(60);
  expect(new Retained({ logs: 42 }).look()).toBe(50);
  expect(new Retained({ bytes: 4000 }).look()).toBe(50);
  expect(new Retained({ bytes: 3999 }).look()).toBe(60);
  expect(new Retained({ logs: 1 }, 41).look()).toBe(60);
  expect(new Retained({ logs: 1 }, 42).look()).toBe(50);
});

test('it looks no sooner than a minute later, and what it proposes is sent soon', () => {
  const retained = new Retained({ logs: 45 });
  expect(retained.look()).toBe(50);
  expect(retained.wants).toHaveBeenCalledTimes(1);
  retained.look(RETAIN_LOOK_MS - 1);
  expect(retained.looks).toBe(1);
  retained.look(1);
  expect([retained.looks, retained.wants.mock.calls.length]).toEqual([2, 1]);
});

test('a leader that hands over, or does not know yet what is committed, does not look', () => {
  const leaving = new Retained({ logs: 1 });
  leaving.bus.log('a').stopTakingPushes();
  expect([leaving.look(), leaving.looks]).toEqual([0, 0]);
  const fresh = new Retained({ logs: 1 });
  fresh.bus.log('a').follow(2, 'b');
  fresh.bus.isolate('a');
  fresh.bus.log('a').lead(3, ['b', 'c']);
  expect([fresh.look(), fresh.looks]).toEqual([0, 0]);
});

test('it looks once a minute, at some files, and only where it leads', () => {
  const retained = new Retained({ logs: 1 });
  retained.parts = Array.from({ length: 80 }, (_, at) => ({ last: at + 1, bytes: 10 }));
  expect(retained.look()).toBe(RETAIN_PARTS_A_LOOK);
  const follower = new Retained({ logs: 1 });
  follower.bus.log('a').follow(2, 'b');
  expect(follower.look()).toBe(0);
});

test('while disks are full it looks every second, and leaves nothing for the memory of pushes', () => {
  const retained = new Retained({ logs: 1 }, 35);
  expect(retained.look()).toBe(60);
  expect(retained.look(RETAIN_FULL_LOOK_MS)).toBe(60);
  const { bus } = retained;
  for (const name of bus.names) bus.store(name).room = 'full';
  for (const name of bus.names) bus.log(name).tick(bus.now);
  bus.settle('a');
  expect(retained.look(RETAIN_FULL_LOOK_MS - 1)).toBe(90);
  retained.parts.push({ last: 95, bytes: 1000 });
  expect(retained.look(RETAIN_FULL_LOOK_MS - 1)).toBe(90);
  expect(retained.look(1)).toBe(95);
});
