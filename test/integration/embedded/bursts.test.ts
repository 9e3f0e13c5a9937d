import { PUSHES_WAITING_MAX } from '../../../src/limits';
import { EmbeddedCluster } from './EmbeddedCluster';

jest.setTimeout(600_000);

const TIMING = { heartbeat: 200, electionTimeout: 5_000 };

let cluster: EmbeddedCluster;

beforeAll(async () => {
  cluster = await EmbeddedCluster.start(3, TIMING);
});

afterAll(() => cluster.end());

/**
 * All hold so many logs more, and there was no election. Where the machine itself held up a program for about an election
 * timeout there may be one: nothing is said of that.
 */
async function expectAgreed(
  before: Awaited<ReturnType<EmbeddedCluster['agreed']>>,
  added: number,
): Promise<void> {
  const { leader, term, index, heldUpMs } = await cluster.agreed();
  expect(index).toBe(before.index + added);
  if (heldUpMs < TIMING.electionTimeout / 2)
    expect({ leader, term }).toEqual({ leader: before.leader, term: before.term });
  else process.stdout.write(`a busy machine held up a program for ${Math.round(heldUpMs)} ms\n`);
}

describe.each(['leader', 'follower'] as const)('a program that embeds the %s', (role) => {
  const pusher = (leader: number): number => (role === 'leader' ? leader : (leader + 1) % 3);

  test('pushes one after the other, and 10,000 at once: each is committed', async () => {
    const before = await cluster.agreed();
    expect(await cluster.push(pusher(before.leader), 'pushInTurn', 200)).toMatchObject({
      codes: { ok: 200 },
    });
    expect((await cluster.push(pusher(before.leader), 'push', 10_000)).codes).toEqual({ ok: 10_000 });
    await expectAgreed(before, 10_200);
  });

  test('pushes 100,000 at once: those that have room are committed, the rest is BUSY before that, no election', async () => {
    const before = await cluster.agreed();
    expect(await cluster.push(pusher(before.leader), 'push', 100_000)).toEqual({
      codes: { ok: PUSHES_WAITING_MAX, BUSY: 100_000 - PUSHES_WAITING_MAX },
      wasLate: false,
    });
    await expectAgreed(before, PUSHES_WAITING_MAX);
  });
});
