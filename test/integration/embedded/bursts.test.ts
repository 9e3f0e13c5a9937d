import { PUSHES_WAITING_MAX } from '../../../src/limits';
import { EmbeddedCluster } from './EmbeddedCluster';

jest.setTimeout(600_000);

/**
 * A program that pushes a hundred thousand times in one step lets nothing else run meanwhile, which is seconds on a slow
 * and busy machine.
 */
const PATIENT = { heartbeat: 200, electionTimeout: 20_000 };

let cluster: EmbeddedCluster;

beforeAll(async () => {
  cluster = await EmbeddedCluster.start(3, PATIENT);
});

afterAll(() => cluster.end());

describe.each(['leader', 'follower'] as const)('a program that embeds the %s', (role) => {
  const pusher = (leader: number): number => (role === 'leader' ? leader : (leader + 1) % 3);

  test('pushes one after the other, and 10,000 at once: each is committed', async () => {
    const before = await cluster.agreed();
    expect(await cluster.push(pusher(before.leader), 'pushInTurn', 200)).toMatchObject({
      codes: { ok: 200 },
    });
    expect((await cluster.push(pusher(before.leader), 'push', 10_000)).codes).toEqual({ ok: 10_000 });
    expect(await cluster.agreed()).toEqual({ ...before, index: before.index + 10_200 });
  });

  test('pushes 100,000 at once: those that have room are committed, the rest is BUSY before that, no election', async () => {
    const before = await cluster.agreed();
    expect(await cluster.push(pusher(before.leader), 'push', 100_000)).toEqual({
      codes: { ok: PUSHES_WAITING_MAX, BUSY: 100_000 - PUSHES_WAITING_MAX },
      wasLate: false,
    });
    expect(await cluster.agreed()).toEqual({ ...before, index: before.index + PUSHES_WAITING_MAX });
  });
});
