import { AddRequests, GetRequests, Payloads } from '../../../scripts/bench/load/requests';

describe('AddRequests', () => {
  test.each([
    [16, 100],
    [8, 1],
    [8, 3],
    [40, 5000],
  ])('has keys of %i and values of %i bytes, as Payloads say', (keyBytes, valueBytes) => {
    const payloads = new Payloads(keyBytes, valueBytes);
    const lines = new AddRequests(payloads, 1000).lines(5, 3).toString('latin1').split('\n');
    expect(lines).toEqual([
      ...[1005, 1006, 1007].map((number) => `add_log ${payloads.key(number)} ${payloads.value(number)}`),
      '',
    ]);
    expect(payloads.key(1005)).toHaveLength(keyBytes);
    expect(payloads.value(1005)).toHaveLength(valueBytes);
  });

  test('tells keys and values of different numbers apart', () => {
    const payloads = new Payloads(16, 100);
    const numbers = [0, 1, 9, 10, 123_456_789];
    expect(new Set(numbers.map((number) => payloads.key(number))).size).toBe(numbers.length);
    expect(new Set(numbers.map((number) => payloads.value(number))).size).toBe(numbers.length);
  });

  test('repeats short keys instead of making longer ones', () => {
    expect(new Payloads(8, 10).key(123_456_789)).toBe('k3456789');
  });
});

test('GetRequests asks only for entries that are there', () => {
  const lines = new GetRequests(3).lines(0, 200).toString('latin1').trim().split('\n');
  expect(lines).toHaveLength(200);
  expect([...new Set(lines)].sort()).toEqual(['get_log 1', 'get_log 2', 'get_log 3']);
});
