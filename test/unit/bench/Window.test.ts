import { Window } from '../../../scripts/bench/load/Window';

describe('a timed window', () => {
  test('counts answers between its warm-up and its end only', () => {
    const window = new Window({ warmupMs: 100, measureMs: 1000 }, 5000);
    window.answered(5099, 5000);
    window.answered(5100, 5090);
    window.answered(6099, 6079);
    window.answered(6100, 6000);
    expect(window.result()).toEqual({
      ...{ operations: 2, seconds: 1, rate: 2 },
      ...{ p50_ms: 10, p99_ms: 20, max_ms: 20 },
    });
  });

  test('takes requests until its end', () => {
    const window = new Window({ warmupMs: 100, measureMs: 1000 }, 5000);
    expect([5000, 6099, 6100].map((now) => window.take(7, now))).toEqual([7, 7, 0]);
  });

  test('without any answer has a rate of 0 and no latencies', () => {
    const window = new Window({ warmupMs: 0, measureMs: 500 }, 0);
    expect(window.result()).toMatchObject({ operations: 0, seconds: 0.5, rate: 0, p50_ms: null });
  });
});

describe('a counted window', () => {
  test('takes so many requests, and lasts until the last answer', () => {
    const window = new Window({ requests: 10 }, 1000);
    expect([window.take(8, 1000), window.take(8, 1001), window.take(8, 1002)]).toEqual([8, 2, 0]);
    for (let nth = 1; nth <= 10; nth++) window.answered(1000 + nth * 200, 1000);
    expect(window.result()).toMatchObject({ operations: 10, seconds: 2, rate: 5 });
  });
});
