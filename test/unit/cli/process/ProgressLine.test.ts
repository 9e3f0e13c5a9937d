import { PassThrough } from 'node:stream';
import { describeProgress, grouped, ProgressLine } from '../../../../src/cli/process/ProgressLine';

const terminal = (isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } => {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 40 });
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    written: () => String(stream.read() ?? ''),
  };
};

afterEach(() => jest.useRealTimers());

test('says how much is done, and how long the rest takes at this speed', () => {
  const of200 = { total: 200_000, unit: 'entries' };
  expect(describeProgress({ ...of200, done: 120_000, elapsed: 18_000 })).toBe(
    '120,000 of 200,000 entries, 60 %, 12 s left',
  );
  expect(describeProgress({ ...of200, done: 1000, elapsed: 6000 })).toMatch(/, 0 %, 20 min left$/);
  expect(describeProgress({ ...of200, done: 10, elapsed: 1000 })).toMatch(/, 6 h left$/);
  expect(describeProgress({ ...of200, done: 0, elapsed: 1000 })).toBe('0 of 200,000 entries, 0 %');
  expect(describeProgress({ ...of200, total: 0, done: 0, elapsed: 1000 })).toBe('0 of 0 entries, 0 %');
  expect(grouped(1234567)).toBe('1,234,567');
});

test('at a terminal one line is drawn again and again, not too often, and taken away', () => {
  jest.useFakeTimers();
  const { stream, written } = terminal(true);
  const line = new ProgressLine(stream);
  line.count(1, 10, 'entries');
  expect(written()).toBe('');
  jest.advanceTimersByTime(1000);
  line.count(5, 10, 'entries');
  line.count(6, 10, 'entries');
  expect(written()).toBe('\r\x1b[K5 of 10 entries, 50 %, 1 s left');
  jest.advanceTimersByTime(100);
  line.show('x'.repeat(100));
  expect(written()).toBe(`\r\x1b[K${'x'.repeat(39)}`);
  line.note('stays');
  expect(written()).toBe('\r\x1b[Kstays\n');
  line.clear();
  expect(written()).toBe('');
});

test('elsewhere nothing is written but what is to stay', () => {
  jest.useFakeTimers();
  const { stream, written } = terminal(false);
  const line = new ProgressLine(stream);
  jest.advanceTimersByTime(1000);
  line.count(5, 10, 'entries');
  line.clear();
  expect(written()).toBe('');
  line.note('stays');
  expect(written()).toBe('stays\n');
});
