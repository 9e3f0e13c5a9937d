import { RequestError } from '../../../../src/errors';
import { LoneNode } from '../LoneNode';

/** Alone in its cluster, so that it leads and commits by itself. */
let node: LoneNode;

beforeEach(async () => {
  node = new LoneNode(1);
  const leads = new Promise<void>((resolve) =>
    node.on('state', () => {
      if (node['isLeader']) resolve();
    }),
  );
  node.connect();
  await leads;
});
afterEach(() => node.disconnect());

const push = (value: string, options: object = {}): Promise<{ index: number }> =>
  node.logApi.push('key', { value }, options);

test('a push goes behind the log that it names; else it is told where the log ends', async () => {
  expect(await push('one', { ifLast: 0 })).toMatchObject({ index: 1 });
  const failed = expect(push('two', { ifLast: 0 })).rejects;
  await failed.toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 1 });
  await expect(push('two', { ifLast: 2 })).rejects.toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 1 });
  expect(await push('two', { ifLast: 1 })).toMatchObject({ index: 2 });
  expect(node.logApi.idle).toBe(true);
});

test('of many that want the same place one gets it, and all others are told', async () => {
  const all = await Promise.allSettled(Array.from({ length: 50 }, (_, at) => push(`v${at}`, { ifLast: 0 })));
  const stored = all.filter(({ status }) => status === 'fulfilled');
  expect(stored).toHaveLength(1);
  for (const one of all)
    if (one.status === 'rejected')
      expect(one.reason).toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 1 });
});

test('the retry of a success is one', async () => {
  const options = { session: '00000000000000aa', ifLast: 0 };
  const once = (): Promise<unknown> => node.logApi.push('key', { value: 'once', nonce: 1 }, options);
  const first = await once();
  await push('another');
  expect(await once()).toEqual(first);
});

test('a push goes behind the last log of its key; else it is told which that is', async () => {
  const of = (key: string, ifKeyLast?: number): Promise<{ index: number }> =>
    node.logApi.push(key, { value: 'v' }, ifKeyLast === undefined ? {} : { ifKeyLast });
  expect(await of('x', 0)).toMatchObject({ index: 1 });
  expect(await of('y')).toMatchObject({ index: 2 });
  for (const wanted of [0, 2, 7])
    await expect(of('x', wanted)).rejects.toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 1 });
  await expect(of('z', 1)).rejects.toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 0 });
  expect(await of('x', 1)).toMatchObject({ index: 3 });
  expect(await of('z', 0)).toMatchObject({ index: 4 });
  expect(node.logApi.idle).toBe(true);
});

test('of many that want the same place of a key one gets it, and all others are told', async () => {
  const all = await Promise.allSettled(
    Array.from({ length: 60 }, (_, at) =>
      node.logApi.push(`k${at % 3}`, { value: `v${at}` }, { ifKeyLast: 0 }),
    ),
  );
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  for (const [at, one] of all.entries())
    if (one.status === 'rejected')
      expect(one.reason).toMatchObject({ code: 'CONDITION_FAILED', lastIndex: (at % 3) + 1 });
});

test('where the log was trimmed a key without a later log is told the floor, and who names that goes on', async () => {
  const of = (key: string, ifKeyLast: number, more: object = {}): Promise<{ index: number }> =>
    node.logApi.push(key, { value: 'v', nonce: 1 }, { ifKeyLast, ...more });
  for (const value of ['one', 'two', 'three']) await push(value);
  await node.logApi.push('other', { value: 'v' });
  expect(await node.trim(3)).toEqual({ floor: 3 });
  for (const wanted of [0, 2, 7]) {
    const refused = expect(of('key', wanted)).rejects;
    await refused.toMatchObject({ code: 'TRIMMED', floor: 3 });
  }
  await expect(of('other', 0)).rejects.toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 4 });
  const named = { session: '00000000000000aa' };
  const first = await of('key', 3, named);
  expect(first).toMatchObject({ index: 5 });
  expect(await of('key', 3, named)).toEqual(first);
  await expect(of('key', 3)).rejects.toMatchObject({ code: 'CONDITION_FAILED', lastIndex: 5 });
  expect(await of('never there', 3)).toMatchObject({ index: 6 });
});

describe('since', () => {
  const session = '00000000000000aa';

  test('is known once the cluster has formed, and rises with what is committed', async () => {
    expect(new LoneNode(1).logApi.since).toBeNull();
    await push('one');
    const before = node.logApi.since ?? '';
    await push('two');
    expect(node.logApi.since).not.toBe(before);
    expect(await push('three', { session, since: before })).toMatchObject({ index: 3 });
  });

  test.each([
    ['of another cluster', { session, since: `${'ab'.repeat(16)}-1` }, 'STALE_NONCE'],
    ['of no shape', { session, since: '17' }, 'BAD_ARGUMENT'],
    ['that no entry can be', { session, since: `${'ab'.repeat(16)}-999999999999999` }, 'BAD_ARGUMENT'],
    ['that is a number', { session, since: 17 }, 'BAD_ARGUMENT'],
    ['without a session', { since: `${'ab'.repeat(16)}-1` }, 'BAD_ARGUMENT'],
  ])('%s is refused', async (_, options, code) => {
    await push('one');
    await expect(push('v', options)).rejects.toMatchObject({ code });
  });

  test('both conditions at once are refused', async () => {
    await expect(push('v', { ifLast: 0, ifKeyLast: 0 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    await expect(push('v', { ifKeyLast: -1 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });

  test.each([-1, 1.5, NaN, '1', null, 2 ** 53])('ifLast of %p is refused', async (ifLast) => {
    const refusal = await push('v', { ifLast }).catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(RequestError);
    expect(refusal).toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});
