import {
  EVENT_LOOP_LOOK_MS,
  EVENT_LOOP_WINDOW_MS,
  EventLoopDelay,
} from '../../../src/metrics/EventLoopDelay';

const BLOCKED_MS = 20 * EVENT_LOOP_LOOK_MS;

let delay: EventLoopDelay;
/** Since the beginning, as the monitor sees it: windows are over when a test says so. */
let windowMs: number;
let begunAt: bigint;

beforeEach(() => {
  windowMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => windowMs);
  begunAt = process.hrtime.bigint();
  delay = new EventLoopDelay();
});
afterEach(() => {
  jest.restoreAllMocks();
  delay.close();
});

function passedMs(): number {
  return Number(process.hrtime.bigint() - begunAt) / 1e6;
}

function read(of = delay): Record<string, number> {
  return Object.fromEntries(
    of.samples().map(({ suffix, labels, value }) => [suffix || (labels['quantile'] ?? ''), value]),
  );
}

/** Resolves when the event loop was looked at once more. */
async function looked(): Promise<void> {
  const before = read()['_count'] ?? 0;
  while ((read()['_count'] ?? 0) <= before) await new Promise((resolve) => setTimeout(resolve, 1));
}

function block(): void {
  const end = passedMs() + BLOCKED_MS;
  while (passedMs() < end);
}

test('before the first look all is 0', () => {
  const unused = new EventLoopDelay();
  expect(read(unused)).toEqual({ 0.5: 0, 0.99: 0, 1: 0, _sum: 0, _count: 0 });
  unused.close();
});

test('who holds the event loop is seen, by as much as it was late', async () => {
  await looked();
  block();
  await looked();
  const { 1: longest = NaN, _sum: sum = NaN } = read();
  // Between two looks that are asked for there is no delay.
  expect(longest).toBeGreaterThan((BLOCKED_MS - EVENT_LOOP_LOOK_MS - 2) / 1000);
  expect(sum).toBeGreaterThan((BLOCKED_MS - EVENT_LOOP_LOOK_MS - 2) / 1000);
  expect(sum).toBeLessThan(passedMs() / 1000);
});

test('what was told is forgotten when its window is over, and sum and count go on', async () => {
  await looked();
  block();
  await looked();
  windowMs = EVENT_LOOP_WINDOW_MS - 1;
  const told = read();
  expect(read()).toEqual(told);
  windowMs++;
  expect(read()).toEqual(told);
  expect(read()).toEqual({ 0.5: 0, 0.99: 0, 1: 0, _sum: told['_sum'], _count: told['_count'] });
});
