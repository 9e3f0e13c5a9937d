import { FULL_LEADER_ASK_MS } from '../../../src/limits';
import { FullLeader } from '../../../src/mokka/FullLeader';

type Fullness = 'leader' | 'quorum' | null;

/** A leader with this fullness; whom it asked to lead. */
function leader(
  fullness: Fullness,
  successor: string | null,
): { readonly tick: (now: number) => void; readonly asked: string[] } {
  const asked: string[] = [];
  const view = { successor: () => successor, ask: (peer: string) => void asked.push(peer) };
  const full = new FullLeader({ fullness }, view);
  return { tick: (now) => full.tick(now), asked };
}

test.each([
  [null, []],
  ['quorum', []],
  ['leader', ['b']],
] as const)('one with fullness %s asks %j to lead, after some time', (fullness, expected) => {
  const { tick, asked } = leader(fullness, 'b');
  for (const now of [0, FULL_LEADER_ASK_MS - 1]) tick(now);
  expect(asked).toEqual([]);
  tick(FULL_LEADER_ASK_MS);
  expect(asked).toEqual(expected);
});

test('it asks again after some time, and nobody where nobody can lead', () => {
  const { tick, asked } = leader('leader', 'b');
  for (const now of [0, 1, 1.5, 1.9, 2, 2.9, 3]) tick(now * FULL_LEADER_ASK_MS);
  expect(asked).toEqual(['b', 'b', 'b']);
  const alone = leader('leader', null);
  for (const now of [0, 1, 2]) alone.tick(now * FULL_LEADER_ASK_MS);
  expect(alone.asked).toEqual([]);
});

test('a disk that had room in between begins anew', () => {
  const asked: string[] = [];
  let fullness: Fullness = 'leader';
  const view = { successor: () => 'b', ask: (peer: string) => void asked.push(peer) };
  const full = new FullLeader(
    {
      get fullness() {
        return fullness;
      },
    },
    view,
  );
  full.tick(0);
  fullness = null;
  full.tick(FULL_LEADER_ASK_MS / 2);
  fullness = 'leader';
  full.tick(FULL_LEADER_ASK_MS);
  expect(asked).toEqual([]);
});
