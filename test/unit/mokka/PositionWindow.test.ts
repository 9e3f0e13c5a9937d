import fc from 'fast-check';
import { PositionWindow } from '../../../src/mokka/log/PositionWindow';

const FIRST = 5;

test('holds what a Map of the same positions holds', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ ahead: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constant('pop' as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { size: '+1' }), (steps) => {
      const window = new PositionWindow<string>(FIRST);
      const naive = new Map<number, string>();
      let first = FIRST;
      let next = FIRST;
      for (const [at, each] of steps.entries()) {
        if (each === 'shift') {
          expect(window.shift()).toBe(naive.get(first));
          naive.delete(first++);
          next = Math.max(next, first);
        } else if (each === 'pop') {
          if (next === first) continue;
          expect(window.pop()).toBe(naive.get(--next));
          naive.delete(next);
        } else {
          window.set(next + each.ahead, `value ${at}`);
          naive.set(next + each.ahead, `value ${at}`);
          next += each.ahead + 1;
        }
        expect([window.first, window.next, window.count]).toEqual([first, next, next - first]);
        // One call of expect for all: one for each position takes most of the time.
        const positions = Array.from({ length: next + 2 }, (_, position) => position);
        expect(positions.filter((position) => window.get(position) !== naive.get(position))).toEqual([]);
      }
    }),
  );
});

test('keeps nothing of the many that it forgot', () => {
  const window = new PositionWindow<number>(1);
  for (let position = 1; position <= 10_000; position++) {
    window.set(position, position);
    if (position > 10) expect(window.shift()).toBe(position - 10);
  }
  expect(window.first).toBe(9991);
  expect(window.get(9990)).toBeUndefined();
  expect(window.get(9991)).toBe(9991);
});

test('moves to another position while it is empty, and only then', () => {
  const window = new PositionWindow<number>(3);
  window.moveTo(10);
  window.set(10, 1);
  expect([window.first, window.next, window.get(10)]).toEqual([10, 11, 1]);
  expect(() => window.moveTo(20)).toThrow('1 positions from 10 on are held');
});

test('refuses a position that it has left behind', () => {
  const window = new PositionWindow<number>(3);
  expect(() => window.set(2, 0)).toThrow('position 2 is before 3');
  expect(() => window.pop()).toThrow('an empty window');
});
