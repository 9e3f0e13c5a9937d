import { SLOW_WRITE_MS_MAX, WRITE_TIME_REMEMBERED_MS, WRITE_TIMES_REMEMBERED } from '../../../../src/limits';
import { SlowDiskLog } from '../../../../src/watch/SlowDiskLog';
import { WriteTimes } from '../../../../src/mokka/election/WriteTimes';

const QUICK_MS = 100;
let times: WriteTimes;

beforeEach(() => (times = new WriteTimes(QUICK_MS)));

test('quick writes count 0, so that they change no timeout', () => {
  for (let count = 0; count < 20; count++) times.measured(QUICK_MS - 1, count);
  times.reported('a', QUICK_MS - 1);
  expect([times.ofSelf(20), times.of('a'), times.slowest]).toEqual([0, 0, null]);
});

test('the slowest of the last writes counts, and is forgotten after as many quick ones, or in time', () => {
  times.measured(400, 0);
  for (let count = 1; count < WRITE_TIMES_REMEMBERED; count++) times.measured(1, count);
  expect(times.ofSelf(10)).toBe(400);
  expect(times.ofSelf(WRITE_TIME_REMEMBERED_MS)).toBe(0);
  times.measured(1, 10);
  expect(times.ofSelf(10)).toBe(0);
});

test('nobody is waited for longer than for a disk that hangs, whatever is told', () => {
  times.reported('a', Number.MAX_SAFE_INTEGER);
  times.reported('b', 300);
  times.measured(1e9, 0);
  expect([times.of('a'), times.ofSelf(1)]).toEqual([SLOW_WRITE_MS_MAX, SLOW_WRITE_MS_MAX]);
  expect(times.slowest).toEqual({ member: 'a', ms: SLOW_WRITE_MS_MAX });
  times.reported('a', 5);
  expect(times.slowest).toEqual({ member: 'b', ms: 300 });
});

test('a slow disk is logged once a minute, with its directory, the time and both settings', () => {
  const records: [object, string][] = [];
  const log = new SlowDiskLog((fields, message) => records.push([fields, message]));
  const disk = { place: 'data/node-0', heartbeat: 50, electionTimeout: 200 };
  log.wrote({ ...disk, writeMs: 199 }, 0);
  expect(records).toEqual([]);
  for (let now = 0; now < 59_000; now += 1000) log.wrote({ ...disk, writeMs: 250.4 }, now);
  const fields = {
    event: 'slow_disk',
    directory: 'data/node-0',
    writeMs: 250,
    heartbeat: 50,
    electionTimeout: 200,
  };
  expect(records).toEqual([[fields, expect.stringMatching(/^a write to data\/node-0 took 250 ms/)]]);
  log.wrote({ ...disk, writeMs: 250 }, 61_000);
  expect(records).toHaveLength(2);
});
